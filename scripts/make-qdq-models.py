"""Makes tests/onnx/qdq: a small network quantized by onnxruntime.quantization in QDQ format, in several types, and cases.json: what onnxruntime computes.

    python3 scripts/make-qdq-models.py            # needs onnx, onnxruntime, numpy
"""

import json
import logging
import os
import tempfile

import numpy as np
import onnx
import onnxruntime as ort
from onnx import TensorProto, helper, numpy_helper
from onnxruntime.quantization import CalibrationDataReader, QuantFormat, QuantType, quantize_static

FOLDER = os.path.join(os.path.dirname(__file__), "..", "tests", "onnx", "qdq")
SHAPE = [1, 3, 10, 8]
SAMPLES = 4

# activation type, weight type, per channel, symmetric activations, opset: before 21 onnxruntime has operators of its own for int4
TYPES = {
    "s8s8": (QuantType.QInt8, QuantType.QInt8, True, False, 21),
    "s8s8_symmetric": (QuantType.QInt8, QuantType.QInt8, False, True, 21),
    "u8s8": (QuantType.QUInt8, QuantType.QInt8, True, False, 21),
    "u8u8": (QuantType.QUInt8, QuantType.QUInt8, False, False, 21),
    "u8s4": (QuantType.QUInt8, QuantType.QInt4, True, False, 21),
    "u8s4_opset17": (QuantType.QUInt8, QuantType.QInt4, True, False, 17),
}


def network(opset):
    """Residual, depthwise, two branches, every pool, a product of either orientation."""
    rng = np.random.default_rng(20)
    weights = {}

    def weight(name, *shape):
        fan = np.prod(shape[1:]) if len(shape) > 1 else 8
        weights[name] = (rng.standard_normal(shape) / np.sqrt(fan) * 1.5).astype(np.float32)
        return name

    def conv(x, y, out, inputs, kernel, group=1, **attributes):
        return helper.make_node("Conv", [x, weight(f"{y}.w", out, inputs // group, kernel, kernel), weight(f"{y}.b", out)], [y], name=y, group=group, kernel_shape=[kernel, kernel], **attributes)

    nodes = [
        conv("x", "stem", 6, 3, 3, pads=[1, 1, 1, 1]),
        helper.make_node("Relu", ["stem"], ["a"], name="relu_a"),
        conv("a", "depthwise", 6, 6, 3, group=6, pads=[1, 1, 1, 1]),
        helper.make_node("Clip", ["depthwise", "zero", "six"], ["b"], name="relu6"),
        conv("b", "project", 6, 6, 1),
        helper.make_node("Add", ["project", "a"], ["sum"], name="sum"),
        helper.make_node("MaxPool", ["sum"], ["pooled"], name="pooled", kernel_shape=[2, 2], strides=[2, 2]),
        conv("pooled", "left", 5, 6, 1),
        conv("pooled", "right", 4, 6, 3, pads=[1, 1, 1, 1]),
        helper.make_node("Relu", ["right"], ["right_relu"], name="right_relu"),
        helper.make_node("Concat", ["left", "right_relu"], ["both"], name="both", axis=1),
        helper.make_node("AveragePool", ["both"], ["average"], name="average", kernel_shape=[2, 2], strides=[1, 1]),
        conv("average", "last", 8, 9, 1),
        helper.make_node("GlobalAveragePool", ["last"], ["mean"], name="mean"),
        helper.make_node("Flatten", ["mean"], ["flat"], name="flat"),
        helper.make_node("Gemm", ["flat", weight("gemm.w", 6, 8), weight("gemm.b", 6)], ["gemm"], name="gemm", transB=1),
        helper.make_node("Relu", ["gemm"], ["hidden"], name="hidden"),
        helper.make_node("MatMul", ["hidden", weight("matmul.w", 6, 7)], ["y"], name="matmul"),
    ]
    weights["zero"] = np.array(0, np.float32)
    weights["six"] = np.array(6, np.float32)
    graph = helper.make_graph(
        nodes, "qdq", [helper.make_tensor_value_info("x", TensorProto.FLOAT, SHAPE)], [helper.make_tensor_value_info("y", TensorProto.FLOAT, [1, 7])],
        [numpy_helper.from_array(data, name) for name, data in weights.items()],
    )
    return helper.make_model(graph, opset_imports=[helper.make_opsetid("", opset)], ir_version=10)


def rule(k):
    """Element i of input number k, as tests/onnx/test-input.ts has it."""
    i = np.arange(int(np.prod(SHAPE)), dtype=np.int64)
    return (((37 * i + 11 * k + 5 * (i // 8)) % 61) / 30.0 - 1.0).astype(np.float32).reshape(SHAPE)


class Reader(CalibrationDataReader):
    def __init__(self, samples):
        self.samples = iter(samples)

    def get_next(self):
        sample = next(self.samples, None)
        return None if sample is None else {"x": sample}


def run(path, samples, level):
    options = ort.SessionOptions()
    options.graph_optimization_level = level
    session = ort.InferenceSession(path, options, providers=["CPUExecutionProvider"])
    return [session.run(None, {"x": sample})[0].reshape(-1) for sample in samples]


def rounded(values):
    return [float(np.float32(value)) for value in values]


def main():
    logging.disable(logging.WARNING)
    os.makedirs(FOLDER, exist_ok=True)
    calibration, samples = [rule(SAMPLES + k) for k in range(16)], [rule(k) for k in range(SAMPLES)]
    cases = {"onnxruntime": ort.__version__, "models": {}}
    with tempfile.TemporaryDirectory() as folder:
        source = os.path.join(folder, "float.onnx")
        for name, (activation, weight, per_channel, symmetric, opset) in TYPES.items():
            onnx.save(network(opset), source)
            path = os.path.join(FOLDER, f"{name}.onnx")
            quantize_static(
                source, path, Reader(calibration), quant_format=QuantFormat.QDQ, activation_type=activation, weight_type=weight, per_channel=per_channel,
                extra_options={"ActivationSymmetric": symmetric},
            )
            plain = run(path, samples, ort.GraphOptimizationLevel.ORT_DISABLE_ALL)
            integer = run(path, samples, ort.GraphOptimizationLevel.ORT_ENABLE_ALL)
            cases["models"][name] = {"plain": [rounded(y) for y in plain], "optimized": [rounded(y) for y in integer]}
            print(name, os.path.getsize(path), "bytes; optimized from plain by up to", max(float(np.abs(a - b).max()) for a, b in zip(plain, integer)))
    with open(os.path.join(FOLDER, "cases.json"), "w") as file:
        json.dump(cases, file)
        file.write("\n")


main()
