"""Music for the clips, made of sines: a music box for the stroller, a beat for the dance-off. Nobody's song."""

from __future__ import annotations

import numpy as np

__all__ = ["RATE", "play"]

RATE = 48_000
PENTATONIC = np.array([0, 2, 4, 7, 9, 12, 14, 16])


def play(kind: str, seconds: float, rng) -> np.ndarray:
    """What does the clip sound like?  -> (samples, 2) float32 in -1..1, at `RATE` per second"""
    sound = np.zeros((int(seconds * RATE), 2))
    (_music_box if kind == "stroller" else _beat)(sound, seconds, rng)
    fade = np.clip(np.minimum(np.arange(len(sound)), len(sound) - np.arange(len(sound))) / (0.25 * RATE), 0, 1)
    return (0.8 * sound / max(np.abs(sound).max(), 1e-9) * fade[:, None]).astype(np.float32)


def _add(sound, start, tone, pan=0.0, gain=1.0):
    a = int(start * RATE)
    tone = tone[: max(0, len(sound) - a)]
    sound[a : a + len(tone)] += gain * tone[:, None] * np.array([1 - pan, 1 + pan]) / 2


def _note(pitch, seconds, *, decay, partials):
    t = np.arange(int(seconds * RATE)) / RATE
    hertz = 440 * 2 ** ((pitch - 69) / 12)
    return sum(a * np.sin(2 * np.pi * hertz * k * t) * np.exp(-t * decay * (1 + 0.6 * k)) for k, a in partials)


def _music_box(sound, seconds, rng):
    step, pitch = 0.25, 4
    for i, start in enumerate(np.arange(0.1, seconds - 0.3, step)):
        pitch = int(np.clip(pitch + rng.integers(-2, 3), 0, 7))
        if rng.random() < 0.85:
            _add(
                sound,
                start,
                _note(72 + PENTATONIC[pitch], 1.6, decay=3.0, partials=((1, 1), (3, 0.22), (5.4, 0.08))),
                pan=rng.uniform(-0.5, 0.5),
                gain=0.5,
            )
        if i % 4 == 0:
            _add(
                sound,
                start,
                _note(48 + (0, 9, 5, 7)[i // 4 % 4], 2.0, decay=1.6, partials=((1, 1), (2, 0.4), (3, 0.15))),
                gain=0.45,
            )


def _beat(sound, seconds, rng):
    t = np.arange(int(0.22 * RATE)) / RATE
    kick = np.sin(2 * np.pi * (52 * t + 24 * (1 - np.exp(-t * 38)) / 4)) * np.exp(-t * 15)
    hat = rng.normal(0, 1, len(t)) * np.exp(-t * 70)
    clap = rng.normal(0, 1, len(t)) * np.exp(-t * 24) * (1 + np.sign(np.sin(2 * np.pi * 45 * t)) * np.exp(-t * 60))
    pitch = 3
    for i, start in enumerate(np.arange(0, seconds - 0.1, 0.25)):
        if i % 4 == 0 or i % 16 == 10:
            _add(sound, start, kick, gain=1.1)
        if i % 4 == 2:
            _add(sound, start, clap, gain=0.20, pan=0.15)
        _add(sound, start, hat, gain=0.07 if i % 2 else 0.11, pan=-0.2)
        _add(
            sound,
            start,
            _note(
                36 + (0, 0, 7, 5)[i // 8 % 4] + (12 if i % 8 == 5 else 0),
                0.24,
                decay=6,
                partials=((1, 1), (2, 0.5), (3, 0.25)),
            ),
            gain=0.5 if i % 2 == 0 else 0.0,
        )
        pitch = int(np.clip(pitch + rng.integers(-2, 3), 0, 7))
        if rng.random() < 0.6:
            _add(
                sound,
                start,
                _note(67 + PENTATONIC[pitch], 0.5, decay=7, partials=((1, 1), (2, 0.5), (4, 0.2))),
                gain=0.32,
                pan=rng.uniform(-0.4, 0.4),
            )
