"""Are people treated well, in their own words, and does it change?"""

from commonbeat.trust.regressions import regress

__all__ = ["regress"]
