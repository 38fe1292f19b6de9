"""Which libraries can compute on the GPU: ``python -m mammothbox.models.engines.probe``.

Place in the flow: `gpu.find` runs this as a child and reads a line of JSON for each library that
can. ONNX Runtime is made to compute, since it is often installed without what it loads when used;
CTranslate2 and llama.cpp are loaded and say whether they find a GPU.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Callable
from pathlib import Path
from tempfile import TemporaryDirectory

from mammothbox.models.engines.gpu_libraries import load_libraries
from mammothbox.models.engines.llama import sees_gpu


def _onnxruntime() -> bool:
    import numpy as np

    from mammothbox.models.engines.sessions import open_session
    from mammothbox.models.graphs.builder import GraphBuilder

    graph = GraphBuilder("probe")
    square = graph.constant(np.eye(4, dtype=np.float32), "square")
    graph.add("MatMul", ["x", square], "y")
    with TemporaryDirectory(prefix="mammothbox-") as folder:
        path = Path(folder) / "probe.onnx"
        graph.save(path, [("x", np.float32, (4, 4))], [("y", np.float32, (4, 4))])
        session = open_session(path, 1, gpu=True)
        (y,) = session.run(["y"], {"x": np.eye(4, dtype=np.float32)})
    return bool(np.allclose(y, np.eye(4)))


def _ctranslate2() -> bool:
    import ctranslate2

    load_libraries()
    return bool(ctranslate2.get_supported_compute_types("cuda"))


TRIALS: dict[str, Callable[[], bool]] = {
    "onnxruntime": _onnxruntime,
    "ctranslate2": _ctranslate2,
    "llama": sees_gpu,
}


def main() -> None:
    """One line for each library that can; why another cannot is said on standard error."""
    for name, can in TRIALS.items():
        try:
            if can():
                sys.stdout.write(json.dumps({"library": name}) + "\n")
        except Exception as error:  # whatever it is, the library is not to be used
            sys.stderr.write(f"{name}: {error}\n")
        sys.stdout.flush()


if __name__ == "__main__":
    main()
