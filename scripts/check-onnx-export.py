#!/usr/bin/env python3
"""Exported ONNX files against onnx.checker and onnxruntime: every tiny model of tests/onnx/models, and small trained networks as float and QDQ.

    pip install onnx onnxruntime numpy
    python scripts/check-onnx-export.py [FOLDER of NAME.onnx and NAME.json]

Without a folder scripts/onnx-export/write-cases.ts makes one. Prints one line per file that disagrees, and the largest difference of each kind.
"""
import json
import pathlib
import subprocess
import sys
import tempfile

import numpy as np
import onnx
import onnxruntime

ROOT = pathlib.Path(__file__).resolve().parent.parent
# Float sums of another order; in quantized networks one code may turn over where x/s and x*(1/s) round apart.
FLOAT_TOLERANCE = 1e-5
CODE_TOLERANCE = 0.05
# As the file says, and with everything that the runtime fuses.
LEVELS = (onnxruntime.GraphOptimizationLevel.ORT_DISABLE_ALL, onnxruntime.GraphOptimizationLevel.ORT_ENABLE_ALL)


def arrays(entries):
    return {name: np.array(entry["data"], dtype=np.float32).reshape(entry["shape"]) for name, entry in entries.items()}


def check(path):
    """The largest difference, relative to the largest output, and whether the network is quantized."""
    case = json.loads(path.with_suffix(".json").read_text())
    onnx.checker.check_model(onnx.load(path), full_check=True)
    worst = max(difference(path, case, level) for level in LEVELS)
    return worst, case["quantized"]


def difference(path, case, level):
    options = onnxruntime.SessionOptions()
    options.graph_optimization_level = level
    options.log_severity_level = 4
    session = onnxruntime.InferenceSession(str(path), options, providers=["CPUExecutionProvider"])
    expected = arrays(case["outputs"])
    results = dict(zip([output.name for output in session.get_outputs()], session.run(None, arrays(case["inputs"]))))
    worst = 0.0
    for name, wanted in expected.items():
        got = results[name]
        if got.shape != wanted.shape:
            raise ValueError(f"{name}: shape {got.shape} instead of {wanted.shape}")
        if wanted.size:
            worst = max(worst, float(np.abs(got - wanted).max() / max(1.0, float(np.abs(wanted).max()))))
    return worst


def main():
    folder = pathlib.Path(sys.argv[1]) if len(sys.argv) > 1 else pathlib.Path(tempfile.mkdtemp(prefix="onnx-export-"))
    if len(sys.argv) == 1:
        subprocess.run(["node", "--import", "tsx", "scripts/onnx-export/write-cases.ts", str(folder)], cwd=ROOT, check=True)
    failed = 0
    worst = {False: 0.0, True: 0.0}
    paths = sorted(folder.glob("*.onnx"))
    for path in paths:
        try:
            largest, is_quantized = check(path)
        except Exception as error:  # noqa: BLE001: whatever a file does to the runtime is a line of the report
            failed += 1
            print(f"{path.name}: {error}")
            continue
        worst[is_quantized] = max(worst[is_quantized], largest)
        if largest > (CODE_TOLERANCE if is_quantized else FLOAT_TOLERANCE):
            failed += 1
            print(f"{path.name}: outputs differ by {largest:.2e}")
    print(f"{len(paths) - failed} of {len(paths)} files agree; largest difference {worst[False]:.1e} (float), {worst[True]:.1e} (QDQ)")
    sys.exit(1 if failed or not paths else 0)


main()
