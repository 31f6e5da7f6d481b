"""Drawn scenes whose truth is known: shaded heads on a busy ground, moving, with the box of every face in
every frame."""

from fractions import Fraction

import av
import cv2
import numpy as np

SKIN = {"light": (224, 178, 150), "dark": (112, 74, 52)}


def head(size: int, skin: str = "light", roll: float = 0.0) -> tuple[np.ndarray, np.ndarray]:
    """A shaded head of `size` pixels height as RGB and its alpha; drawn four times as large and shrunk."""
    n = 4 * size
    y, x = np.mgrid[0:n, 0:n] / n * 2 - 1
    x = x / 0.74
    r2 = x**2 + y**2
    z = np.sqrt(np.clip(1 - r2, 0, 1))
    light = np.clip(0.35 + 0.65 * (-0.35 * x - 0.4 * y + 0.85 * z), 0.1, 1.15)
    # sockets, cheeks, nose and lips catch the light differently
    for ex in (-0.36, 0.36):
        light -= 0.32 * np.exp(-(((x - ex) / 0.2) ** 2 + ((y + 0.12) / 0.11) ** 2))
        light += 0.10 * np.exp(-(((x - ex * 1.2) / 0.2) ** 2 + ((y - 0.25) / 0.15) ** 2))
    light += 0.22 * np.exp(-((x / 0.09) ** 2 + ((y - 0.05) / 0.25) ** 2))
    light -= 0.25 * np.exp(-((x / 0.16) ** 2 + ((y - 0.31) / 0.05) ** 2))
    face = np.clip(np.array(SKIN[skin]) * light[..., None], 0, 255).astype(np.uint8)
    draw = lambda cx, cy, a, b, colour: cv2.ellipse(  # noqa: E731
        face,
        (int((cx * 0.74 + 1) * n / 2), int((cy + 1) * n / 2)),
        (int(a * n / 2), int(b * n / 2)),
        0,
        0,
        360,
        colour,
        -1,
        cv2.LINE_AA,
    )
    dark = tuple(int(c * 0.25) for c in SKIN[skin])
    for ex in (-0.36, 0.36):
        draw(ex, -0.12, 0.115, 0.058, (236, 232, 226))
        draw(ex, -0.12, 0.052, 0.055, (40, 26, 18))
        draw(ex, -0.27, 0.15, 0.026, dark)
    for nx in (-0.09, 0.09):
        draw(nx, 0.24, 0.03, 0.02, dark)
    draw(0, 0.47, 0.22, 0.06, tuple(int(c * f) for c, f in zip(SKIN[skin], (0.72, 0.45, 0.45))))
    draw(0, 0.47, 0.2, 0.012, dark)
    hair = (y < -0.52 + 0.35 * x**2) | ((np.abs(x) > 0.84) & (y < 0.0))
    face[hair] = (np.array((46, 32, 24)) * np.clip(light[hair], 0.4, 1)[:, None]).astype(np.uint8)
    alpha = ((r2 <= 1) * 255).astype(np.uint8)
    if roll:
        turn = cv2.getRotationMatrix2D((n / 2, n / 2), roll, 1)
        face, alpha = cv2.warpAffine(face, turn, (n, n)), cv2.warpAffine(alpha, turn, (n, n))
    return [cv2.resize(part, (size, size), interpolation=cv2.INTER_AREA) for part in (face, alpha)]


def ground(width: int, height: int, seed: int = 1) -> np.ndarray:
    """A street-like ground: soft light, walls, noise."""
    rng = np.random.default_rng(seed)
    soft = cv2.resize(
        rng.uniform(60, 170, (6, 8, 3)).astype(np.float32), (width, height), interpolation=cv2.INTER_CUBIC
    )
    return np.clip(soft + rng.normal(0, 6, soft.shape), 0, 255).astype(np.uint8)


