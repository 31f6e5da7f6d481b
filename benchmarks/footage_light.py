"""How many faces are still found when a clip gets darker? Real clips relit in steps of one stop.

    python benchmarks/footage_light.py [--frames 30]

Each step halves the light (in linear light, gamma 2.2) and adds what a sensor adds: shot noise that grows with the root of
the light and a read noise of two grey levels. A true face counts as found when a look at this one frame, upright, shows a
box over it (intersection over union above 0.3); tracks bridge single frames, so a clip does better than its frames.
"""

from __future__ import annotations

import argparse
import json

import av
import numpy as np
from footage import DATA, LEAST

from commonbeat import footage
from commonbeat.footage.faces import overlap

STOPS = range(9)


def relit(picture: np.ndarray, stops: int, rng: np.random.Generator) -> np.ndarray:
    """The picture with half the light for each stop, noise included; 0 stops gives it unchanged."""
    if stops == 0:
        return picture
    light = (picture / 255.0) ** 2.2 / 2**stops
    light += rng.normal(0, 1, light.shape) * np.sqrt(light / 4000)  # about 4,000 electrons at full white
    out = 255 * light.clip(0) ** (1 / 2.2) + rng.normal(0, 2, light.shape)
    return out.clip(0, 255).round().astype(np.uint8)


def sampled(name: str, frames: int):
    """(picture, true boxes) of frames spread over the clip that show a scored face."""
    truth = json.loads((DATA / "footage" / "gt" / f"{name}.gt.json").read_text())["tracks"].values()
    by_frame: dict[int, list] = {}
    for track in truth:
        for frame, box in track.items():
            if box[3] - box[1] >= LEAST.get(name, 0):
                by_frame.setdefault(int(frame), []).append(box)
    wanted = set(np.array(sorted(by_frame))[np.linspace(0, len(by_frame) - 1, frames).astype(int)].tolist())
    with av.open(str(DATA / "footage" / f"{name}.mp4")) as clip:
        for number, frame in enumerate(clip.decode(video=0)):
            if number in wanted:
                yield frame.to_ndarray(format="rgb24"), np.array(by_frame[number])


def main() -> None:
    asked = argparse.ArgumentParser(description=__doc__)
    asked.add_argument("--frames", type=int, default=30)
    frames, eye = asked.parse_args().frames, footage.CenterFace()
    print(f"{'clip':10}{'stops':>6}{'mean brightness':>17}{'found':>12}{'recall':>9}")
    for name in ("selfie", "walkers"):
        pictures = list(sampled(name, frames))
        for stops in STOPS:
            found, faces, bright = 0, 0, []
            for number, (picture, boxes) in enumerate(pictures):
                dark = relit(picture, stops, np.random.default_rng([number, stops]))
                seen = footage.find(dark, detector=eye, turned="never").at[0]
                found += int((overlap(boxes, seen).max(axis=1) > 0.3).sum()) if len(seen) else 0
                faces += len(boxes)
                bright.append(dark @ [0.299, 0.587, 0.114])
            print(f"{name:10}{stops:6}{np.mean(bright):17.1f}{found:7}/{faces:<4}{found / faces:9.1%}", flush=True)


if __name__ == "__main__":
    main()
