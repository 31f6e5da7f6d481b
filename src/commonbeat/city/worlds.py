"""In which kind of town are we? A world holds every parameter of the simulation, and has a name."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, fields, replace
from types import MappingProxyType

from commonbeat.codebook.words import RINGS
from commonbeat.errors import BadInput
from commonbeat.estimate import plain

__all__ = ["WORLDS", "World", "world"]

NONRESPONSE = ("none", "at_random", "by_trust")
DECAYS = ("exponential", "plateau", "power", "none")


def _frozen(**values):
    return field(default_factory=lambda: MappingProxyType(dict(values)))


@dataclass(frozen=True, slots=True)
class World:
    """Everything that is true of a simulated town before the dice are thrown.

    effect        : ring -> points of trust (0-100) gained at once by a person who is reached
    by_race       : race -> factor on the effect;  low_prior, high_prior: the same for prior trust < 40, >= 60
    recent_shift  : points added to the effect for people recently stopped, searched or cited
    decay         : exponential (half_life), plateau (half_life, plateau share kept), power (scale, exponent), none; days
    leak          : share of the neighbours' effect that reaches comparison patches beside a programme patch
    uptake        : share of invited homes, and of encouraged officers, that take part
    nonresponse   : none | at_random | by_trust; lost: share of a wave that does not answer
    branching     : mean shares caused by one share; kernel_hours: half-life of the wait; burst: a large account picks it up
    practice      : mean positive encounters caused by one (same area); practice_days: mean wait
    rounds        : are there evening rounds too, drawn in two stages (areas a share, patches the rounds)?
    padding       : share of positive contacts added at month ends by people who were asked for numbers
    """

    name: str = "default"
    effect: Mapping[str, float] = _frozen(officer=4.0, participant=8.0, onlooker=4.0, neighbour=2.0, viewer=3.0)
    by_race: Mapping[str, float] = _frozen(asian=1.0, black=1.2, hispanic=1.0, other=1.0, white=0.9)
    low_prior: float = 1.3
    high_prior: float = 0.7
    recent_shift: float = -1.5
    decay: str = "exponential"
    half_life: float = 60.0
    plateau: float = 0.5
    exponent: float = 0.5
    scale: float = 10.0
    leak: float = 0.0
    uptake: float = 0.6
    nonresponse: str = "at_random"
    lost: float = 0.2
    waves: tuple[int, ...] = (0, 3, 21, 90)
    spread: float = 1.0
    branching: float = 0.7
    kernel_hours: float = 6.0
    declared: float = 0.6
    burst: bool = True
    practice: float = 0.3
    practice_days: float = 8.0
    padding: float = 0.0
    training: float = 0.03
    shock: float = -4.0
    rounds: bool = False

    def __post_init__(self):
        for name in ("effect", "by_race"):
            object.__setattr__(self, name, MappingProxyType(dict(getattr(self, name))))
        object.__setattr__(self, "waves", tuple(int(w) for w in self.waves))
        _check(self)

    def but(self, name: str | None = None, **changes) -> World:
        """The same world with some parameters changed."""
        return replace(self, name=name or self.name, **changes)

    def to_dict(self) -> dict:
        return plain({f.name: _thaw(getattr(self, f.name)) for f in fields(self)})


def _thaw(value):
    return dict(value) if isinstance(value, Mapping) else value


def _check(w: World) -> None:
    if set(w.effect) != set(RINGS):
        raise BadInput(
            f"a world's effect needs each ring once ({', '.join(RINGS)}); got {', '.join(w.effect) or 'none'}"
        )
    for name, value, allowed in (("nonresponse", w.nonresponse, NONRESPONSE), ("decay", w.decay, DECAYS)):
        if value not in allowed:
            raise BadInput(f'{name} is "{value}"; use {", ".join(allowed)}')
    for name in ("lost", "uptake", "leak", "plateau", "declared"):
        if not 0 <= getattr(w, name) <= 1:
            raise BadInput(f"{name} is {getattr(w, name)}; it is a share and lies between 0 and 1")
    for name in ("branching", "practice"):
        if not 0 <= getattr(w, name) < 0.98:
            raise BadInput(
                f"{name} is {getattr(w, name)}; from 0.98 on a cascade need not end, so it must be smaller"
            )
    for name in ("half_life", "kernel_hours", "practice_days", "scale", "exponent"):
        if not getattr(w, name) > 0:
            raise BadInput(f"{name} is {getattr(w, name)}; it must be above 0")
    if not 0 <= w.padding <= 2:
        raise BadInput(f"padding is {w.padding}; it is a share of the honest count and lies between 0 and 2")
    if list(w.waves) != sorted(set(w.waves)) or not w.waves or w.waves[0] != 0:
        raise BadInput(f"waves are {w.waves}; they are days after the start, begin with 0 and grow")


_D = World()
_ZERO = dict.fromkeys(RINGS, 0.0)

WORLDS: Mapping[str, World] = MappingProxyType(
    {
        w.name: w
        for w in (
            _D,
            _D.but("null", effect=_ZERO, recent_shift=0.0, training=0.0, practice=0.0),
            _D.but("backfire", effect={r: -0.75 * e for r, e in _D.effect.items()}, recent_shift=-3.0),
            _D.but("plateau", decay="plateau", half_life=20.0),
            _D.but("power", decay="power"),
            _D.but("lasting", decay="none"),
            _D.but("leaky", leak=0.8),
            _D.but("distrust_attrition", nonresponse="by_trust", lost=0.3),
            _D.but("everyone_answers", nonresponse="none", lost=0.0),
            _D.but("overrecording", padding=0.2),
            _D.but("two_stages", rounds=True),
            _D.but("only_viewers", effect=_ZERO | {"viewer": 5.0}),
            _D.but("only_low_trust", low_prior=1.5, high_prior=0.0, effect=_D.effect, recent_shift=0.0),
            _D.but("only_participants", effect=_ZERO | {"participant": 8.0}, recent_shift=0.0),
        )
    }
)


def world(which: str | World) -> World:
    """Which world is meant? A name from `WORLDS`, or a `World` as it is."""
    if isinstance(which, World):
        return which
    if which not in WORLDS:
        raise BadInput(f'there is no world "{which}"; worlds are {", ".join(WORLDS)}')
    return WORLDS[which]
