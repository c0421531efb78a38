#!/usr/bin/env python3
"""Writes tests/onnx/goldens/*.json: onnxruntime's float results on whole networks.

    pip install onnx onnxruntime numpy
    python scripts/make-goldens.py [folder of models]

The folder (default ../shared/data/models) holds cifar10-resnet/resnet20.onnx and squeezenet1.1/squeezenet1.1_float32.onnx; the example's model is in the
repository. Element i of the input of sample k is float32(((37·i + 11·k + 5·(i div 8)) mod 61) / 30 − 1), as in tests/onnx/test-input.ts. Each sample runs
alone, with the batch axis 1 and graph optimisations off.
"""
import hashlib
import json
import pathlib
import sys

import numpy as np
import onnx
import onnxruntime

ROOT = pathlib.Path(__file__).resolve().parent.parent
SAMPLES = 2


def rule(shape, k):
    i = np.arange(int(np.prod(shape, dtype=np.int64)), dtype=np.int64)
    return (((37 * i + 11 * k + 5 * (i // 8)) % 61) / 30.0 - 1.0).astype(np.float32).reshape(shape)


def golden(path, name):
    data = path.read_bytes()
    options = onnxruntime.SessionOptions()
    options.graph_optimization_level = onnxruntime.GraphOptimizationLevel.ORT_DISABLE_ALL
    session = onnxruntime.InferenceSession(data, options, providers=["CPUExecutionProvider"])
    (entry,) = session.get_inputs()
    shape = [1] + [int(dim) for dim in entry.shape[1:]]
    (output,) = session.get_outputs()
    logits = [session.run(None, {entry.name: rule(shape, k)})[0].ravel() for k in range(SAMPLES)]
    return {
        "model": name,
        "sha256": hashlib.sha256(data).hexdigest(),
        "made": f"onnxruntime {onnxruntime.__version__}, onnx {onnx.__version__}",
        "input": {"name": entry.name, "shape": shape},
        "output": {"name": output.name, "samples": [[float(f"{v:.8g}") for v in row] for row in logits]},
    }


def main():
    models = pathlib.Path(sys.argv[1]) if len(sys.argv) > 1 else ROOT.parent / "shared" / "data" / "models"
    networks = {
        "fashion": (ROOT / "examples/fashion/model.onnx", "examples/fashion/model.onnx"),
        "resnet20": (models / "cifar10-resnet/resnet20.onnx", "cifar10-resnet/resnet20.onnx"),
        "squeezenet1.1": (models / "squeezenet1.1/squeezenet1.1_float32.onnx", "squeezenet1.1/squeezenet1.1_float32.onnx"),
    }
    folder = ROOT / "tests" / "onnx" / "goldens"
    folder.mkdir(parents=True, exist_ok=True)
    for key, (path, name) in networks.items():
        if not path.exists():
            print(f"{key}: no {path}, left as it is")
            continue
        (folder / f"{key}.json").write_text(json.dumps(golden(path, name)) + "\n")
        print(f"{key}: written")


if __name__ == "__main__":
    main()
