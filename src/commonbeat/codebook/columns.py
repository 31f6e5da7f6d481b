"""How a column is declared: its meaning, its unit, what it may hold, and who may see it."""

from __future__ import annotations

import dataframely as dy

from commonbeat.errors import BadInput

__all__ = ["SEE", "amount", "choice", "count", "day", "flag", "group", "moment", "number", "ref", "text"]

#: who may see a column, from everybody to nobody. `never`: kept only so that the record can be checked or linked inside
#: one table; it leaves by no page, export or report.
SEE = ("public", "staff", "analyst", "auditor", "never")


def _about(see: str, unit: str | None = None, allowed: str | None = None) -> dict:
    if see not in SEE:
        raise BadInput(f'visibility "{see}" is not one of {", ".join(SEE)}')
    return {"see": see, "unit": unit, "allowed": allowed}


def ref(meaning: str, *, see="analyst", key=False, null=False):
    """An id: one short token, without spaces."""
    pattern = r"^[^\s\x00]{1,128}$"
    return dy.String(
        regex=pattern,
        primary_key=key,
        nullable=null,
        description=meaning,
        metadata=_about(see, allowed="an id without spaces"),
    )


def group(meaning: str, *, see="public", null=False):
    """What people call a group they belong to: a few words, kept in lower case so that tables meet."""
    return dy.String(
        regex=r"^[^\s\x00](?:[^\n\x00]{0,62}[^\s\x00])?$",
        nullable=null,
        description=meaning,
        metadata=_about(see, allowed="a few words in lower case, at most 64 characters") | {"lower": True},
    )


def text(meaning: str, *, see="staff", null=True, most=2_000):
    """Words written by a person."""
    return dy.String(
        nullable=null,
        max_length=most,
        description=meaning,
        metadata=_about(see, allowed=f"text, at most {most:,} characters"),
    )


def choice(meaning: str, allowed, *, see="staff", null=False, key=False, why: str | None = None):
    """One word of a short list; `why` the list ends there is said to whoever writes another word."""
    return dy.Enum(
        list(allowed),
        nullable=null,
        primary_key=key,
        description=meaning,
        metadata=_about(see, allowed=", ".join(allowed)) | {"why": why},
    )


def moment(meaning: str, *, see="staff", null=False):
    """A point in time, kept in UTC."""
    return dy.Datetime(
        time_zone="UTC",
        time_unit="us",
        nullable=null,
        description=meaning,
        metadata=_about(see, "UTC", "a time with its zone"),
    )


def day(meaning: str, *, see="public", null=False, key=False):
    return dy.Date(nullable=null, primary_key=key, description=meaning, metadata=_about(see, "date", "YYYY-MM-DD"))


def count(meaning: str, *, see="public", null=False, unit="people", key=False):
    return dy.Int64(
        min=0,
        nullable=null,
        primary_key=key,
        description=meaning,
        metadata=_about(see, unit, "a whole number, 0 or more"),
    )


def number(meaning: str, *, see="analyst", null=True, unit=None, low=None, high=None):
    span = "a number" if low is None and high is None else f"a number from {low} to {high}"
    return dy.Float64(min=low, max=high, nullable=null, description=meaning, metadata=_about(see, unit, span))


def amount(meaning: str, *, see="public", null=True, unit=None):
    return number(meaning, see=see, null=null, unit=unit, low=0.0)


def flag(meaning: str, *, see="staff", null=False):
    return dy.Bool(nullable=null, description=meaning, metadata=_about(see, allowed="true or false"))
