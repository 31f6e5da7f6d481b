"""May this be told, and how? A checked story, or the list of what is missing.

Pure functions: the site keeps the rows, this room says what follows from them. `missing` lists what stands in the way,
`step` says what state a story comes to (or refuses), `context_box` sets a good hour beside the whole year, and the kits
help a part-time press officer write, caption and share.
"""

from commonbeat.stories.captions import Cue, read_vtt, write_vtt
from commonbeat.stories.context import Context, context_box
from commonbeat.stories.read import Reading, hints, reading
from commonbeat.stories.share import atom, card, oembed, press_release
from commonbeat.stories.story import Draft, Lack, Person, missing
from commonbeat.stories.workflow import ACTS, STATES, step

__all__ = [
    "ACTS",
    "STATES",
    "Context",
    "Cue",
    "Draft",
    "Lack",
    "Person",
    "Reading",
    "atom",
    "card",
    "context_box",
    "hints",
    "missing",
    "oembed",
    "press_release",
    "read_vtt",
    "reading",
    "step",
    "write_vtt",
]
