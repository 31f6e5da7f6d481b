"""The sentences officers write down. Written by us, put together by chance; a padded entry says nothing."""

from __future__ import annotations

import numpy as np
import polars as pl

from commonbeat.city.words import worded

__all__ = ["narrate", "second_word"]

OPENING = (
    "Hi, is everything all right?", "May I say hello to the little one?", "Good afternoon, lovely day.",
    "That looks fun, may I watch?", "You are free to go on, I only wanted to say hello.", "Do you need a hand with that?",
    "What are you playing?", "Is this song yours?",
)  # fmt: skip
HAPPENED = {
    "play": (
        "peekaboo over the edge of a stroller until the baby laughed", "a round of catch with two children and their dog",
        "a paper boat race in the gutter after the rain", "chalk drawings on the pavement, a police horse among them",
        "three rounds of table tennis, all lost", "a skipping-rope lesson, given by an eight-year-old",
    ),
    "dance": (
        "a dance-off on the pavement, won by the children", "one dance step traded for another while the speaker played",
        "a slow clap and a spin at the end of the street party",
    ),
    "conversation": (
        "a talk about the new crossing and who feels safe there", "tea on the front steps and news of the street",
        "a question about a neighbour's parked van, answered at once", "a chat about what patrols look like at night",
        "talked through how a complaint is made and where it goes",
    ),
    "help": (
        "pushed a stalled car to the kerb", "found a lost scooter together", "carried shopping up the hill",
        "waited with a child until the aunt came",
    ),
    "event": (
        "stood at the summer fair and answered questions", "judged the cake table without taking sides",
        "opened the patrol car for a class visit",
    ),
    "other": ("showed how the patrol bicycle's gears work", "fed the station's cat with two visitors"),
}  # fmt: skip
SETTING = (
    "after school", "before the rain", "on the way back from a call", "while the shop was closing", "during the market",
    "at the end of the shift", "while waiting for the bus", "on foot patrol", "in the first warm week", "after the match",
)  # fmt: skip
POSITIVE = (
    "the family waved us back", "nobody was asked for anything", "the child explained the rules", "people stayed of their own accord",
    "we laughed at the same time", "they told us what worries them", "the mother said she had not expected it",
    "older residents joined in", "the question got an answer", "it ended with a handshake that was offered to us",
)  # fmt: skip
EMPTY = (
    "positive contact",
    "Positive interaction with community.",
    "community engagement",
    "pos. contact, nothing further",
)
MUSIC = ("a clapping game", "the running-man step", "a skipping rhyme", "an old wedding song", "a street shuffle")


def narrate(rng, contacts: pl.DataFrame, padded) -> pl.DataFrame:
    """Adds opening words, what happened, what made it positive, and the family's own word for the dance."""
    n = len(contacts)
    activity, positive = contacts["activity"].to_numpy(), (contacts["kind"] == "positive").to_numpy()
    real = positive & ~padded

    def any_of(options, where):
        return worded(options, rng.integers(len(options), size=n), where)

    sentence = pl.select(pl.concat_str(_what(rng, activity, real), pl.lit(" "), any_of(SETTING, real), pl.lit(", by "),
                                       contacts["place"], pl.lit("."))).to_series()  # fmt: skip
    return contacts.with_columns(
        opening_words=any_of(OPENING, real),
        happened=pl.select(pl.coalesce(sentence, any_of(EMPTY, padded))).to_series(),
        made_positive=any_of(POSITIVE, real),
        family_words=any_of(MUSIC, real & (activity == "dance")),
    )


def _what(rng, activity, real):
    options = [sentence for sentences in HAPPENED.values() for sentence in sentences]
    code, first = np.zeros(len(activity), int), 0
    for name, sentences in HAPPENED.items():
        here = activity == name
        code[here] = first + rng.integers(len(sentences), size=here.sum())
        first += len(sentences)
    return worded(options, code, real & np.isin(activity, list(HAPPENED)))


def second_word(rng, officer, asked):
    """The resident's own word on being free to leave, where a one-use code was answered (about one in six)."""
    n = len(officer)
    agrees = rng.random(n) < 0.88
    word = np.where(agrees, officer, np.where(officer == 0, 1, 0))
    return worded(("yes", "no", "unknown"), word, asked & (rng.random(n) < 0.17))
