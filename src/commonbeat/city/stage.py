"""The street the moments happen in: evening light, row houses, a tree, bunting, long soft shadows. Painted once per clip."""

from __future__ import annotations

import cv2
import numpy as np

from commonbeat.city.canvas import HEIGHT, WIDTH, Canvas

__all__ = ["GROUND", "backdrop", "drifting"]

GROUND = 640.0  #: where the pavement begins
SKY = {"stroller": ((118, 164, 214), (255, 214, 170)), "dance-off": ((96, 170, 220), (255, 236, 196))}
WALLS = (
    (214, 120, 92),
    (232, 176, 116),
    (190, 140, 150),
    (150, 168, 150),
    (226, 196, 150),
    (178, 104, 88),
    (140, 150, 178),
)
DOORS = ((70, 96, 110), (122, 58, 58), (60, 92, 72), (86, 64, 104))
AWNINGS = (((206, 74, 66), (250, 240, 224)), ((62, 124, 128), (250, 240, 224)), ((230, 158, 60), (250, 244, 228)))
FLAGS = ((222, 84, 74), (244, 186, 74), (84, 150, 160), (146, 112, 168), (110, 160, 96))


def backdrop(kind: str, rng, width: int) -> np.ndarray:
    """Paints the empty street  -> (height, width, 3) uint8"""
    canvas = Canvas(np.zeros((round(width * HEIGHT / WIDTH), width, 3), np.uint8))
    _sky(canvas, *SKY[kind])
    _far_roofs(canvas, rng)
    x = -30.0
    while x < WIDTH:
        wide = float(rng.uniform(210, 290))
        _house(canvas, rng, x, wide, float(rng.uniform(120, 210)))
        x += wide
    _pavement(canvas, rng)
    _tree(canvas, rng, *((1330, 700) if kind == "stroller" else (140, 700)))
    _lamp(canvas, 250 if kind == "stroller" else 1450)
    _bunting(canvas, 90 if kind == "stroller" else 60, rng)
    return _evening(canvas.pixels, kind)


def _sky(canvas, high, low):
    h = len(canvas.pixels)
    t = np.clip(np.linspace(0, 1.5, h), 0, 1)[:, None, None]
    canvas.pixels[...] = np.array(high) * (1 - t) + np.array(low) * t
    canvas.shade(1180, 150, 320, 240, 0.75, (255, 236, 190))
    for x, y, s in ((300, 90, 1.0), (820, 60, 0.8), (1240, 120, 1.1)):
        for dx, dy, r in ((-60, 8, 46), (0, -6, 62), (58, 10, 44), (100, 16, 30)):
            canvas.shade(x + dx * s, y + dy * s, r * s, r * 0.55 * s, 0.5, (255, 248, 238))


def _far_roofs(canvas, rng):
    x = -20.0
    while x < WIDTH:
        w, y = float(rng.uniform(60, 130)), float(rng.uniform(110, 210))
        canvas.shape(
            [[x, y], [x + w / 2, y - rng.uniform(10, 50)], [x + w, y], [x + w, 420], [x, 420]],
            (200, 176, 178),
            (222, 190, 172),
        )
        x += w


def _house(canvas, rng, x, wide, top):
    wall = np.array(WALLS[rng.integers(len(WALLS))])
    canvas.shape(
        [[x, top], [x + wide, top], [x + wide, GROUND], [x, GROUND]],
        tuple(int(c) for c in np.clip(wall * 1.06, 0, 255)),
        tuple(int(c) for c in wall * 0.86),
    )
    canvas.shape(
        [[x - 6, top - 16], [x + wide + 6, top - 16], [x + wide + 6, top + 8], [x - 6, top + 8]],
        tuple(int(c) for c in wall * 0.68),
    )
    columns = 3 if wide > 245 else 2
    shop = rng.random() < 0.45
    for row in range(2 if top < 165 else 1):
        for k in range(columns):
            _window(canvas, rng, x + wide * (k + 0.5) / columns, top + 66 + 120 * row)
    if shop:
        _shop(canvas, rng, x, wide)
    else:
        _door(canvas, rng, x + wide * 0.28)
        _window(canvas, rng, x + wide * 0.70, GROUND - 150, big=True)


