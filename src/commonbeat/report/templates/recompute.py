"""Are the numbers of this report what the record says?  python recompute.py findings.json BOOK [TABLE]

Runs every study of findings.json again, from its own plan, snapshot and seed, and compares all numbers to 12 digits.
TABLE: the CSV or Parquet file of a study whose plan names its columns ([people] or [panel]).
Exit: 0 the same, 1 something differs.
"""

import json
import math
import sys
from pathlib import Path

from commonbeat import studies
from commonbeat.ledger import Book

PARTS = (
    "primary",
    "rings",
    "groups",
    "curves",
    "robustness",
    "exploratory",
    "attrition",
    "naive",
    "balance",
    "persistence",
    "running",
)


def numbers(thing, path=""):
    """(where, number) of everything countable in a result."""
    if isinstance(thing, dict):
        for key, value in thing.items():
            yield from numbers(value, f"{path}.{key}")
    elif isinstance(thing, list):
        for k, value in enumerate(thing):
            yield from numbers(value, f"{path}[{k}]")
    elif thing is None or isinstance(thing, int | float):
        yield path, thing


def same(a, b) -> bool:
    if a is None or b is None:
        return a is b
    return math.isclose(a, b, rel_tol=1e-12, abs_tol=1e-12)


def again(told: dict, source: str, table: str | None) -> list[str]:
    """Where one study's numbers differ from what they are when computed now."""
    plan = studies.Plan.from_dict(told["plan"])
    where = Path(source)
    data = Book.open(where, snapshot=told["snapshot"]) if where.is_dir() else studies.own_rows(plan, given=where)
    own = studies.own_rows(plan, given=table or beside(plan)) if where.is_dir() and beside(plan) else None
    explored = list(dict.fromkeys(f["group"] or f["estimator"] for f in told["exploratory"]))
    by = told["curves"][0]["group"] if told["curves"] else None
    run = studies.run(plan, data, rows=own, seed=told["seed"], explore=explored, by=by)
    found = json.loads(json.dumps(studies.released(run).to_dict()))
    was, now = ({p: d[p] for p in PARTS} for d in (told, found))
    a, b = dict(numbers(was)), dict(numbers(now))
    return [
        f"{k.lstrip('.')}: {a.get(k)} in the report, {b.get(k)} now"
        for k in sorted({*a, *b})
        if not same(a.get(k), b.get(k))
    ]


def beside(plan) -> str | None:
    """The table of one's own that a plan names; it is looked for in this folder unless it is given."""
    part = plan.people or plan.panel
    return part.file or "the table that [people] or [panel] describes" if part else None


def main(findings: str, source: str, table: str | None = None) -> int:
    differ = 0
    for told in json.loads(Path(findings).read_text(encoding="utf-8")):
        wrong = again(told, source, table)
        differ += bool(wrong)
        count = sum(1 for _ in numbers({p: told[p] for p in PARTS}))
        print(
            f"{told['plan']['title']} {'All ' + format(count, ',') + ' numbers are the same to 12 digits.' if not wrong else f'{len(wrong)} of {count:,} differ:'}"
        )
        print("\n".join("  " + w for w in wrong[:20]))
    return 1 if differ else 0


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:4]))
