"""Every import points down: ground < rooms < studies < report < doors. Rooms never import one another."""

import ast
from pathlib import Path

SRC = Path(__file__).resolve().parents[1] / "src" / "commonbeat"
ROOMS = {"ledger", "encounters", "footage", "stories", "dialogue", "trust", "ripple", "city"}
STOREY = {"studies": 2, "report": 3, "cli": 4, "web": 4} | dict.fromkeys(ROOMS, 1)


def place(module: str) -> tuple[int, str]:
    """Storey and name of the part of the house a module lives in; 0 is the ground."""
    part = module.split(".")[1] if "." in module else ""
    return STOREY.get(part, 0), part


def imports(path: Path):
    module = ".".join(("commonbeat", *path.relative_to(SRC).with_suffix("").parts))
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            for name in node.names:
                yield module, name.name, node.lineno
        elif isinstance(node, ast.ImportFrom):
            base = "." * node.level + (node.module or "")
            if base == "commonbeat":
                for name in node.names:
                    yield module, f"commonbeat.{name.name}", node.lineno
            else:
                yield module, base, node.lineno


def arrows_that_do_not_go_down():
    wrong = []
    for path in sorted(SRC.rglob("*.py")):
        for module, wanted, line in imports(path):
            if wanted.startswith("."):
                wrong.append(f"{path.relative_to(SRC.parent)}:{line} imports {wanted}: write commonbeat.… in full")
            if not wanted.startswith("commonbeat.") or module == "commonbeat.__main__":
                continue
            (here, mine), (there, theirs) = place(module), place(wanted)
            if mine == theirs or there < here or (here, mine, theirs) == (4, "cli", "web"):
                continue
            if here == there == 0:
                continue
            wrong.append(f"{path.relative_to(SRC.parent)}:{line} ({mine or 'ground'}) imports {wanted} ({theirs})")
    return wrong


def test_every_import_points_down():
    wrong = arrows_that_do_not_go_down()
    help_ = "Two ways out: move what both need to the ground, or pass it in as an argument."
    assert not wrong, "\n".join([*wrong, help_])


def test_the_check_sees_the_files():
    assert sum(1 for _ in SRC.rglob("*.py")) > 5
    assert place("commonbeat.dialogue.groups") == (1, "dialogue")
    assert place("commonbeat.errors")[0] == 0
