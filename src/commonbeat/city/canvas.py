"""A sheet of paper under a moving camera: smooth shapes, round limbs, soft shadows and faces, in the town's own units."""

from __future__ import annotations

from dataclasses import dataclass, field

import cv2
import numpy as np

from commonbeat.city import faces

__all__ = ["HEIGHT", "WIDTH", "Camera", "Canvas", "smooth"]

WIDTH, HEIGHT = 1600.0, 900.0  #: units of the whole stage
_TURN = np.linspace(0, 2 * np.pi, 24, endpoint=False)
_RING = np.stack([np.cos(_TURN), np.sin(_TURN)], axis=1)
_OVAL = np.stack([f(np.linspace(0, 2 * np.pi, 40, endpoint=False)) for f in (np.cos, np.sin)], axis=1)
_SHIFT = 4  #: cv2 draws at sixteenths of a pixel


@dataclass(frozen=True, slots=True)
class Camera:
    """Where the camera looks (stage units) and how near it is: zoom 1 shows the whole stage."""

    x: float = WIDTH / 2
    y: float = HEIGHT / 2
    zoom: float = 1.0


@dataclass(slots=True)
class Canvas:
    """One frame being drawn. `noted` keeps every face as it was drawn, to tell later whether it is still seen."""

    pixels: np.ndarray
    camera: Camera = field(default_factory=Camera)
    noted: list = field(default_factory=list)

    @property
    def scale(self) -> float:
        return self.pixels.shape[0] / HEIGHT * self.camera.zoom

    def at(self, points):
        """Stage units to pixels  (..., 2) -> (..., 2)"""
        h, w = self.pixels.shape[:2]
        return (np.asarray(points, float) - (self.camera.x, self.camera.y)) * self.scale + (w / 2, h / 2)

    def backdrop(self, picture):
        """Lays a painted stage (any resolution) under the camera."""
        h, w = self.pixels.shape[:2]
        k = self.scale * WIDTH / picture.shape[1]
        x, y = self.at([[0.0, 0.0]])[0]
        matrix = np.array([[k, 0, x], [0, k, y]])
        cv2.warpAffine(
            picture, matrix, (w, h), dst=self.pixels, flags=cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE
        )

    def shape(self, points, colour, low=None):
        """A filled outline; with `low`, the colour runs from top to bottom."""
        xy = self.at(points)
        fixed = np.round(xy * (1 << _SHIFT)).astype(np.int32)
        if low is None:
            cv2.fillPoly(self.pixels, [fixed], colour, cv2.LINE_AA, _SHIFT)
            return
        window, (x0, y0, _, full) = self._window(xy)
        if window is None:
            return
        mask = np.zeros(window.shape[:2], np.uint8)
        cv2.fillPoly(mask, [fixed - (np.array([x0, y0]) << _SHIFT)], 255, cv2.LINE_AA, _SHIFT)
        t = np.clip((np.arange(y0, y0 + len(window)) - full[0]) / max(full[1] - full[0], 1), 0, 1)[:, None, None]
        paint = np.array(colour, np.float32) * (1 - t) + np.array(low, np.float32) * t
        self._blend(window, mask[..., None] / np.float32(255), paint)

    def _window(self, xy):
        h, w = self.pixels.shape[:2]
        (x0, y0), (x1, y1) = np.floor(xy.min(0)).astype(int) - 1, np.ceil(xy.max(0)).astype(int) + 2
        full = (y0, y1)
        x0, y0, x1, y1 = max(x0, 0), max(y0, 0), min(x1, w), min(y1, h)
        return (None if x1 <= x0 or y1 <= y0 else self.pixels[y0:y1, x0:x1]), (x0, y0, y1, full)

    @staticmethod
    def _blend(window, cover, paint):
        window[...] = np.round(window * (1 - cover) + paint * cover)

    def oval(self, x, y, rx, ry, colour, low=None, angle=0.0):
        c, s = np.cos(angle), np.sin(angle)
        self.shape(_OVAL * (rx, ry) @ np.array([[c, s], [-s, c]]) + (x, y), colour, low)

    def limb(self, points, radii, colour):
        """A bent limb: round capsules from joint to joint, tapering."""
        for p, q, a, b in zip(points[:-1], points[1:], radii[:-1], radii[1:], strict=True):
            both = np.concatenate([p + a * _RING, q + b * _RING]).astype(np.float32)
            self.shape(cv2.convexHull(both)[:, 0], colour)

    def shade(self, x, y, rx, ry, strength=0.35, colour=(40, 30, 60)):
        """A soft shadow, or with a light colour a soft glow."""
        xy = self.at([[x - 1.6 * rx, y - 1.6 * ry], [x + 1.6 * rx, y + 1.6 * ry]])
        window, (x0, y0, *_) = self._window(xy)
        if window is None:
            return
        (cx, cy), k = self.at([[x, y]])[0], self.scale
        u = (np.arange(x0, x0 + window.shape[1]) - cx) / (rx * k)
        v = (np.arange(y0, y0 + window.shape[0]) - cy) / (ry * k)
        cover = (strength * np.exp(-1.4 * (u[None, :] ** 2 + v[:, None] ** 2)))[..., None].astype(np.float32)
        self._blend(window, cover, np.array(colour, np.float32))

    def face(self, who, x, y, half, look, mood, tilt=0.0, back=False):
        """Puts a face (chin to crown = 2 x `half` units, `tilt` in radians) and notes its true box, unless it is turned away."""
        k = half * self.scale
        size = 128 if k < 36 else 256 if k < 85 else 448
        sprite = faces.draw(look, mood, size, back)
        h, w = self.pixels.shape[:2]
        cx, cy = self.at([[x, y]])[0]
        reach = faces.REACH * k * (abs(np.cos(tilt)) + abs(np.sin(tilt)))
        x0, y0, x1, y1 = (
            int(v) for v in (max(cx - reach, 0), max(cy - reach, 0), min(cx + reach + 1, w), min(cy + reach + 1, h))
        )
        if x1 <= x0 or y1 <= y0:
            return
        m = 2 * faces.REACH * k / size
        c, s = np.cos(tilt) * m, np.sin(tilt) * m
        matrix = np.array([[c, -s, cx - x0 - (c - s) * size / 2], [s, c, cy - y0 - (s + c) * size / 2]])
        flags = cv2.INTER_AREA if m < 0.6 else cv2.INTER_LINEAR
        if m < 0.6:  # shrink first, so that small faces stay smooth
            sprite = cv2.resize(sprite, None, fx=2 * m, fy=2 * m, interpolation=flags) if m < 0.35 else sprite
            ratio = size / sprite.shape[0]
            matrix = matrix @ np.array([[ratio, 0, 0], [0, ratio, 0], [0, 0, 1]])
        put = cv2.warpAffine(sprite, matrix, (x1 - x0, y1 - y0), flags=cv2.INTER_LINEAR)
        window = self.pixels[y0:y1, x0:x1]
        window[...] = np.minimum(np.round(window * (1 - put[..., 3:] / np.float32(255)) + put[..., :3]), 255)
        if not back:
            self._note(who, cx, cy, k, tilt)

    def _note(self, who, cx, cy, k, tilt):
        x0, y0, x1, y1 = faces.BOX
        mx, my, rx, ry = (x0 + x1) / 2, (y0 + y1) / 2, (x1 - x0) / 2, (y1 - y0) / 2
        c, s = np.cos(tilt), np.sin(tilt)
        cx, cy = cx + k * (mx * c - my * s), cy + k * (mx * s + my * c)
        wide, tall = k * np.hypot(rx * c, ry * s), k * np.hypot(rx * s, ry * c)
        h, w = self.pixels.shape[:2]
        box = (max(cx - wide, 0.0), max(cy - tall, 0.0), min(cx + wide, float(w)), min(cy + tall, float(h)))
        shown = max(box[2] - box[0], 0) * max(box[3] - box[1], 0)
        if shown > 0.15 * 4 * wide * tall:
            x0, y0, x1, y1 = (int(v) for v in box)
            here = np.s_[y0 : y1 + 1, x0 : x1 + 1]
            self.noted.append((who, tuple(round(float(v), 2) for v in box), here, self.pixels[here].copy()))

    @property
    def seen(self):
        """Who is seen, and where  -> [(who, (x0, y0, x1, y1) in pixels)]: not those whom something later drawn hides."""
        return [(who, box) for who, box, here, as_drawn in self.noted if _alike(self.pixels[here], as_drawn) > 0.3]


def _alike(now, then) -> float:
    """Which share of a face's box still shows what was drawn there?"""
    return float((np.abs(now.astype(np.int16) - then).max(-1) < 12).mean()) if then.size else 0.0


def smooth(points, per=8):
    """A closed soft outline through a few points (Catmull & Rom 1974)."""
    p = np.asarray(points, float)
    a, b, c, d = np.roll(p, 1, 0), p, np.roll(p, -1, 0), np.roll(p, -2, 0)
    t = np.linspace(0, 1, per, endpoint=False)[:, None, None]
    curve = 0.5 * (2 * b + (c - a) * t + (2 * a - 5 * b + 4 * c - d) * t**2 + (3 * b - a - 3 * c + d) * t**3)
    return curve.transpose(1, 0, 2).reshape(-1, 2)
