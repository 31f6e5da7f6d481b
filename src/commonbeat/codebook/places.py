"""Where: areas and who lives in them."""

import dataframely as dy

from commonbeat.codebook.columns import amount, count, group, ref, text
from commonbeat.codebook.words import AGE_BANDS, SEXES

_see = {"see": "public", "unit": None}


class Areas(dy.Schema):
    """A named place with borders: beat, district, neighbourhood."""

    area_id = ref("the area's id in this town", see="public", key=True)
    name = text("what people call it", see="public", null=False, most=200)
    geometry = dy.Binary(
        nullable=True, description="its border as well-known binary, longitude before latitude",
        metadata=_see | {"unit": "WGS 84 degrees", "allowed": "a polygon or multipolygon"},
    )  # fmt: skip
    source = text("who drew the border", see="public")


class Population(dy.Schema):
    """Residents of an area. A null group means: this row is not split by it."""

    area_id = ref("where they live", see="public")
    race = group("race or ethnicity as the census of this town words it, in lower case", see="public", null=True)
    age_band = dy.Enum(
        AGE_BANDS, nullable=True, description="age in years",
        metadata=_see | {"unit": "years", "allowed": ", ".join(AGE_BANDS)},
    )  # fmt: skip
    sex = dy.Enum(SEXES, nullable=True, description="sex", metadata=_see | {"allowed": ", ".join(SEXES)})
    residents = count("how many live there")
    source = text("census or estimate, and its year", see="public")


class Present(dy.Schema):
    """People who are there on an average day, residents or not, as somebody counted them: a second denominator."""

    area_id = ref("where", see="public")
    hour = dy.Int64(
        min=0, max=23, nullable=True, description="hour of the town's own day; null: the whole day",
        metadata=_see | {"unit": "hours", "allowed": "0 to 23"},
    )  # fmt: skip
    people = amount("how many are there on average", unit="people", null=False)
    source = text("who counted, how, and when", see="public")