def _window(canvas, rng, x, y, big=False):
    w, h = (46, 52) if big else (30, 40)
    lit = rng.random() < 0.5
    canvas.shape(
        [[x - w - 6, y - h - 6], [x + w + 6, y - h - 6], [x + w + 6, y + h + 6], [x - w - 6, y + h + 6]],
        (246, 234, 214),
    )
    glass = ((255, 222, 150), (250, 190, 110)) if lit else ((126, 158, 184), (176, 196, 204))
    canvas.shape([[x - w, y - h], [x + w, y - h], [x + w, y + h], [x - w, y + h]], *glass)
    if lit:
        canvas.shape([[x - w, y - h], [x - w * 0.45, y - h], [x - w * 0.8, y + h], [x - w, y + h]], (246, 226, 196))
        canvas.shape([[x + w, y - h], [x + w * 0.45, y - h], [x + w * 0.8, y + h], [x + w, y + h]], (246, 226, 196))
    canvas.shape([[x - 2, y - h], [x + 2, y - h], [x + 2, y + h], [x - 2, y + h]], (246, 234, 214))
    if rng.random() < 0.55:
        canvas.shape(
            [[x - w - 4, y + h + 4], [x + w + 4, y + h + 4], [x + w, y + h + 20], [x - w, y + h + 20]], (150, 92, 66)
        )
        for dx in np.linspace(-w + 6, w - 6, 5):
            canvas.oval(x + dx, y + h + 2, 9, 8, (92, 138, 84))
            canvas.oval(x + dx + 2, y + h - 4, 5, 5, FLAGS[rng.integers(len(FLAGS))])


def _door(canvas, rng, x):
    colour = DOORS[rng.integers(len(DOORS))]
    canvas.shape(
        [[x - 46, GROUND - 196], [x + 46, GROUND - 196], [x + 46, GROUND], [x - 46, GROUND]], (240, 226, 204)
    )
    canvas.shape([[x - 38, GROUND - 188], [x + 38, GROUND - 188], [x + 38, GROUND], [x - 38, GROUND]], colour)
    canvas.shape(
        [[x - 26, GROUND - 176], [x + 26, GROUND - 176], [x + 26, GROUND - 120], [x - 26, GROUND - 120]],
        (255, 224, 160),
        (240, 190, 120),
    )
    canvas.oval(x + 27, GROUND - 88, 4, 4, (236, 200, 110))
    for k in range(3):
        canvas.shape(
            [
                [x - 52 - 10 * k, GROUND + 12 * k],
                [x + 52 + 10 * k, GROUND + 12 * k],
                [x + 52 + 10 * k, GROUND + 12 * k + 13],
                [x - 52 - 10 * k, GROUND + 12 * k + 13],
            ],
            (206 - 12 * k, 188 - 12 * k, 170 - 12 * k),
        )


