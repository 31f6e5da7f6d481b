"""A simulated town whose study was sealed before anybody was asked: python examples/town.py WORLD SEED PLAN BOOK.

The seal is made on the town's own clock, on its first day; the answers come in over the two years that follow. What is
true in the town is written beside the book, into BOOK-truth.json, so that the answer can be held against it.
"""

import json
import sys
from datetime import timedelta
from pathlib import Path

from commonbeat import city, studies
from commonbeat.ledger import Book


def main(world: str, seed: str, plan: str, where: str, residents: str = "12000") -> None:
    asked = studies.Plan.read(plan)
    book = Book.create(where, at=city.START)
    receipt = studies.seal(asked, book.chain, who="study desk (simulated)", at=city.START + timedelta(hours=1))
    Path(f"{where}-receipt.json").write_text(json.dumps(receipt.to_dict(), indent=1))
    town = city.build(seed=int(seed), residents=int(residents), world=world)
    tables = {name: frame for name, frame in town.tables.items() if frame.height}
    book.write(tables, importer="simulated city", simulated=True, at=city.START + timedelta(days=730))
    Path(f"{where}-truth.json").write_text(json.dumps(town.truth.to_dict(), indent=1, allow_nan=False))
    print(f"A simulated town ({world}, seed {seed}) is in {where}.")


if __name__ == "__main__":
    main(*sys.argv[1:])
