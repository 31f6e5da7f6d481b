"""From a book's answers to one row for each person and wave: a score, how it was made, and who was asked how."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import polars as pl

from commonbeat.errors import BadInput, Problem, TooFew
from commonbeat.questionnaires import Questionnaire, load
from commonbeat.trust.flags import Flags, flag_careless
from commonbeat.trust.scores import Scores, score

__all__ = ["Asked", "population_margins", "read_answers"]

BACKGROUND = "background"  #: questionnaires of facts about a person, which carry no score
ADULT = ("18-29", "30-44", "45-64", "65+")


@dataclass(frozen=True, slots=True)
class Asked:
    """One questionnaire's answers, a row for each person and wave.

    rows   : respondent's columns beside wave, at, seconds, and `item:...` for every question
    score  : percent of the scale, over all questions of the questionnaire
    flags  : hurried and contradictory answers, marked and kept
    """

    questionnaire: Questionnaire
    items: tuple[str, ...]
    rows: pl.DataFrame
    score: Scores
    flags: Flags

    def answers(self, item: str) -> np.ndarray:
        """One question on 0-100, reversed questions turned round."""
        low, high = self.questionnaire.ends[item]
        value = (self.rows[f"item:{item}"].to_numpy().astype(float) - low) / (high - low) * 100
        return 100 - value if item in self.questionnaire.reverse else value


def read_answers(respondents: pl.DataFrame, answers: pl.DataFrame) -> tuple[Asked, ...]:
    """Which questionnaires were answered, and what do they say of each person?

    respondents, answers : codebook tables
    Raises BadInput with a Problem for every answer outside its scale, to a question its questionnaire does not have, given
    twice in one wave, or by somebody who is not among the respondents; TooFew when there is nothing to score.
    """
    found = []
    for (name,), part in answers.group_by("questionnaire", maintain_order=True):
        if name.startswith(BACKGROUND):
            continue
        asked = load(name)
        _check(asked, part, respondents)
        found.append(_wide(asked, part, respondents))
    if not found:
        raise TooFew("The book holds no answers to any questionnaire: there is no trust to report.")
    return tuple(found)


def _check(asked: Questionnaire, part: pl.DataFrame, respondents: pl.DataFrame) -> None:
    asked.check(part["item"].to_list(), part["value"].to_list(), file="answers")
    numbered = part.with_row_index("line", 1)
    strange = numbered.join(respondents.select("respondent"), on="respondent", how="anti")
    twice = numbered.filter(pl.struct("respondent", "wave", "item").is_duplicated())
    problems = [
        Problem("nobody of that pseudonym is among the respondents.", "answers", line, "respondent")
        for line in strange["line"].head(20)
    ]
    problems += [
        Problem("this person answered this question twice in one wave; keep one.", "answers", line, "item")
        for line in twice["line"].head(20)
    ]
    if problems:
        raise BadInput(problems=problems)


def _wide(asked: Questionnaire, part: pl.DataFrame, respondents: pl.DataFrame) -> Asked:
    items = tuple(i.id for i in asked.items if i.id in set(part["item"].unique()))
    wide = part.pivot("item", index=["respondent", "wave"], values="value")
    when = part.group_by("respondent", "wave").agg(pl.col("at").max(), pl.col("seconds").max())
    rows = (
        wide.rename({i: f"item:{i}" for i in items})
        .join(when, on=["respondent", "wave"])
        .join(respondents, on="respondent")
        .sort("plan_id", "side", "wave", "respondent")
    )
    block = rows.select([pl.col(f"item:{i}").alias(i) for i in items])
    reverse = [i for i in asked.reverse if i in items]
    seconds = rows["seconds"] if rows["seconds"].null_count() < len(rows) else None
    middle = {sum(asked.ends[i]) / 2 for i in items}
    flags = flag_careless(block, seconds=seconds, reverse=reverse, middle=middle.pop() if len(middle) == 1 else None)
    ends = {i: asked.ends[i] for i in items}
    return Asked(asked, items, rows, score(block, scale=ends, reverse=reverse), flags)


def population_margins(population: pl.DataFrame, columns) -> dict[str, dict[str, float]]:
    """How many adults are in each category of these columns?  Codebook table `population` -> margins for `rake`.

    Raises BadInput when the table does not split its residents by a column, or splits some rows and not others.
    """
    people = population.with_columns(pl.col("age_band", "sex").cast(pl.String))
    if people["age_band"].null_count() < len(people):
        people = people.filter(pl.col("age_band").is_null() | pl.col("age_band").is_in(ADULT))
    margins = {}
    for column in columns:
        if column not in ("race", "age_band", "sex", "area_id"):
            raise BadInput(f'The population is not counted by "{column}"; it may be race, age_band, sex or area_id.')
        split = people.filter(pl.col(column).is_not_null())
        if split.is_empty():
            raise BadInput(f"The book's population table does not say how many residents there are by {column}.")
        if split.select(pl.struct(pl.col("race", "age_band", "sex").is_null())).n_unique() > 1:
            raise BadInput(
                "The population table splits some rows further than others, so its residents would be counted twice."
            )
        met = split.group_by(column).agg(pl.col("residents").sum()).sort(column)
        margins[column] = {str(k): float(v) for k, v in met.iter_rows() if v}
    return margins
