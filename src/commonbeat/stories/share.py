"""How does a story travel?  A picture card, a feed, an embed, a plain-text release: all without a tracker."""

from __future__ import annotations

import io
import textwrap
from collections.abc import Iterable, Mapping
from datetime import UTC, datetime
from xml.etree import ElementTree as ET

from commonbeat.errors import BadInput

__all__ = ["atom", "card", "oembed", "press_release"]

ATOM = "http://www.w3.org/2005/Atom"
WIDE, HIGH = 1200, 630
_PAPER, _INK, _SOFT, _WARM = (252, 250, 245), (29, 27, 24), (90, 85, 77), (154, 61, 30)


def _clean(text: str) -> str:
    """XML 1.0 allows no control characters, and one NUL would break the whole feed."""
    return "".join(
        c
        for c in text
        if c in "\t\n\r" or (ord(c) >= 32 and ord(c) not in (0xFFFE, 0xFFFF) and not 0xD800 <= ord(c) < 0xE000)
    )


def atom(entries: Iterable[Mapping], *, title: str, home: str, feed: str, now: datetime) -> str:
    """The Atom feed (RFC 4287) of published stories; entries carry id, title, words, link, published, updated.

    What was taken down is simply absent: a feed that listed it would keep telling it.
    """
    ET.register_namespace("", ATOM)
    root = ET.Element(f"{{{ATOM}}}feed")

    def add(parent, tag, text=None, **attrs):
        made = ET.SubElement(parent, f"{{{ATOM}}}{tag}", attrs)
        made.text = None if text is None else _clean(text)

    entries = list(entries)
    add(root, "id", home)
    add(root, "title", title)
    add(root, "updated", _when(max((e["updated"] for e in entries), default=now)))
    add(root, "link", rel="self", href=feed)
    add(root, "link", rel="alternate", href=home)
    author = ET.SubElement(root, f"{{{ATOM}}}author")
    add(author, "name", title)
    for e in entries:
        made = ET.SubElement(root, f"{{{ATOM}}}entry")
        add(made, "id", e["id"])
        add(made, "title", e["title"])
        add(made, "link", rel="alternate", href=e["link"])
        add(made, "published", _when(e["published"]))
        add(made, "updated", _when(e["updated"]))
        add(made, "summary", e["words"])
    return '<?xml version="1.0" encoding="utf-8"?>\n' + ET.tostring(root, encoding="unicode")


def _when(at: datetime) -> str:
    return at.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def oembed(*, title: str, page: str, frame: str, site: str, home: str, width: int = 560, height: int = 480) -> dict:
    """What a page that embeds this story needs (oEmbed 1.0, type rich). The frame sets no cookie."""
    if not (200 <= width <= 2000 and 200 <= height <= 2000):
        raise BadInput(f"An embed is between 200 and 2,000 pixels wide and high, not {width} x {height}.")
    from html import escape

    html = (
        f'<iframe src="{escape(frame)}" title="{escape(title)}" width="{width}" height="{height}" '
        'referrerpolicy="no-referrer" sandbox="allow-scripts allow-same-origin allow-popups" loading="lazy"></iframe>'
    )
    return {
        "version": "1.0", "type": "rich", "title": title, "author_url": page, "provider_name": site, "provider_url": home,
        "html": html, "width": width, "height": height, "cache_age": 0,
    }  # fmt: skip


def press_release(
    *, title: str, words: str, town: str, published: datetime, link: str, alt: str, context: str, rights: str
) -> str:
    """The story as plain text that any newsroom can paste, with its context and its limits."""
    body = "\n\n".join(textwrap.fill(p.strip(), 78) for p in _clean(words).split("\n") if p.strip())
    place = f"{town}, " if town else ""
    return "\n\n".join(
        part
        for part in (
            _clean(title).upper(), f"{place}{published:%d %B %Y}", body, textwrap.fill(f"The picture: {alt}", 78) if alt else "",
            textwrap.fill(context, 78), textwrap.fill(rights, 78), link, "###",
        )
        if part
    ) + "\n"  # fmt: skip


def card(*, title: str, site: str, town: str, poster: bytes | None = None) -> bytes:
    """The picture that stands beside a shared link: headline, nameplate, and the masked poster if there is one.

    poster : a picture already protected; it is decoded, shrunk and written anew, so that nothing else in its file leaves.
    -> PNG, 1200 x 630
    """
    from PIL import Image, ImageDraw, ImageFont

    picture = Image.new("RGB", (WIDE, HIGH), _PAPER)
    draw = ImageDraw.Draw(picture)
    left = 64
    if poster:
        try:
            shown = Image.open(io.BytesIO(poster), formats=["PNG", "JPEG"])
            if shown.width * shown.height > 40_000_000:
                raise BadInput(f"The poster is {shown.width} x {shown.height}: too large to draw.")
            shown = shown.convert("RGB").resize((520, HIGH * 520 // 520 if shown.height > shown.width else 292))
        except OSError:
            raise BadInput("The poster is not a PNG or JPEG picture.") from None
        picture.paste(shown, (WIDE - 520 - 48, (HIGH - shown.height) // 2 + 20))
    room = WIDE - left - 64 - (560 if poster else 0)
    draw.rectangle([0, 0, WIDE, 10], fill=_INK)
    draw.text((left, 44), _clean(site), font=ImageFont.load_default(38), fill=_INK)
    draw.line([left, 104, WIDE - 48, 104], fill=_INK, width=2)
    draw.line([left, 109, WIDE - 48, 109], fill=_INK, width=1)
    size, lines = _fit(draw, _clean(title).replace("\n", " "), room, HIGH - 250, ImageFont)
    y = 150
    for line in lines:
        draw.text((left, y), line, font=ImageFont.load_default(size), fill=_INK)
        y += round(size * 1.22)
    draw.text((left, HIGH - 70), _clean(town), font=ImageFont.load_default(28), fill=_WARM if town else _SOFT)
    out = io.BytesIO()
    picture.save(out, "PNG", optimize=True)
    return out.getvalue()


def _fit(draw, text: str, wide: int, high: int, fonts):
    """The largest size at which the headline fits, and its lines."""
    for size in range(66, 27, -4):
        font, lines, line = fonts.load_default(size), [], ""
        for word in text.split():
            tried = f"{line} {word}".strip()
            if draw.textlength(tried, font=font) <= wide or not line:
                line = tried
            else:
                lines.append(line)
                line = word
        lines.append(line)
        if len(lines) * size * 1.22 <= high and all(draw.textlength(x, font=font) <= wide for x in lines):
            return size, lines
    return 28, [x[: max(1, wide // 16)] for x in lines[: int(high // 35)]]
