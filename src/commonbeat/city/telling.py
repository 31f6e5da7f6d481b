"""Adds up what is true, from the potential outcomes and the rates that made the tables, never from an estimate."""

from __future__ import annotations

from types import MappingProxyType

import numpy as np
import polars as pl

from commonbeat.city import telling_record, telling_trust, telling_voices
from commonbeat.city.truth import Truth
from commonbeat.city.words import RACES

__all__ = ["tell"]


def tell(*, seed, residents, world, street, shared, talk, asked, rates, town, **rest) -> Truth:
    """Every fact of the town, and the hidden rows."""
    ids = town.areas["area_id"].to_numpy()
    rows = {
        "contacts": street.hidden,
        "spread": shared.hidden,
        "voters": talk.hidden,
        "respondents": asked.hidden,
        "rates": pl.DataFrame(
            {
                "area_id": np.repeat(ids, len(RACES)),
                "race": np.tile(RACES, len(ids)),
                "enforcement": rates.enforcement.ravel(),
                "service": rates.service.ravel(),
                "positive": rates.positive.ravel(),
            }
        ),
    }
    known = dict(rest, world=world, street=street, shared=shared, talk=talk, asked=asked, rates=rates, town=town)
    facts = (*telling_trust.facts(**known), *telling_record.facts(**known), *telling_voices.facts(**known))
    return Truth(seed, residents, world, facts, MappingProxyType(rows))
