"""Documents that make claims are checked: promises name files and tests that exist, rooms have their page."""

import re
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]


def promises():
    for line in (ROOT / "docs" / "promises.md").read_text().splitlines():
        cells = [c.strip() for c in line.strip().strip("|").split(" | ")]
        if line.startswith("| ") and len(cells) == 3 and cells[0] != "promise":
            yield cells


def paths(cell):
    return re.findall(r"[\w./-]+\.(?:py|html|md|css|js|toml|sh)|src/[\w/]+", cell)


def found(name):
    return any((ROOT / base / name).exists() for base in ("", "src/commonbeat", "tests"))


def test_every_promise_names_a_file_that_keeps_it_and_a_test_that_watches_it():
    rows = list(promises())
    assert len(rows) > 20
    wrong = []
    for promise, kept, watched in rows:
        wrong += [f"{promise}: {p} does not exist" for p in (*paths(kept), *paths(watched)) if not found(p)]
        if not paths(kept) or not paths(watched):
            wrong.append(f"{promise}: names no file or no test")
        for file, test in re.findall(r"([\w./-]+\.py)::(\w+)", watched):
            at = next((ROOT / b / file for b in ("", "tests") if (ROOT / b / file).exists()), None)
            if at is None or f"def {test}(" not in at.read_text():
                wrong.append(f"{promise}: {file} has no {test}")
    assert wrong == []


def test_every_room_has_its_page():
    rooms = {"ledger", "encounters", "footage", "stories", "dialogue", "ripple", "city", "studies"}
    assert {r for r in rooms if not (ROOT / "docs" / "rooms" / f"{r}.md").exists()} == set()


def test_links_between_documents_lead_somewhere():
    wrong = []
    for page in [*ROOT.glob("*.md"), *(ROOT / "docs").rglob("*.md")]:
        for link in re.findall(r"\]\(([^)#:]+)(?:#[^)]*)?\)", page.read_text()):
            if not (page.parent / link).exists():
                wrong.append(f"{page.relative_to(ROOT)} -> {link}")
    assert wrong == []
