"""Faces that nobody has: drawn by shading a soft form, in light and dark skin, from a baby's laugh to an elder's smile.

A face is a small picture with transparency, in units of its own half height: the chin is at y = +1, the crown at y = -1.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache

import numpy as np

__all__ = ["BOX", "REACH", "SKINS", "Look", "Mood", "draw"]

REACH = 1.7  #: the picture spans -REACH..REACH in both directions
BOX = (-0.80, -0.86, 0.80, 1.02)  #: the face itself, forehead to chin and ear to ear, in the same units
SKINS = {
    "porcelain": (255, 219, 196), "rose": (244, 196, 165), "honey": (222, 164, 118), "olive": (198, 146, 102),
    "umber": (150, 98, 66), "cocoa": (112, 70, 48), "ebony": (82, 52, 38),
}  # fmt: skip
HAIR = {
    "black": (38, 30, 30),
    "brown": (88, 56, 38),
    "chestnut": (126, 70, 42),
    "sand": (206, 160, 96),
    "grey": (188, 184, 180),
    "copper": (176, 84, 44),
}
LIGHT = np.array([-0.45, -0.55, 0.70])


@dataclass(frozen=True, slots=True)
class Look:
    """How somebody looks, always. age: baby, child, adult, elder; style: bald, short, curls, bob, bun, puffs, tuft."""

    skin: str = "honey"
    hair: str = "brown"
    style: str = "short"
    age: str = "adult"
    iris: tuple[int, int, int] = (74, 48, 34)
    cap: bool = False
    beard: bool = False
    glasses: bool = False


@dataclass(frozen=True, slots=True)
class Mood:
    """How somebody looks just now, each in quarters: smile, open (mouth), shut (eyes) 0..1; turn, gaze -1..1."""

    smile: float = 0.5
    open: float = 0.0
    shut: float = 0.0
    turn: float = 0.0
    gaze: float = 0.0

    def rounded(self) -> Mood:
        return Mood(*(round(4 * v) / 4 for v in (self.smile, self.open, self.shut, self.turn, self.gaze)))


class _Sheet:
    """A picture being painted, layer over layer, each only where it is."""

    def __init__(self, size):
        axis = ((np.arange(size) + 0.5) / size * 2 - 1) * REACH
        self.x, self.y = (a.astype(np.float32) for a in np.meshgrid(axis, axis))
        self.soft = np.float32(2.6 * REACH / size)
        self.rgb = np.zeros((size, size, 3), np.float32)
        self.alpha = np.zeros((size, size), np.float32)

    def part(self, cx, cy, rx, ry):
        """A window into the same picture: small features need not touch all of it."""
        size, part = len(self.x), object.__new__(_Sheet)
        (x0, y0), (x1, y1) = (((np.array([cx, cy]) + k * np.array([rx, ry])) / REACH + 1) * size / 2 for k in (-1, 1))
        window = np.s_[max(0, int(y0)) : max(1, int(y1) + 2), max(0, int(x0)) : max(1, int(x1) + 2)]
        part.x, part.y, part.rgb, part.alpha = (a[window] for a in (self.x, self.y, self.rgb, self.alpha))
        part.soft = self.soft
        return part

    def over(self, cover, colour):
        cover = np.asarray(cover, np.float32)
        self.rgb += (np.asarray(colour, np.float32) - self.rgb) * cover[..., None]
        self.alpha += (1 - self.alpha) * cover

    def tint(self, weight, colour):
        """Colours what is already there, without adding to its outline."""
        a = np.asarray(np.clip(weight, 0, 1), np.float32)[..., None]
        self.rgb += (np.asarray(colour, np.float32) * self.alpha[..., None] - self.rgb) * a

    def inside(self, distance):
        return np.clip(0.5 - distance / self.soft, 0, 1)

    def oval(self, cx, cy, rx, ry, angle=0.0):
        c, s = np.cos(angle), np.sin(angle)
        u, v = (self.x - cx) * c + (self.y - cy) * s, -(self.x - cx) * s + (self.y - cy) * c
        return self.inside((np.hypot(u / rx, v / ry) - 1) * min(rx, ry))

    def glow(self, cx, cy, rx, ry):
        return np.exp(-(((self.x - cx) / rx) ** 2) - ((self.y - cy) / ry) ** 2)

    def arc(self, cx, cy, half, bend, width):
        """A stroke of some width, bent down in the middle by `bend` (a smile) or up (a brow), tapering to its ends."""
        t = (self.x - cx) / half
        near = np.abs(self.y - cy - bend * (1 - t * t)) - width * np.sqrt(np.clip(1 - t * t, 0, 1))
        return self.inside(np.where(np.abs(t) < 1, near, 1.0))


def draw(look: Look, mood: Mood, size: int = 320, back: bool = False) -> np.ndarray:
    """What does this face look like?  -> (size, size, 4) uint8: red, green, blue already times opacity, and opacity.

    back : the back of the head, for somebody who turns round
    """
    return _drawn(look, Mood() if back else mood.rounded(), size, back)


@lru_cache(maxsize=512)
def _drawn(look, mood, size, back):
    s = _Sheet(size)
    shape = {
        "baby": (0.90, 0.90, 0.10),
        "child": (0.84, 0.93, 0.20),
        "adult": (0.76, 0.99, 0.30),
        "elder": (0.75, 0.99, 0.34),
    }[look.age]
    skin = np.array(SKINS[look.skin], np.float32)
    hair = np.array(HAIR[look.hair], np.float32)
    _hair_behind(s, look, hair)
    _head(s, skin, *shape)
    if back:
        s.over(s.oval(0, -0.16, shape[0] * 1.04, shape[1] * 0.88), _strands(s, hair))
    else:
        _features(s, look, mood, skin, hair)
    _hair_in_front(s, look, hair, shape)
    picture = np.dstack([np.clip(s.rgb, 0, 255), np.clip(s.alpha, 0, 1) * 255])
    picture = picture.round().astype(np.uint8)
    picture.flags.writeable = False
    return picture


def _shaded(s, colour, nx, ny):
    """Light from the upper left on a round form, warm where skin lets it through."""
    nz = np.sqrt(np.clip(1 - nx * nx - ny * ny, 0, 1))
    light = (nx * LIGHT[0] + ny * LIGHT[1] + nz * LIGHT[2])[..., None]
    shade = np.clip(0.70 + 0.40 * light, 0.42, 1.12)
    warm = np.array([1.04, 0.97, 0.93], np.float32) ** (1.6 * (1 - np.clip(light, 0, 1)))
    gloss = 38 * (np.clip(light, 0, 1) ** 2) ** 7
    return np.clip(colour * shade * warm + gloss, 0, 255)


def _head(s, skin, rx, ry, jaw):
    for side in (-1, 1):
        ear = s.part(side * rx * 0.98, 0.10, 0.2, 0.3)
        ear.over(
            ear.oval(side * rx * 0.98, 0.10, 0.15, 0.23),
            _shaded(ear, skin * 0.95, (ear.x - side * rx) * 2, ear.y * 2),
        )
        ear.tint(0.5 * ear.oval(side * rx * 1.0, 0.11, 0.07, 0.13), skin * (0.72, 0.60, 0.56))
    narrow = rx * (1 - jaw * np.clip(s.y / ry, 0, 1.2) ** 1.6)
    nx, ny = s.x / narrow, s.y / ry
    power = np.where(s.y > 0, 2.0 + 1.6 * jaw, 2.0)  # fuller cheeks, a chin and not a point
    edge = (np.abs(nx) ** power + np.abs(ny) ** power) ** (1 / power) - 1
    s.over(s.inside(edge * 0.8), _shaded(s, skin, nx * 0.94, ny * 0.94))


def _features(s, look, mood, skin, hair):
    big = {"baby": 1.30, "child": 1.18, "adult": 1.0, "elder": 0.94}[look.age]
    low = {"baby": 0.16, "child": 0.10, "adult": 0.0, "elder": 0.0}[look.age]
    shift = 0.26 * mood.turn
    eye_y, apart = low - 0.06, 0.33 * (1.04 if look.age == "baby" else 1)
    blush = skin * 0.35 + np.array([226, 84, 76], np.float32) * 0.65
    for side in (-1, 1):
        cheek = 0.40 + 0.25 * mood.smile if look.age in ("baby", "child") else 0.22 + 0.18 * mood.smile
        near = s.part(side * 0.42 + shift, low + 0.1, 0.6, 0.8)
        near.tint(cheek * near.glow(side * 0.46 + shift, low + 0.34, 0.20, 0.15), blush)
        near.tint(0.22 * near.glow(side * apart + shift, eye_y - 0.02, 0.24, 0.17), skin * (0.62, 0.50, 0.46))
        _eye(
            s.part(side * apart + shift, eye_y, 0.32, 0.32),
            side * apart * (1 - 0.10 * side * mood.turn) + shift,
            eye_y,
            0.148 * big,
            mood,
            look,
            skin,
        )
        thick = 0.030 if look.age in ("adult", "elder") else 0.020
        brow = hair * 0.8 if look.hair not in ("sand", "grey") else hair * 0.72
        near.tint(0.9 * near.arc(side * apart + shift, eye_y - 0.27 - 0.05 * mood.open, 0.17, -0.055, thick), brow)
    _nose(s.part(shift * 1.35, low + 0.15, 0.35, 0.5), shift * 1.35, low + 0.22, look, skin)
    _mouth(
        s.part(shift * 1.15, low + 0.6, 0.55, 0.5),
        shift * 1.15,
        low + 0.47 if look.age != "baby" else low + 0.41,
        mood,
        look,
        skin,
    )
    if look.age == "elder":
        for side in (-1, 1):
            s.tint(0.35 * s.arc(side * 0.34 + shift, low + 0.40, 0.12, 0.05, 0.012), skin * 0.6)
    if look.beard:
        ring = np.clip((s.y - 0.30) / 0.25, 0, 1) * (1 - s.oval(shift, low + 0.50, 0.30, 0.16))
        s.tint(0.75 * ring * np.clip((np.hypot(s.x / 0.70, s.y / 0.98) - 0.62) / 0.14, 0, 1), hair)
    if look.glasses:
        for side in (-1, 1):
            c = (side * apart + shift, eye_y)
            s.tint(0.85 * (s.oval(*c, 0.245, 0.215) - s.oval(*c, 0.215, 0.185)), (60, 46, 44))
        s.tint(0.85 * s.arc(shift, eye_y - 0.02, 0.10, -0.03, 0.016), (60, 46, 44))


def _eye(s, cx, cy, r, mood, look, skin):
    shut = max(mood.shut, 0.35 * mood.smile if look.age != "baby" else 0.15 * mood.smile)
    if shut > 0.8:  # laughing eyes are two happy bows
        s.tint(0.95 * s.arc(cx, cy + 0.03, r * 1.15, -0.10, 0.026), skin * 0.22)
        return
    tall = r * 0.92 * (1 - 0.75 * shut)
    white = s.oval(cx, cy, r * 1.12, tall)
    s.tint(white, (250, 247, 242))
    look_x, pupil = cx + mood.gaze * r * 0.38, r * 0.70
    s.tint(white * s.oval(look_x, cy, pupil, pupil), look.iris)
    s.tint(white * s.oval(look_x, cy, pupil * 0.55, pupil * 0.55), (16, 12, 12))
    s.tint(white * 0.30 * np.clip((cy - s.y) / max(tall, 1e-3), 0, 1), (40, 30, 40))
    s.tint(s.oval(look_x - pupil * 0.32, cy - pupil * 0.34, pupil * 0.22, pupil * 0.22), (255, 255, 255))
    s.tint(0.92 * s.arc(cx, cy + 0.01, r * 1.22, -tall * 1.06, 0.020), skin * 0.20)


def _nose(s, cx, cy, look, skin):
    wide = {"baby": 0.085, "child": 0.09, "adult": 0.115, "elder": 0.125}[look.age]
    s.tint(0.30 * s.glow(cx - 0.02, cy - 0.12, 0.05, 0.18), np.clip(skin * 1.18 + 12, 0, 255))
    s.tint(0.30 * s.glow(cx + 0.03, cy + 0.055, wide * 1.35, 0.055), skin * (0.60, 0.44, 0.40))
    for side in (-1, 1):
        s.tint(0.55 * s.oval(cx + side * wide * 0.55, cy + 0.045, wide * 0.30, 0.022), skin * (0.45, 0.30, 0.28))
    s.tint(0.40 * s.glow(cx - 0.03, cy - 0.01, 0.045, 0.040), np.clip(skin * 1.25 + 25, 0, 255))


def _mouth(s, cx, cy, mood, look, skin):
    half = (0.20 if look.age == "baby" else 0.25) + 0.10 * mood.smile
    bend = 0.03 + 0.13 * mood.smile
    lip = skin * 0.55 + np.array([168, 62, 62], np.float32) * 0.45
    if mood.open > 0.2:
        t = np.clip(1 - ((s.x - cx) / half) ** 2, 0, 1)
        room = 0.11 if look.age == "baby" else 0.16
        top, deep = cy + 0.25 * bend * t, (bend + room * mood.open) * t
        hole = s.inside(np.maximum(top - s.y, s.y - top - deep)) * np.clip(8 * t, 0, 1)
        s.tint(s.inside(np.maximum(top - 0.025 - s.y, s.y - top - deep - 0.03)) * np.clip(8 * t, 0, 1), lip)
        s.tint(hole, (96, 28, 32))
        s.tint(hole * s.oval(cx, cy + deep.max() * 0.98, half * 0.55, deep.max() * 0.42), (214, 102, 100))
        if look.age != "baby":
            s.tint(hole * np.clip((top + 0.30 * deep - s.y) / 0.02, 0, 1), (250, 246, 238))
        elif mood.open > 0.4:
            s.tint(hole * s.oval(cx, cy + 0.06, 0.055, 0.045), (250, 246, 238))  # the first two teeth
    else:
        s.tint(0.9 * s.arc(cx, cy - 0.02, half, bend, 0.024), lip * 0.72)
        s.tint(0.30 * s.glow(cx, cy + bend + 0.05, half * 0.6, 0.035), lip * 1.1)
    for side in (-1, 1):
        s.tint(0.35 * mood.smile * s.oval(cx + side * (half + 0.02), cy - 0.01, 0.020, 0.035), skin * 0.55)


def _strands(s, hair):
    """Hair catches the light in soft bands; the bands lean a little, as combed."""
    wave = 0.5 + 0.5 * np.sin(26 * s.x + 7 * np.sin(3 * s.y) + 4 * s.y)
    light = np.clip(0.78 + 0.30 * (-0.5 * s.x - 0.6 * s.y) + 0.10 * wave, 0.55, 1.35)
    return np.clip(hair * light[..., None] + 10, 0, 255)


def _hair_behind(s, look, hair):
    colour = _strands(s, hair * 0.82)
    if look.style == "bob":
        s.over(s.inside(np.maximum((np.hypot(s.x / 1.0, (s.y + 0.05) / 1.12) - 1) * 0.9, s.y - 0.72)), colour)
    if look.style == "bun":
        s.over(s.oval(0, -1.18, 0.34, 0.30), colour)
        s.over(s.oval(0, -0.15, 0.87, 0.95), colour)
    if look.style == "puffs":
        for side in (-1, 1):
            s.over(s.oval(side * 0.82, -0.72, 0.42, 0.40), colour)
    if look.style == "curls":
        for angle in np.linspace(np.pi * 0.93, np.pi * 2.07, 13):
            s.over(s.oval(0.86 * np.cos(angle), -0.16 + 0.92 * np.sin(angle), 0.26, 0.26), colour)
    if look.style == "short":
        s.over(s.oval(0, -0.25, 0.86, 0.86), colour)


def _hair_in_front(s, look, hair, shape):
    rx, ry, _ = shape
    if look.cap:
        _cap(s)
        return
    if look.style == "bald":
        return
    if look.style == "tuft":
        for k, lean in enumerate((-0.35, 0.0, 0.38)):
            s.over(s.oval(0.10 * (k - 1), -0.99, 0.055, 0.17, lean), hair)
        s.tint(0.30 * np.clip((-0.52 - s.y) / 0.35, 0, 1), hair)
        return
    line = {"short": -0.50, "curls": -0.46, "bob": -0.44, "bun": -0.56, "puffs": -0.56}[look.style]
    fringe = line + (
        0.16 * np.sin(2.1 * s.x + 0.6) if look.style in ("bob", "short") else -0.10 * (s.x / rx) ** 2 + 0.04
    )
    temple = 0.55 * np.clip(np.abs(s.x) / rx - 0.72, 0, 1)
    top = np.hypot(s.x / (rx * 1.07), (s.y + 0.02) / (ry * 1.10)) - 1
    edge = np.maximum(top * 0.8, s.y - fringe - temple)
    s.tint(
        0.30 * np.exp(-(((s.y - fringe - temple - 0.03) / 0.07) ** 2)) * (np.hypot(s.x / rx, s.y / ry) < 0.98),
        hair * 0.4,
    )
    s.over(s.inside(edge), _strands(s, hair))
    if look.style == "curls":
        for angle in np.linspace(np.pi * 1.08, np.pi * 1.92, 9):
            s.over(s.oval(0.70 * np.cos(angle), -0.10 + 0.78 * np.sin(angle), 0.20, 0.19), _strands(s, hair * 1.08))


def _cap(s):
    """A plain service cap of no real force: dark blue crown, a band, a small warm badge, a glossy peak."""
    navy = np.array([38, 54, 92], np.float32)
    crown = np.maximum((np.hypot(s.x / 1.06, (s.y + 0.92) / 0.46) - 1) * 0.46, s.y + 0.66)
    light = np.clip(0.85 - 0.22 * s.x - 0.28 * (s.y + 0.9), 0.55, 1.35)[..., None]
    s.tint(0.35 * np.exp(-(((s.y + 0.44) / 0.10) ** 2)) * (np.abs(s.x) < 0.8), (30, 20, 20))
    s.over(s.inside(crown), navy * light)
    s.over(s.inside(np.maximum(np.abs(s.x) - 0.84, np.abs(s.y + 0.66) - 0.10)), navy * 0.72 * light)
    s.over(
        s.inside(np.maximum((np.hypot(s.x / 0.80, (s.y + 0.58) / 0.18) - 1) * 0.18, -0.58 - s.y)),
        np.array([24, 28, 40]) + 40 * s.glow(-0.3, -0.5, 0.25, 0.05)[..., None],
    )
    s.over(s.oval(0, -0.84, 0.12, 0.13), (236, 190, 92))
    s.over(s.oval(-0.02, -0.86, 0.06, 0.065), (255, 228, 160))