def put(picture: np.ndarray, x: float, y: float, size: int, skin: str = "light", roll: float = 0.0) -> tuple:
    """Draws a head with shoulders centred at x, y; returns its face box."""
    body = tuple(int(c) for c in (60, 70, 110))
    cv2.ellipse(
        picture, (round(x), round(y + 1.25 * size)), (round(0.9 * size), round(0.75 * size)), 0, 180, 360, body, -1
    )
    face, alpha = head(size, skin, roll)
    left, top = round(x - size / 2), round(y - size / 2)
    height, width = picture.shape[:2]
    a, b, c, d = max(0, left), max(0, top), min(width, left + size), min(height, top + size)
    if a < c and b < d:
        cut = np.s_[b - top : d - top, a - left : c - left]
        weight = alpha[cut][..., None] / 255
        picture[b:d, a:c] = (face[cut] * weight + picture[b:d, a:c] * (1 - weight)).astype(np.uint8)
    return x - 0.37 * size, y - 0.42 * size, x + 0.37 * size, y + 0.5 * size


def write(
    path, pictures, *, rate: int = 25, pts=None, audio=None, codec="libx264", pix_fmt="yuv420p", **options
) -> None:
    """Writes RGB pictures as a video; `pts` in milliseconds for a variable rate; audio: (channels, samples) at
    48 kHz."""
    with av.open(str(path), "w", **({"options": options["container"]} if "container" in options else {})) as target:
        target.metadata.update(options.get("metadata", {}))
        stream = target.add_stream(codec, rate=rate)
        first = pictures[0]
        stream.width, stream.height, stream.pix_fmt = first.shape[1], first.shape[0], pix_fmt
        stream.time_base = stream.codec_context.time_base = Fraction(1, 1000)
        if codec == "libx264":
            stream.options = {"preset": "ultrafast", "crf": "16", **options.get("encoder", {})}
        for name, value in options.get("colour", {}).items():
            setattr(stream.codec_context, name, value)
        layout = None if audio is None else ("mono", "stereo")[len(audio) - 1]
        sound = target.add_stream("aac", rate=48000, layout=layout) if audio is not None else None
        for i, picture in enumerate(pictures):
            frame = av.VideoFrame.from_ndarray(np.ascontiguousarray(picture), format="rgb24").reformat(format=pix_fmt)
            frame.pts, frame.time_base = (pts[i] if pts is not None else round(i * 1000 / rate)), Fraction(1, 1000)
            target.mux(stream.encode(frame))
        target.mux(stream.encode(None))
        if sound is not None:
            for first in range(0, audio.shape[1], 1024):
                piece = np.ascontiguousarray(audio[:, first : first + 1024], np.float32)
                frame = av.AudioFrame.from_ndarray(piece, format="fltp", layout=layout)
                frame.sample_rate, frame.pts, frame.time_base = 48000, first, Fraction(1, 48000)
                target.mux(sound.encode(frame))
            target.mux(sound.encode(None))


def walk(frames: int = 24, width: int = 320, height: int = 240, sizes=(64, 56), skins=("light", "dark")):
    """Heads that walk past each other's lanes: (pictures, [{person: box}])."""
    base, pictures, truth = ground(width, height), [], []
    for t in range(frames):
        picture, boxes = base.copy(), {}
        for who, (size, skin) in enumerate(zip(sizes, skins)):
            x = width * (0.25 + 0.5 * who) + 0.8 * t * (1 - 2 * who)
            boxes[who] = put(picture, x, height * 0.4 + 3 * np.sin(t / 4), size, skin)
        pictures.append(picture)
        truth.append(boxes)
    return pictures, truth


def pixels(path) -> list[np.ndarray]:
    """Every frame of a file as grey pixels."""
    with av.open(str(path)) as source:
        return [frame.to_ndarray(format="gray") for frame in source.decode(video=0)]


def sideways(path, height: int) -> None:
    """Patches an MP4 so that players turn it a quarter clockwise, as a phone held upright does."""
    data = bytearray(path.read_bytes())
    at = data.index(b"tkhd") + 44
    one = 0x10000
    data[at : at + 36] = np.array([0, one, 0, -one, 0, 0, height * one, 0, 1 << 30], ">i4").tobytes()
    path.write_bytes(data)
