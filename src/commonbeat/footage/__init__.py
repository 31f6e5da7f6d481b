"""Who can be seen and heard, and are they protected?

Faces are found only to be hidden: nothing here recognises, compares or describes a person.
"""

from __future__ import annotations

import importlib

#: public name -> where it lives; imported on first use, so that a caller who only sends work stays small
_HOMES = {
    "after_review": "leak",
    "look_again": "check",
    "no_faces": "leak",
    "on_spark": "batch",
    "protect_folder": "batch",
    "releasable": "leak",
    "sample_frames": "leak",
    "stills": "still",
    "track_frames": "leak",
    "sign": "provenance",
    "statement": "provenance",
    "upper_bound": "leak",
    "verify": "provenance",
    "withdraw": "withdrawal",
    "CenterFace": "faces",
    "Decision": "order",
    "Detector": "faces",
    "FootageRecord": "record",
    "Leak": "record",
    "Limits": "order",
    "Order": "order",
    "Placed": "withdrawal",
    "Plan": "plan",
    "Region": "order",
    "Sightings": "search",
    "Track": "tracks",
    "Withdrawal": "withdrawal",
    "find": "search",
    "keeps": "order",
    "protect": "door",
    "read_regions": "order",
    "rerender": "door",
    "spans": "order",
    "track": "tracks",
}

__all__ = sorted(_HOMES)


def __getattr__(name: str):
    if name not in _HOMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    value = getattr(importlib.import_module(f"{__name__}.{_HOMES[name]}"), name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return __all__
