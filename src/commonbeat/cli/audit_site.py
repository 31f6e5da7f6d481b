"""The log of a site, for `commonbeat audit verify SITE`."""

from __future__ import annotations

from pathlib import Path

__all__ = ["SiteLog"]


class SiteLog:
    """A site's log as a chain: checked through the heads kept in the site and through those given."""

    def __init__(self, root: Path):
        from commonbeat.web.setup import prepare_django

        prepare_django(root)

    def verify(self, *heads):
        from commonbeat.web.oversee.heads import check

        return check(*heads)
