"""How far does one good encounter travel, on screens and on the block?"""

from commonbeat.ripple.cascade import Cascade, cascade, forest

__all__ = ["Cascade", "cascade", "forest"]
