#!/usr/bin/env python3
"""Runs model.onnx on the committed test images with onnxruntime, as an independent check of README.md's accuracy.

    pip install onnxruntime numpy && python examples/fashion/check.py
"""
import gzip
import pathlib

import numpy as np
import onnxruntime

HERE = pathlib.Path(__file__).resolve().parent
MEAN, STD = np.float32(0.286), np.float32(0.353)


def read_idx(name):
    data = gzip.decompress((HERE / name).read_bytes())
    shape = np.frombuffer(data, ">u4", data[3], 4)
    return np.frombuffer(data, np.uint8, offset=4 + 4 * data[3]).reshape(shape)


def main():
    session = onnxruntime.InferenceSession(HERE / "model.onnx")
    for part in ("test", "calibration"):
        images = read_idx(f"{part}-images-idx3-ubyte.gz").astype(np.float32)[:, None] / 255
        labels = read_idx(f"{part}-labels-idx1-ubyte.gz")
        (logits,) = session.run(None, {"image": (images - MEAN) / STD})
        print(f"{part}: {np.mean(logits.argmax(1) == labels) * 100:.1f} % of {len(labels)}")


if __name__ == "__main__":
    main()
