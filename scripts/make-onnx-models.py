#!/usr/bin/env python3
"""Writes the tiny ONNX models of tests/onnx/models and cases.json: what onnxruntime makes of them.

    pip install onnx onnxruntime numpy
    python scripts/make-onnx-models.py

Inputs follow one rule that tests/onnx/test-input.ts repeats: element i of input number k is float32(((37·i + 11·k + 5·(i div 8)) mod 61) / 30 − 1).
"""
import json
import pathlib

import numpy as np
import onnx
import onnxruntime
from onnx import TensorProto, helper, numpy_helper

OUT = pathlib.Path(__file__).resolve().parent.parent / "tests" / "onnx" / "models"
cases = {}


def rule(shape, k):
    i = np.arange(int(np.prod(shape, dtype=np.int64)), dtype=np.int64)
    return (((37 * i + 11 * k + 5 * (i // 8)) % 61) / 30.0 - 1.0).astype(np.float32).reshape(shape)


def weight(shape, k=100):
    return rule(shape, k)


def i64(*values):
    return np.array(values, dtype=np.int64)


def scalar(value):
    return np.array(value, dtype=np.float32)


def node(op, inputs, outputs="y", **attributes):
    return helper.make_node(op, inputs.split(), outputs.split(), **attributes)


def model(name, opset, nodes, inputs, constants=None, outputs="y", run=True, open_inputs=None):
    """inputs: {name: shape}. open_inputs: the shapes to write in the file instead, with symbols."""
    nodes = nodes if isinstance(nodes, list) else [nodes]
    declared = {**inputs, **(open_inputs or {})}
    graph = helper.make_graph(
        nodes,
        name,
        [helper.make_tensor_value_info(n, TensorProto.FLOAT, s) for n, s in declared.items()],
        [helper.make_tensor_value_info(n, TensorProto.FLOAT, None) for n in outputs.split()],
        [numpy_helper.from_array(v, n) for n, v in (constants or {}).items()],
    )
    for kept, out in zip(graph.output, outputs.split()):
        del kept.type.tensor_type.shape.dim[:]
        kept.type.tensor_type.ClearField("shape")
    proto = helper.make_model(graph, opset_imports=[helper.make_opsetid("", opset)], producer_name="")
    proto.ir_version = 8
    data = proto.SerializeToString()
    assert len(data) < 5000, (name, len(data))
    (OUT / f"{name}.onnx").write_bytes(data)
    if not run:
        return
    session = onnxruntime.InferenceSession(data, providers=["CPUExecutionProvider"])
    results = session.run(None, {n: rule(s, k) for k, (n, s) in enumerate(inputs.items())})
    made = {n: {"shape": list(r.shape), "data": [float(f"{v:.7g}") for v in r.ravel()]} for n, r in zip(outputs.split(), results)}
    cases[name] = {"inputs": {n: list(s) for n, s in inputs.items()}, "outputs": made}


def windows():
    x = {"x": [1, 2, 6, 7]}
    w = {"w": weight([4, 2, 3, 3])}
    model("conv", 11, node("Conv", "x w b", pads=[1, 0, 2, 1], strides=[2, 1]), x, {**w, "b": weight([4], 7)})
    model("conv_same_upper", 7, node("Conv", "x w", auto_pad="SAME_UPPER", strides=[2, 2]), x, w)
    model("conv_same_lower", 22, node("Conv", "x w", auto_pad="SAME_LOWER", strides=[2, 2]), x, w)
    model("conv_valid", 11, node("Conv", "x w", auto_pad="VALID"), x, w)
    model("conv_groups_dilation", 11, node("Conv", "x w", group=2, dilations=[2, 3], pads=[2, 2, 2, 2]), x, {"w": weight([4, 1, 3, 2])})
    model("max_pool", 12, node("MaxPool", "x", kernel_shape=[3, 2], strides=[2, 2], pads=[1, 0, 1, 1], storage_order=1), x)
    model("max_pool_ceil", 10, node("MaxPool", "x", kernel_shape=[3, 3], strides=[2, 2], ceil_mode=1), x)
    model("max_pool_dilation", 12, node("MaxPool", "x", kernel_shape=[2, 2], dilations=[2, 3]), x)
    model("max_pool_same", 8, node("MaxPool", "x", kernel_shape=[3, 3], strides=[2, 2], auto_pad="SAME_LOWER"), x)
    model("average_pool", 7, node("AveragePool", "x", kernel_shape=[3, 3], pads=[1, 1, 1, 1]), x)
    model("average_pool_include_pad", 11, node("AveragePool", "x", kernel_shape=[3, 3], pads=[1, 1, 1, 1], count_include_pad=1), x)
    model("average_pool_ceil", 19, node("AveragePool", "x", kernel_shape=[3, 3], strides=[2, 2], ceil_mode=1), x)
    model("average_pool_ceil_include_pad", 19, node("AveragePool", "x", kernel_shape=[3, 3], strides=[2, 2], pads=[1, 1, 1, 1], ceil_mode=1, count_include_pad=1), {"x": [1, 1, 6, 8]})
    model("average_pool_dilation", 19, node("AveragePool", "x", kernel_shape=[2, 2], dilations=[2, 2], count_include_pad=1, pads=[1, 1, 0, 0]), x)
    model("global_average_pool", 7, node("GlobalAveragePool", "x"), x)
    model("global_average_pool_3d", 7, node("GlobalAveragePool", "x"), {"x": [1, 3, 5]})


def elementwise():
    x = {"x": [1, 3, 4, 2]}
    norm = {"g": weight([3], 1) + 2, "b": weight([3], 2), "m": weight([3], 3), "v": np.abs(weight([3], 4)) + 0.5}
    model("batch_norm", 9, node("BatchNormalization", "x g b m v", epsilon=0.01, momentum=0.8), x, norm)
    model("batch_norm_15", 15, node("BatchNormalization", "x g b m v"), {"x": [2, 3]}, norm)
    model("relu", 7, node("Relu", "x"), x)
    model("clip_attributes", 6 + 1, node("Clip", "x", min=-0.5, max=0.25), x)
    model("clip_attributes_open", 10, node("Clip", "x", min=-0.5), x)
    model("clip_inputs", 11, helper.make_node("Clip", ["x", "", "hi"], ["y"]), x, {"hi": scalar(0.25)})
    model("clip_13", 13, node("Clip", "x lo hi"), x, {"lo": scalar(-0.1), "hi": scalar(0.6)})
    model("add_broadcast", 7, node("Add", "x c"), x, {"c": weight([3, 1, 2])})
    model("add_two", 14, node("Add", "x z"), {"x": [1, 3, 4, 2], "z": [4, 1]})
    model("softmax_11", 11, node("Softmax", "x", axis=1), x)
    model("softmax_13", 13, node("Softmax", "x", axis=1), x)
    model("softmax_default_7", 7, node("Softmax", "x"), {"x": [2, 5]})
    model("dropout_7", 7, node("Dropout", "x", ratio=0.5), x)
    model("dropout_13", 13, node("Dropout", "x r t"), x, {"r": scalar(0.5), "t": np.array(False)})
    model("identity", 16, node("Identity", "x"), x)
    model("cast_float", 13, node("Cast", "x", to=1), x)


def products():
    model("gemm", 7, node("Gemm", "x w b", alpha=0.5, beta=2.0), {"x": [2, 5]}, {"w": weight([5, 3]), "b": weight([3], 9)})
    model("gemm_trans", 13, node("Gemm", "x w b", transA=1, transB=1), {"x": [5, 2]}, {"w": weight([3, 5]), "b": weight([2, 3], 9)})
    model("gemm_no_c", 11, node("Gemm", "x w", transB=1), {"x": [2, 5]}, {"w": weight([3, 5])})
    model("gemm_scalar_c", 11, node("Gemm", "x w b"), {"x": [2, 5]}, {"w": weight([5, 3]), "b": weight([1], 9)})
    model("matmul_2d", 9, node("MatMul", "x w"), {"x": [2, 5]}, {"w": weight([5, 3])})
    model("matmul_batch", 13, node("MatMul", "x z"), {"x": [2, 1, 3, 4], "z": [3, 4, 2]})
    model("matmul_vector", 13, node("MatMul", "x w"), {"x": [2, 3, 4]}, {"w": weight([4])})
    for suffix, opset, attributes, constants in [
        ("attribute", 13, {"axes": [1, -1]}, {}),
        ("input", 18, {}, {"axes": i64(1, -1)}),
    ]:
        inputs = "x axes" if constants else "x"
        model(f"reduce_mean_{suffix}", opset, node("ReduceMean", inputs, keepdims=0, **attributes), {"x": [2, 3, 4]}, constants)
    model("reduce_mean_spatial", 13, node("ReduceMean", "x", axes=[-2, -1], keepdims=0), {"x": [1, 3, 4, 5]})
    model("reduce_mean_all", 18, node("ReduceMean", "x"), {"x": [2, 3]})
    model("reduce_mean_noop", 18, [node("Relu", "x", "r"), node("ReduceMean", "r", noop_with_empty_axes=1)], {"x": [2, 3]})


def movement():
    x = {"x": [2, 3, 4]}
    model("concat", 13, node("Concat", "x c x", axis=-2), x, {"c": weight([2, 2, 4])})
    model("flatten", 9, node("Flatten", "x", axis=2), x)
    model("flatten_negative", 13, node("Flatten", "x", axis=-3), x)
    model("reshape_zero", 7, node("Reshape", "x s"), x, {"s": i64(0, -1, 2)})
    model("reshape_allowzero", 14, node("Reshape", "x s", allowzero=1), x, {"s": i64(6, -1)})
    model("transpose", 13, node("Transpose", "x", perm=[2, 0, 1]), x)
    model("transpose_default", 7, node("Transpose", "x"), x)
    model("squeeze_attribute", 11, node("Squeeze", "x", axes=[0, -1]), {"x": [1, 3, 4, 1]})
    model("squeeze_input", 13, node("Squeeze", "x a"), {"x": [1, 3, 4, 1]}, {"a": i64(-1)})
    model("squeeze_all", 13, node("Squeeze", "x"), {"x": [1, 3, 4, 1]})
    model("unsqueeze_attribute", 11, node("Unsqueeze", "x", axes=[0, 3]), x)
    model("unsqueeze_input", 13, node("Unsqueeze", "x a"), x, {"a": i64(-1, 0)})
    model("slice_attributes", 9, node("Slice", "x", starts=[1, -3], ends=[1000, -1], axes=[1, 2]), x)
    model("slice_inputs", 13, node("Slice", "x s e a t"), x, {"s": i64(-1, 3), "e": i64(-(2**63) + 1, 0), "a": i64(1, 2), "t": i64(-1, -2)})
    model("slice_max_end", 10, node("Slice", "x s e"), x, {"s": i64(0, 1), "e": i64(2**63 - 1, 2**63 - 1)})
    model("slice_slice", 13, [node("Slice", "x s e a t", "h"), node("Slice", "h s e b t")], {"x": [1, 3, 6, 6]},
          {"s": i64(0), "e": i64(2**31 - 1), "a": i64(2), "b": i64(3), "t": i64(2)})
    model("gather", 13, node("Gather", "x i", axis=1), x, {"i": i64(2, -3, 1, 0).reshape(2, 2)})
    model("gather_scalar", 11, node("Gather", "x i", axis=2), x, {"i": np.array(-1, dtype=np.int64)})
    image = {"x": [1, 2, 3, 4]}
    model("pad_attributes", 7, node("Pad", "x", pads=[0, 1, 0, 2, 0, 0, 1, 1], mode="constant", value=0.5), image)
    model("pad_inputs", 13, node("Pad", "x p v"), image, {"p": i64(0, 0, 1, 1, 0, 0, 0, 2), "v": scalar(-1)})
    model("pad_negative", 13, node("Pad", "x p"), image, {"p": i64(0, 0, -1, 1, 0, 0, 1, -2)})
    model("pad_axes", 18, helper.make_node("Pad", ["x", "p", "", "a"], ["y"]), image, {"p": i64(1, 0, 2, 1), "a": i64(-1, 1)})
    for mode, opset in [("reflect", 11), ("edge", 13), ("wrap", 19)]:
        model(f"pad_{mode}", opset, node("Pad", "x p", mode=mode), image, {"p": i64(0, 0, 1, 2, 0, 0, 2, 1)})


def folding():
    """Shape arithmetic, constants, and what passes fuse."""
    x = {"x": [1, 2, 3, 4]}
    model("shape_chain", 15, [
        node("Shape", "x", "s", start=0, end=2), node("Shape", "x", "all"), node("Gather", "all two", "d"), node("Unsqueeze", "d zero", "u"),
        node("Mul", "u minus", "m"), node("Div", "m u", "q"), node("Concat", "s q", "c", axis=0), node("Cast", "c", "f", to=1), node("Floor", "f", "g"),
        node("Cast", "g", "i", to=7), node("Sub", "i zeros", "t"), node("Reshape", "x t"),
    ], x, {"two": np.array(2, dtype=np.int64), "zero": i64(0), "minus": i64(-1), "zeros": i64(0, 0, 0)})
    constants = [
        helper.make_node("Constant", [], ["a"], value_float=0.5),
        helper.make_node("Constant", [], ["b"], value_floats=[1.0, 2.0, 3.0, 4.0]),
        helper.make_node("Constant", [], ["n"], value_int=3),
        helper.make_node("Constant", [], ["k"], value_ints=[3, 4]),
        helper.make_node("Constant", [], ["t"], value=numpy_helper.from_array(weight([3, 1]), "t")),
        node("ConstantOfShape", "k", "f", value=numpy_helper.from_array(np.array([2], dtype=np.float32), "v")),
        node("Unsqueeze", "n z", "n1"), node("ConstantOfShape", "n1", "o"), node("Unsqueeze", "o one", "o2"),
        node("Add", "a b", "ab"), node("Add", "ab t", "abt"), node("Add", "abt f", "g"), node("Add", "g o2", "h"), node("Add", "x h"),
    ]
    model("constants", 13, constants, x, {"z": i64(0), "one": i64(1)})
    norm = {"g": weight([4], 1) + 2, "h": weight([4], 2), "m": weight([4], 3), "v": np.abs(weight([4], 4)) + 0.5}
    model("conv_bn_relu", 13, [node("Conv", "x w", "c"), node("BatchNormalization", "c g h m v", "n"), node("Relu", "n")], x, {"w": weight([4, 2, 2, 2]), **norm})
    model("conv_bias_bn_clip", 13, [node("Conv", "x w b", "c"), node("BatchNormalization", "c g h m v", "n"), node("Clip", "n lo hi")], x,
          {"w": weight([4, 2, 2, 2]), "b": weight([4], 8), **norm, "lo": scalar(-1), "hi": scalar(1)})
    model("gemm_bn", 13, [node("Gemm", "x w b", "c", alpha=0.5, beta=0.25), node("BatchNormalization", "c g h m v")], {"x": [2, 3]}, {"w": weight([3, 4]), "b": weight([1, 4], 8), **norm})
    model("conv_add_bias", 7, [node("Conv", "x w", "c"), node("Add", "k c", "a"), node("Relu", "a")], x, {"w": weight([4, 2, 2, 2]), "k": weight([4, 1, 1], 5)})
    model("conv_shared", 13, [node("Conv", "x w", "c"), node("Relu", "c", "r"), node("Add", "c r")], x, {"w": weight([2, 2, 1, 1])})
    model("matmul_add_relu", 9, [node("MatMul", "x w", "c"), node("Add", "c k", "a"), node("Relu", "a")], {"x": [2, 5]}, {"w": weight([5, 3]), "k": weight([1, 3], 5)})
    model("matmul_batch_bias", 9, [node("MatMul", "x w", "c"), node("Add", "c k")], {"x": [2, 2, 5]}, {"w": weight([5, 3]), "k": weight([3], 5)})
    pads = {"p": i64(0, 0, 1, 1, 0, 0, 2, 0)}
    model("pad_conv", 13, [node("Pad", "x p", "h"), node("Conv", "h w")], x, {**pads, "w": weight([4, 2, 2, 2])})
    model("pad_average_pool", 13, [node("Pad", "x p", "h"), node("AveragePool", "h", kernel_shape=[2, 2])], x, {"p": i64(0, 0, 1, 1, 0, 0, 1, 0)})
    model("pad_average_pool_own", 13, [node("Pad", "x p", "h"), node("AveragePool", "h", kernel_shape=[2, 2], pads=[1, 1, 1, 1])], x, {"p": i64(0, 0, 0, 0, 0, 0, 1, 0)})
    model("pad_max_pool", 13, [node("Pad", "x p v", "h"), node("MaxPool", "h", kernel_shape=[3, 3])], x, {"p": i64(0, 0, 1, 1, 0, 0, 1, 0), "v": scalar(-np.inf)})
    model("reshape_chain", 13, [node("Flatten", "x", "f"), node("Reshape", "f s", "r"), node("Transpose", "r", "t", perm=[1, 0]), node("Transpose", "t", "u", perm=[1, 0]), node("Identity", "u", "i"), node("Dropout", "i")],
          x, {"s": i64(4, 6)})
    model("transpose_ones", 13, [node("Transpose", "x", "t", perm=[0, 2, 3, 1]), node("Relu", "t")], {"x": [1, 1, 3, 4]})
    model("no_ops", 13, [node("Slice", "x s e", "a"), node("Pad", "a p", "b"), node("Reshape", "b t", "c"), node("Concat", "c", "d", axis=0), node("Relu", "d")], x,
          {"s": i64(0), "e": i64(1), "p": i64(*[0] * 8), "t": i64(1, 2, 3, 4)})
    model("two_outputs", 13, [node("Relu", "x", "r"), node("Identity", "r", "y"), node("Identity", "r", "z"), node("Identity", "x", "w")], x, outputs="y z w")
    model("dead_nodes", 13, [node("Relu", "x", "y"), node("NonZero", "x", "gone")], x)
    model("residual", 13, [
        node("Conv", "x w1", "c1", pads=[1, 1, 1, 1], strides=[2, 2]), node("Relu", "c1", "r1"), node("Conv", "r1 w2", "c2", pads=[1, 1, 1, 1]),
        node("Slice", "x s e a t", "sub"), node("Pad", "sub p", "short"), node("Add", "c2 short", "sum"), node("Relu", "sum", "out"),
        node("GlobalAveragePool", "out", "mean"), node("Flatten", "mean", "flat"), node("Gemm", "flat w3 b3", transB=1),
    ], {"x": [1, 2, 6, 6]}, {"w1": weight([4, 2, 3, 3], 1), "w2": weight([4, 4, 3, 3], 2), "s": i64(0, 0), "e": i64(2**31 - 1, 2**31 - 1), "a": i64(2, 3), "t": i64(2, 2),
                             "p": i64(0, 1, 0, 0, 0, 1, 0, 0), "w3": weight([3, 4], 3), "b3": weight([3], 4)})
    model("dynamic_batch", 13, [node("Shape", "x", "s"), node("Gather", "s zero", "n"), node("Unsqueeze", "n first", "u"), node("Concat", "u minus", "t", axis=0), node("Reshape", "x t")], x,
          {"zero": np.array(0, dtype=np.int64), "first": i64(0), "minus": i64(-1)}, open_inputs={"x": ["N", 2, 3, 4]})
    model("one_axis", 13, [
        node("Conv", "x w1 b1", "c1", strides=[2], pads=[2, 1], dilations=[2]), node("Relu", "c1", "r1"), node("MaxPool", "r1", "m", kernel_shape=[2], strides=[2], ceil_mode=1),
        node("Conv", "m w2", "c2", auto_pad="SAME_UPPER", group=2), node("AveragePool", "c2", "a", kernel_shape=[3], pads=[1, 1], count_include_pad=1),
        node("GlobalAveragePool", "a", "g"), node("Flatten", "g", "f"), node("Gemm", "f w3", transB=1),
    ], {"x": [2, 3, 21]}, {"w1": weight([4, 3, 3], 1), "b1": weight([4], 2), "w2": weight([6, 2, 2], 3), "w3": weight([5, 6], 4)})
    model("open_size", 13, node("MaxPool", "x", kernel_shape=[2, 2]), {"x": [1, 2, 5, 4]}, open_inputs={"x": ["N", 2, "H", "W"]})
    model("element_types", 13, [node("Cast", "i", "f", to=1), node("Add", "x f", "a"), node("Add", "a h", "b"), node("Add", "b d")], {"x": [4]},
          {"i": np.array([1, -2, 3, 4], dtype=np.int8), "h": np.array([0.5, -2.25, 1e-7, 65504], dtype=np.float16).astype(np.float32), "d": weight([4])})


def refused():
    """Models that import must refuse; the tests hold what is said about them."""
    x = {"x": [1, 2, 3, 4]}
    model("unsupported_list", 16, [
        node("Sigmoid", "x", "s"), node("LSTM", "s a b", "l", hidden_size=3), node("BatchNormalization", "x g g g g", "n", training_mode=1),
        node("MaxPool", "x", "m indices", kernel_shape=[1, 1]), node("Cast", "indices", "q", to=1), node("Conv", "l a", "v", mystery=3),
        node("Add", "n q", "o"), node("Add", "o v"),
    ], x, {"a": weight([2]), "b": weight([2]), "g": weight([2])}, run=False)
    model("unsupported_domain", 13, [helper.make_node("Gelu", ["x"], ["y"], domain="com.microsoft")], x, run=False)
    model("unsupported_opset", 6, node("Relu", "x"), x, run=False)
    model("unsupported_3d", 13, node("MaxPool", "x", kernel_shape=[2, 2, 2]), {"x": [1, 2, 5, 4, 3]}, run=False)
    model("unsupported_runtime_shape", 13, [node("Cast", "x", "i", to=7), node("Reshape", "x i")], {"x": [4]}, run=False)
    model("invalid_cycle", 13, [node("Add", "x b", "a"), node("Relu", "a", "b"), node("Relu", "b")], x, run=False)
    model("invalid_missing", 13, node("Add", "x nowhere"), x, run=False)
    model("invalid_duplicate", 13, [node("Relu", "x", "y"), node("Relu", "y", "y")], x, run=False)
    model("invalid_shape", 13, node("Reshape", "x s"), x, {"s": i64(5, 5)}, run=False)
    model("invalid_conv", 13, node("Conv", "x w"), x, {"w": weight([4, 3, 2, 2])}, run=False)
    model("unsorted", 13, [node("Relu", "h", "y"), node("Clip", "x lo", "h")], x, {"lo": scalar(-0.5)}, run=False)


if __name__ == "__main__":
    OUT.mkdir(parents=True, exist_ok=True)
    for old in OUT.glob("*.onnx"):
        old.unlink()
    for group in (windows, elementwise, products, movement, folding, refused):
        group()
    (OUT / "cases.json").write_text("{\n" + ",\n".join(f"{json.dumps(n)}:{json.dumps(c, separators=(',', ':'))}" for n, c in cases.items()) + "\n}\n")
    print(f"{len(list(OUT.glob('*.onnx')))} models, {len(cases)} with results, {sum(f.stat().st_size for f in OUT.iterdir())} bytes")
