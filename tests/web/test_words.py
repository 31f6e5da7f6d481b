"""The words of the pages: all marked, all translated, nothing lost on the way."""

import gettext
import re
import shutil
import subprocess
import sys
from html.parser import HTMLParser
from pathlib import Path

import pytest
from web.pseudo import CATALOGUE, KEPT, accented

WEB = Path(__file__).resolve().parents[2] / "src/commonbeat/web"
LANGUAGES = sorted(p.name for p in (WEB / "locale").iterdir())


def held(path: Path) -> dict:
    with path.open("rb") as file:
        return {k: v for k, v in gettext.GNUTranslations(file)._catalog.items() if k}


def needs(program: str):
    if not shutil.which(program):
        pytest.skip(f"{program} (Debian: gettext) is not on this machine")


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_word_of_the_pages_is_translated(language, tmp_path):
    needs("xgettext")
    shutil.copytree(WEB, tmp_path / "web", ignore=shutil.ignore_patterns("vendor", "*.mo", "__pycache__", "demo"))
    made = tmp_path / "web/locale" / language / "LC_MESSAGES/django.po"
    kept = tmp_path / "kept.po"
    shutil.move(made, kept)
    subprocess.run([sys.executable, "-m", "django", "makemessages", "-l", language, "--no-location", "-v", "0"], cwd=tmp_path / "web", check=True)  # fmt: skip
    told = subprocess.run(["msgcmp", str(kept), str(made)], capture_output=True, text=True)
    new = [line for line in told.stderr.splitlines() if "warning" not in line]
    assert told.returncode == 0, "run tools/words.sh and translate what is new:\n" + "\n".join(new)


@pytest.mark.parametrize("language", LANGUAGES)
def test_what_is_checked_in_compiled_is_what_the_catalogue_says(language, tmp_path):
    needs("msgfmt")
    po = WEB / "locale" / language / "LC_MESSAGES/django.po"
    subprocess.run(["msgfmt", "--check-format", "-o", str(tmp_path / "new.mo"), str(po)], check=True)
    assert held(tmp_path / "new.mo") == held(po.with_suffix(".mo"))


def test_no_placeholder_or_tag_is_lost_and_nothing_is_left_in_english():
    for key, told in held(CATALOGUE).items():
        if isinstance(key, str):
            assert sorted(KEPT.findall(key)) == sorted(KEPT.findall(told)), key
            assert told.strip() and (key[-1] == "”" or (key[-1] in ".?!:") == (told[-1] in ".?!:")), key
    same = [k for k, v in held(CATALOGUE).items() if k == v]
    assert set(same) <= {"No", "no", "visible"}  # the same word in both languages


class Texts(HTMLParser):
    """What a reader of a page sees or hears: text, labels, alternatives."""

    def __init__(self):
        super().__init__()
        self.found, self.inside = [], []

    def handle_starttag(self, tag, attrs):
        if tag not in ("meta", "link", "input", "img", "br", "source", "track", "path", "line", "circle", "hr"):
            self.inside.append(tag)
        self.found += [v for k, v in attrs if k in ("alt", "aria-label", "placeholder", "title") and v]

    def handle_endtag(self, tag):
        if tag in self.inside:
            while self.inside.pop() != tag:
                pass

    def handle_data(self, data):
        if not {"script", "style", "code"} & set(self.inside) and data.strip():
            self.found.append(data.strip())


PAGES = ["/", "/stories/", "/places/", "/trust/", "/ripple/", "/promises/", "/how-we-know/", "/what-you-may-ask-for/", "/talk/", "/answer/",
         "/answer/pulse/", "/i-was-there/", "/something-went-wrong/", "/something-went-wrong/receipt/", "/this-is-me/receipt/", "/paper-form/",
         "/no-such-page/"]  # fmt: skip
DESK = {"officer": ["/desk/record/", "/desk/record/mine/"], "press": ["/desk/tell/", "/desk/tell/requests/", "/desk/talk/"],
        "auditor": ["/desk/oversee/"], "analyst": ["/desk/answer/"], "independent": ["/desk/oversee/harm/"]}  # fmt: skip
NAMES = re.compile(
    r"Commonbeat|Testbridge|Pseudo|Mirror|Civilian Review Board|Crisis line|review@board\.example|pulse|English|Español|\bUTC\b|CSV"
)


def unmarked(page: bytes) -> list[str]:
    reader = Texts()
    reader.feed(page.decode())
    plain = [t for t in reader.found if "[" not in t and re.search(r"[A-Za-z]{3}", NAMES.sub("", t))]
    return sorted(set(plain))


@pytest.mark.parametrize("path", PAGES)
def test_no_public_page_has_a_word_nobody_marked(client, path):
    page = client.get(path, headers={"accept-language": "en-xa"}).content
    asked = {w for w in unmarked(page)}
    if (
        path == "/answer/pulse/"
    ):  # the questions are the questionnaire's own wording, in the languages it was written in
        asked = {
            w
            for w in asked
            if "police" not in w and "area" not in w and not re.match("Strongly|Disagree|Agree|Neither", w)
        }
    assert not asked


@pytest.mark.parametrize("role", sorted(DESK))
def test_no_page_of_the_desk_has_a_word_nobody_marked(hire, role):
    person, desk = hire(role)
    for path in DESK[role]:
        left = [
            w for w in unmarked(desk.get(path, headers={"accept-language": "en-xa"}).content) if w != person.username
        ]
        assert not left, path


def test_spanish_readers_get_spanish_and_the_page_says_so(client):
    page = client.get("/what-you-may-ask-for/?lang=es").content.decode()
    assert '<html lang="es"' in page and "Lo que puede pedir" in page and "What you may ask for" not in page


def test_a_page_from_right_to_left_says_so(client):
    assert 'dir="rtl"' in client.get("/?lang=ar-xb").content.decode()


def test_rules_of_look_name_no_left_or_right():
    """Logical properties only, so that a page can be mirrored; what truly is left (the slider over two pictures) says so."""
    css = (WEB / "static/site/site.css").read_text()
    wrong = re.findall(
        r"(?:margin|padding|border)-(?:left|right)|(?<![-\w])(?:left|right)\s*:|text-align:\s*(?:left|right)|float:",
        css,
    )
    allowed = [m for m in re.findall(r"\.compare[^{]*\{[^}]*\}", css) if "left" in m]
    assert len(wrong) == sum(len(re.findall(r"margin-left|(?<![-\w])left\s*:", m)) for m in allowed)


def test_an_accented_word_keeps_its_placeholders():
    assert accented("Between %(low)s and %(high)s.").startswith("[Bétwééñ %(low)s áñd %(high)s.")
