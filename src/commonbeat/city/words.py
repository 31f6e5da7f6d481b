"""The town's own short lists and its dice: names nobody lives under, groups, roles, one stream per part."""

from __future__ import annotations

import zlib

import numpy as np
import polars as pl

__all__ = ["ADULT", "AGES", "NAMES", "PLACES", "RACES", "RACE_SHARE", "ROLES", "ROLE_SHARE", "stream", "worded"]

RACES = ("asian", "black", "hispanic", "other", "white")
RACE_SHARE = (0.07, 0.22, 0.18, 0.05, 0.48)
AGES = ("0-9", "10-17", "18-29", "30-44", "45-64", "65+")
AGE_SHARE = (0.12, 0.10, 0.18, 0.21, 0.24, 0.15)
ADULT = 2  #: index of the first adult band; nobody younger is surveyed

#: how near a resident would be to a planned visit, drawn before anybody knows which patches are visited
ROLES = ("participant", "onlooker", "neighbour")
ROLE_SHARE = (0.10, 0.10, 0.80)

NAMES = (
    "Alder Bank", "Applegarth", "Barley Rise", "Bellwether", "Birch Hollow", "Brickfield", "Cannery Row End",
    "Chalk Hill", "Cinder Park", "Copperway", "Cress Meadow", "Drummond Green", "Eastlock", "Elm Parade", "Ferry Point",
    "Fiddler's Yard", "Foxglove", "Gaslight Quarter", "Granary", "Harrow Lane", "Heron Quay", "Hopewell", "Ironbridge Side",
    "Juniper Flats", "Kiln Street", "Lanternside", "Larkfield", "Lower Weir", "Maltings", "Market Cross", "Millrace",
    "Mulberry Court", "North Locks", "Orchard Terrace", "Osier Bend", "Paper Mill", "Pearmain", "Quarry Top", "Rookery Wood",
    "Saltmarsh", "Signal Hill", "Sorrel Common", "Tanners' Row", "Upper Weir", "Viaduct", "Weaver's Green", "Willow Reach",
    "Yarrow Heath",
)  # fmt: skip

PLACES = (
    "the playground", "a corner shop", "the park gate", "the bus stop", "a school crossing", "the library steps",
    "the basketball court", "a front garden wall", "the market", "the riverside path", "the laundrette", "the skate ramp",
    "the bakery queue", "the community garden", "a pedestrian street", "the swimming pool entrance",
)  # fmt: skip


def stream(seed: int, part: str) -> np.random.Generator:
    """One generator per part of the town, so that changing one part leaves the others as they were."""
    return np.random.default_rng(np.random.SeedSequence(seed, spawn_key=(zlib.crc32(part.encode()),)))


def worded(options, code, known=True) -> pl.Series:
    """Words from a short list by position; null where nothing is known."""
    word = pl.Series(list(options), dtype=pl.String).gather(np.maximum(code, 0))
    return word if known is True else pl.select(pl.when(pl.Series(known)).then(word)).to_series()