def _shop(canvas, rng, x, wide):
    a, b, y = x + 18, x + wide - 18, GROUND - 190
    canvas.shape([[a, y], [b, y], [b, GROUND - 8], [a, GROUND - 8]], (88, 70, 66))
    canvas.shape(
        [[a + 8, y + 44], [b - 8, y + 44], [b - 8, GROUND - 44], [a + 8, GROUND - 44]],
        (255, 226, 164),
        (246, 186, 112),
    )
    for k in range(int((b - a) // 34)):
        canvas.oval(a + 26 + 34 * k, GROUND - 62, 13, 15, ((226, 120, 70), (210, 170, 80), (150, 160, 90))[k % 3])
    stripes, tones = 8, AWNINGS[rng.integers(len(AWNINGS))]
    for k in range(stripes):
        p, q = a - 12 + (b - a + 24) * k / stripes, a - 12 + (b - a + 24) * (k + 1) / stripes
        top_p, top_q = a + (b - a) * k / stripes, a + (b - a) * (k + 1) / stripes
        canvas.shape([[top_p, y - 6], [top_q, y - 6], [q, y + 44], [p, y + 44]], tones[k % 2])
        canvas.oval((p + q) / 2, y + 44, (q - p) / 2, 11, tones[k % 2])


def _pavement(canvas, rng):
    canvas.shape([[0, GROUND], [WIDTH, GROUND], [WIDTH, HEIGHT], [0, HEIGHT]], (224, 200, 176), (196, 168, 150))
    for k in range(7):
        y = GROUND + 14 + 8 * k + 4.2 * k * k
        canvas.shape([[0, y], [WIDTH, y], [WIDTH, y + 2.5], [0, y + 2.5]], (204, 178, 156))
    for x in np.linspace(-700, WIDTH + 700, 22):
        far = WIDTH / 2 + (x - WIDTH / 2) * 0.55
        canvas.shape([[far, GROUND], [far + 2, GROUND], [x + 4, HEIGHT], [x, HEIGHT]], (206, 180, 158))
    for _ in range(50):
        x, y = rng.uniform(0, WIDTH), rng.uniform(GROUND + 10, HEIGHT)
        canvas.oval(
            x,
            y,
            rng.uniform(4, 9),
            rng.uniform(2, 4),
            ((218, 150, 84), (232, 184, 100), (200, 120, 86))[rng.integers(3)],
            angle=rng.uniform(0, 3),
        )


def _tree(canvas, rng, x, y):
    canvas.shade(x + 40, y + 4, 170, 22, 0.4)
    canvas.limb([[x, y], [x - 6, y - 170], [x + 10, y - 300]], [20, 15, 9], (118, 84, 66))
    canvas.limb([[x - 4, y - 180], [x - 70, y - 280]], [9, 5], (118, 84, 66))
    for _ in range(90):
        a, r = rng.uniform(0, 2 * np.pi), np.sqrt(rng.random())
        px, py = x + 150 * r * np.cos(a), y - 370 + 120 * r * np.sin(a)
        tone = np.array((226, 164, 84)) if rng.random() < 0.45 else np.array((158, 166, 88))
        light = 1.12 - 0.25 * (py - y + 490) / 240 - 0.08 * (px - x) / 150
        canvas.oval(
            px, py, rng.uniform(18, 34), rng.uniform(16, 28), tuple(int(c) for c in np.clip(tone * light, 0, 255))
        )


def _lamp(canvas, x):
    canvas.limb([[x, GROUND + 60], [x, GROUND - 330]], [7, 5], (74, 70, 82))
    canvas.limb([[x, GROUND - 330], [x + 46, GROUND - 344]], [5, 4], (74, 70, 82))
    canvas.shade(x + 50, GROUND - 322, 90, 80, 0.55, (255, 232, 170))
    canvas.oval(x + 50, GROUND - 330, 17, 13, (255, 246, 214))


def _bunting(canvas, y, rng):
    t = np.linspace(0, 1, 27)
    line = np.c_[t * WIDTH, y + 60 * 4 * t * (1 - t) + 14 * np.sin(9 * t)]
    canvas.limb(line, np.full(len(t), 1.6), (112, 92, 92))
    for k, (x, py) in enumerate(line[1:-1]):
        canvas.shape([[x - 17, py], [x + 17, py + 1], [x + rng.uniform(-4, 4), py + 38]], FLAGS[k % len(FLAGS)])


def _evening(pixels, kind):
    """Warm light from the right, a little darker at the rim, and the distance a shade softer."""
    h, w = pixels.shape[:2]
    blurred = cv2.GaussianBlur(pixels, (0, 0), w / 900)
    horizon = np.clip((np.arange(h)[:, None, None] / h - 0.62) / 0.12, 0, 1)
    mixed = blurred * (1 - horizon) + pixels * horizon
    x, y = np.meshgrid(np.linspace(-1, 1, w), np.linspace(-1, 1, h))
    glow = 1.0 + 0.10 * np.exp(-((x - 0.5) ** 2 + (y + 0.3) ** 2) / 0.6) - 0.10 * (x**2 + y**2) / 2
    tone = np.array((1.03, 0.99, 0.93)) if kind == "stroller" else np.array((1.02, 1.0, 0.97))
    return np.clip(mixed * glow[..., None] * tone, 0, 255).astype(np.uint8)


def drifting(canvas, rng_state, seconds, count=16):
    """Leaves and paper petals that float through the light."""
    for k in range(count):
        a, b, c = rng_state[k]
        x = (a * WIDTH + (40 + 50 * b) * seconds) % (WIDTH + 80) - 40
        y = (c * HEIGHT + (46 + 34 * a) * seconds) % (HEIGHT + 60) - 30
        canvas.oval(
            x + 14 * np.sin(2 * seconds + 6 * a),
            y,
            8,
            3.2,
            FLAGS[k % len(FLAGS)],
            angle=2.2 * seconds * (b - 0.5) * 3 + 6 * a,
        )
