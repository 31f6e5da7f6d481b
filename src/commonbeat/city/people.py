"""Bodies for the drawn clips: somebody stands, leans, waves, dances; a stroller with somebody very small in it."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from commonbeat.city.canvas import smooth
from commonbeat.city.faces import SKINS, Look, Mood

__all__ = ["Outfit", "Pose", "hand", "person", "stroller"]


@dataclass(frozen=True, slots=True)
class Outfit:
    top: tuple[int, int, int] = (206, 96, 84)
    legs: tuple[int, int, int] = (70, 86, 120)
    shoes: tuple[int, int, int] = (64, 52, 56)
    badge: bool = False
    dress: bool = False
    stripes: bool = False


@dataclass(frozen=True, slots=True)
class Pose:
    """Angles in radians: arms measured from hanging down, outwards positive; lean and tilt to the right positive.

    arms, bends : (left, right) shoulder and elbow    step : -1..1 weight to one side    up : share of a jump
    hide : 0..1 how far both hands are on the way to the eyes (peekaboo)
    knees : 0 standing .. 1 deep    lean : whole body    tilt : head against the body
    """

    arms: tuple[float, float] = (0.15, 0.15)
    bends: tuple[float, float] = (0.2, 0.2)
    step: float = 0.0
    up: float = 0.0
    knees: float = 0.0
    lean: float = 0.0
    tilt: float = 0.0
    back: bool = False
    hide: float = 0.0


def darker(colour, by=0.82):
    return tuple(int(c * by) for c in colour)


def person(canvas, who, x, y, tall, look: Look, mood: Mood, pose: Pose = Pose(), outfit: Outfit = Outfit()):
    """Draws somebody whose feet are at (x, y), `tall` units high  -> x, y, half height of the head"""
    small = look.age in ("child", "baby")
    head = tall * (0.150 if small else 0.112)
    hip_y = y - tall * (0.34 if small else 0.42) * (1 - 0.35 * pose.knees) - pose.up * tall * 0.12
    hip_x = x + pose.step * tall * 0.03
    reach = tall * (0.30 if small else 0.345)
    sway, rise = np.sin(pose.lean), np.cos(pose.lean)
    neck = (hip_x + sway * reach, hip_y - rise * reach)
    canvas.shade(x, y + 2, tall * 0.20, tall * 0.030, 0.42 * (1 - 0.5 * pose.up))
    _legs(canvas, x, y - pose.up * tall * 0.12, hip_x, hip_y, tall, pose, outfit)
    _torso(canvas, neck, (hip_x, hip_y), tall, outfit, small)
    angle = pose.lean + pose.tilt
    hx, hy = neck[0] + np.sin(angle) * head * 0.92, neck[1] - np.cos(angle) * head * 0.92
    canvas.limb([neck, (hx, hy + head * 0.4)], [head * 0.34, head * 0.34], darker(SKINS[look.skin], 0.84))
    behind = [k for k in (0, 1) if pose.arms[k] < 2.2 and pose.hide < 0.4]
    for k in behind:
        _arm(canvas, neck, (hx, hy), head, tall, pose, outfit, look, k)
    canvas.face(who, hx, hy, head, look, mood, angle, pose.back)
    for k in {0, 1} - set(behind):
        _arm(canvas, neck, (hx, hy), head, tall, pose, outfit, look, k)
    return hx, hy, head


def _legs(canvas, x, y, hip_x, hip_y, tall, pose, outfit):
    thick = tall * 0.036
    for side in (-1, 1):
        lift = max(0.0, side * pose.step) * tall * 0.05
        foot = (x + side * tall * (0.055 + 0.03 * abs(pose.step)), y - lift)
        knee = ((hip_x + foot[0]) / 2 + side * tall * (0.015 + 0.05 * pose.knees), (hip_y + foot[1]) / 2)
        top = (hip_x + side * tall * 0.035, hip_y)
        colour = outfit.legs if side < 0 else darker(outfit.legs, 0.9)
        canvas.limb([top, knee, (foot[0], foot[1] - thick)], [thick * 1.25, thick * 1.05, thick * 0.85], colour)
        canvas.oval(foot[0] + side * thick * 0.6, foot[1] - thick * 0.45, thick * 1.75, thick * 0.85, outfit.shoes)


def _torso(canvas, neck, hip, tall, outfit, small):
    wide = tall * (0.085 if small else 0.092)
    ax, ay = (np.array(neck) - hip) / np.hypot(*(np.array(neck) - hip))
    side = np.array([-ay, ax])
    n, h = np.array(neck), np.array(hip)
    flare = 1.75 if outfit.dress else 1.0
    down = (n - h) * (-0.42 if outfit.dress else -0.10)
    ring = smooth([n + side * wide * 0.55, n - (n - h) * 0.10 + side * wide * 1.18, (n + h) / 2 + side * wide * 1.0, h + down + side * wide * flare,
                   h + down - side * wide * flare, (n + h) / 2 - side * wide * 1.0, n - (n - h) * 0.10 - side * wide * 1.18, n - side * wide * 0.55])  # fmt: skip
    canvas.shape(ring, tuple(min(255, int(c * 1.08)) for c in outfit.top), darker(outfit.top, 0.84))
    if outfit.stripes:
        for t in (0.3, 0.5, 0.7):
            p = n * (1 - t) + h * t
            canvas.limb([p - side * wide * 0.96, p + side * wide * 0.96], [wide * 0.09] * 2, (250, 240, 226))
    if outfit.badge:
        b = n * 0.72 + h * 0.28 - side * wide * 0.48
        canvas.oval(*b, wide * 0.20, wide * 0.23, (238, 192, 92))
        canvas.oval(b[0] - 1, b[1] - 1, wide * 0.10, wide * 0.11, (255, 232, 170))
        canvas.limb([n * 0.9 + h * 0.1, n * 0.2 + h * 0.8], [wide * 0.06] * 2, darker(outfit.top, 0.66))
        belt = h * 0.96 + n * 0.04
        canvas.limb([belt - side * wide * 0.95, belt + side * wide * 0.95], [wide * 0.16] * 2, (44, 40, 46))
        canvas.oval(*belt, wide * 0.17, wide * 0.14, (214, 180, 100))


def _arm(canvas, neck, face, head, tall, pose, outfit, look, k):
    side = (-1, 1)[k]
    long, thick = tall * (0.135 if look.age == "child" else 0.155), tall * 0.026
    shoulder = np.array([neck[0] + side * tall * 0.088, neck[1] + head * 0.40])
    a = pose.arms[k] - side * pose.lean
    elbow = shoulder + long * np.array([side * np.sin(a), np.cos(a)])
    b = a + pose.bends[k]
    wrist = elbow + long * 0.92 * np.array([side * np.sin(b), np.cos(b)])
    size = thick * 1.12
    if pose.hide > 0:
        eyes = np.array(face) + head * np.array([side * 0.36, 0.02])
        wrist = wrist * (1 - pose.hide) + eyes * pose.hide
        elbow, b = _elbow(shoulder, wrist, long, side), 2.7
        size += (0.30 * head - size) * pose.hide
    cloth = outfit.top if side < 0 else darker(outfit.top, 0.92)
    canvas.limb([shoulder, elbow], [thick * 1.18, thick * 0.98], cloth)
    canvas.limb([elbow, wrist], [thick * 0.90, thick * 0.70], cloth if outfit.badge else SKINS[look.skin])
    hand(canvas, *wrist, size, b * side, look, back=pose.hide > 0.4)


def _elbow(shoulder, wrist, long, side):
    """Where the elbow must be for two lengths of arm to meet: outwards."""
    way = wrist - shoulder
    reach = max(np.hypot(*way), 1e-6)
    out = np.sqrt(max(long**2 - (reach / 2) ** 2, (0.25 * long) ** 2))
    return (shoulder + wrist) / 2 + out * np.array([way[1], -way[0]]) / reach * -side


def hand(canvas, x, y, size, angle, look, back=False):
    """A mitten of a hand with a thumb: enough to wave. `back`: fingers up, seen from behind."""
    skin = SKINS[look.skin]
    if back:
        light = tuple(min(255, int(c * 1.22 + 10)) for c in skin)
        for k in (-1.5, -0.5, 0.5, 1.5):
            canvas.limb(
                [(x + 0.40 * k * size, y), (x + 0.46 * k * size, y - size * (1.25 - 0.10 * abs(k)))],
                [size * 0.27, size * 0.21],
                light,
            )
    canvas.oval(x, y, size, size * 1.12, skin, darker(skin, 0.88), -angle)
    if not back:
        canvas.limb([(x, y), (x - size * 1.15 * np.cos(angle), y + size * 0.3)], [size * 0.38, size * 0.30], skin)


def stroller(canvas, x, y, size, who, look, mood, kick=0.0, tilt=0.0, colour=(74, 142, 140)):
    """A stroller whose wheels stand at (x, y), with its passenger looking out at us."""
    canvas.shade(x, y + 3, size * 0.62, size * 0.07, 0.42)
    for dx in (-0.36, 0.36):
        for r, tone in ((0.135, (58, 52, 58)), (0.095, (232, 222, 208)), (0.03, (90, 84, 88))):
            canvas.oval(x + dx * size, y - 0.13 * size, r * size, r * size, tone)
    canvas.limb(
        [(x - 0.36 * size, y - 0.15 * size), (x + 0.20 * size, y - 0.52 * size)], [0.018 * size] * 2, (120, 112, 116)
    )
    canvas.limb(
        [(x + 0.36 * size, y - 0.15 * size), (x - 0.20 * size, y - 0.52 * size)], [0.018 * size] * 2, (120, 112, 116)
    )
    canvas.limb(
        [(x + 0.34 * size, y - 0.60 * size), (x + 0.60 * size, y - 1.04 * size), (x + 0.70 * size, y - 1.04 * size)],
        [0.02 * size] * 3,
        (96, 88, 94),
    )
    hood = smooth(
        [
            (x - 0.50 * size, y - 0.62 * size),
            (x - 0.44 * size, y - 1.06 * size),
            (x, y - 1.24 * size),
            (x + 0.44 * size, y - 1.06 * size),
            (x + 0.50 * size, y - 0.62 * size),
            (x, y - 0.50 * size),
        ]
    )
    canvas.shape(hood, colour, darker(colour, 0.72))
    canvas.shape(
        smooth(
            [
                (x - 0.38 * size, y - 0.60 * size),
                (x - 0.32 * size, y - 0.98 * size),
                (x, y - 1.10 * size),
                (x + 0.32 * size, y - 0.98 * size),
                (x + 0.38 * size, y - 0.60 * size),
                (x, y - 0.48 * size),
            ]
        ),
        darker(colour, 0.42),
        darker(colour, 0.60),
    )
    canvas.shape(
        smooth(
            [
                (x - 0.15 * size, y - 0.62 * size),
                (x + 0.15 * size, y - 0.62 * size),
                (x + 0.20 * size, y - 0.34 * size),
                (x - 0.20 * size, y - 0.34 * size),
            ]
        ),
        (250, 226, 190),
        (236, 200, 160),
    )
    canvas.face(who, x + 0.02 * size * np.sin(tilt * 4), y - 0.80 * size, 0.225 * size, look, mood, tilt)
    canvas.shape(
        smooth(
            [
                (x - 0.46 * size, y - 0.56 * size),
                (x, y - 0.49 * size),
                (x + 0.46 * size, y - 0.56 * size),
                (x + 0.40 * size, y - 0.28 * size),
                (x, y - 0.20 * size),
                (x - 0.40 * size, y - 0.28 * size),
            ]
        ),
        (248, 222, 150),
        (232, 186, 106),
    )
    for k, dx in enumerate((-0.26, -0.09, 0.09, 0.26)):
        canvas.oval(x + dx * size, y - (0.40 - 0.03 * (k % 2)) * size, 0.035 * size, 0.035 * size, (226, 112, 92))
    for side in (-1, 1):
        wave = 0.05 * size * np.sin(kick + 1.7 * (side > 0))
        canvas.limb(
            [(x + side * 0.20 * size, y - 0.54 * size), (x + side * (0.33 * size), y - 0.62 * size - abs(wave))],
            [0.055 * size, 0.045 * size],
            (250, 226, 190),
        )
        hand(canvas, x + side * 0.345 * size, y - 0.655 * size - abs(wave), 0.042 * size, 0.0, look)
