#!/usr/bin/env python3
"""Makes the files of this folder: trains the example network on Fashion-MNIST and cuts out the committed images.

Run it once with Debian's python3-torch (no other package is needed); node decompresses the brotli files:

    /usr/bin/python3 examples/fashion/make.py [--data DIR] [--epochs N]

It is not part of the build: the files it makes are in git.
"""
import argparse
import gzip
import pathlib
import struct
import subprocess
import time

import numpy as np
import torch
from torch import nn

HERE = pathlib.Path(__file__).resolve().parent
MEAN, STD = 0.286, 0.353
TRAIN_IMAGES, TEST_IMAGES, CALIBRATION_PER_CLASS, CLASSES = 5000, 1000, 10, 10


class Fashion(nn.Module):
    """2.4 million multiplications with one of everything: batch norm, residual add, depthwise, concat, both pools, dense."""

    def __init__(self):
        super().__init__()
        self.stem = conv(1, 16, 3)
        self.block1 = conv(16, 16, 3)
        self.block2 = conv(16, 16, 3)
        self.depthwise = conv(16, 16, 3, stride=2, groups=16)
        self.pointwise = conv(16, 32, 1)
        self.mix = conv(48, 64, 3)
        self.classify = nn.Linear(64, CLASSES)
        self.relu = nn.ReLU()
        self.pool = nn.MaxPool2d(2)
        self.mean = nn.AdaptiveAvgPool2d(1)

    def forward(self, x):
        x = self.pool(self.relu(self.stem(x)))
        x = self.relu(x + self.block2(self.relu(self.block1(x))))
        narrow = self.relu(self.pointwise(self.relu(self.depthwise(x))))
        x = torch.cat([narrow, self.pool(x)], 1)
        x = self.mean(self.relu(self.mix(x)))
        return self.classify(torch.flatten(x, 1))


def conv(inputs, outputs, kernel, stride=1, groups=1):
    return nn.Sequential(
        nn.Conv2d(inputs, outputs, kernel, stride=stride, padding=kernel // 2, groups=groups, bias=False),
        nn.BatchNorm2d(outputs),
    )


def read_idx(path):
    """An idx file under brotli or gzip, as numpy."""
    if path.suffix == ".br":
        script = "process.stdout.write(require('zlib').brotliDecompressSync(require('fs').readFileSync(process.argv[1])))"
        data = subprocess.run(["node", "-e", script, str(path)], check=True, stdout=subprocess.PIPE).stdout
    else:
        data = gzip.decompress(path.read_bytes())
    rank = data[3]
    shape = struct.unpack(f">{rank}I", data[4 : 4 + 4 * rank])
    return np.frombuffer(data, np.uint8, offset=4 + 4 * rank).reshape(shape)


def write_idx(name, array):
    header = struct.pack(f">HBB{array.ndim}I", 0, 8, array.ndim, *array.shape)
    (HERE / name).write_bytes(gzip.compress(header + array.tobytes(), 9, mtime=0))


def normalise(images):
    return ((torch.from_numpy(images.copy()).float() / 255) - MEAN).div_(STD).unsqueeze_(1)


def train(images, labels, epochs, batch=128):
    model = Fashion()
    steps = epochs * (len(images) // batch)
    optimizer = torch.optim.AdamW(model.parameters(), weight_decay=1e-2)
    schedule = torch.optim.lr_scheduler.OneCycleLR(optimizer, max_lr=1e-2, total_steps=steps, pct_start=0.25)
    loss_of = nn.CrossEntropyLoss(label_smoothing=0.05)
    start = time.time()
    for epoch in range(epochs):
        model.train()
        order = torch.randperm(len(images))
        total = 0.0
        for i in range(0, len(images) - batch + 1, batch):
            pick = order[i : i + batch]
            x = images[pick]
            x = torch.where(torch.rand(batch, 1, 1, 1) < 0.5, x.flip(3), x)
            loss = loss_of(model(x), labels[pick])
            optimizer.zero_grad(set_to_none=True)
            loss.backward()
            optimizer.step()
            schedule.step()
            total += float(loss)
        print(f"epoch {epoch + 1}: loss {total * batch / len(images):.4f}, {time.time() - start:.0f} s", flush=True)
    return model.eval()


def accuracy(model, images, labels):
    with torch.no_grad():
        guesses = torch.cat([model(part).argmax(1) for part in images.split(500)])
    return float((guesses == labels).float().mean()) * 100


def export(model, path):
    """PRESERVE keeps BatchNormalization as nodes of its own: EVAL would fold them, and folding is our importer's job."""
    torch.onnx.export(
        model,
        torch.zeros(1, 1, 28, 28),
        str(path),
        opset_version=17,
        training=torch.onnx.TrainingMode.PRESERVE,
        do_constant_folding=False,
        input_names=["image"],
        output_names=["logits"],
        dynamic_axes={"image": {0: "N"}, "logits": {0: "N"}},
    )


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--data", type=pathlib.Path, default=HERE.parents[2] / "shared/data/fashion-mnist")
    parser.add_argument("--epochs", type=int, default=5)
    options = parser.parse_args()
    torch.manual_seed(1)
    torch.set_num_threads(1)

    train_images = read_idx(options.data / "train-images-idx3-ubyte.br")
    train_labels = read_idx(options.data / "train-labels-idx1-ubyte.gz")
    test_images = read_idx(options.data / "t10k-images-idx3-ubyte.br")
    test_labels = read_idx(options.data / "t10k-labels-idx1-ubyte.gz")

    of_class = [np.flatnonzero(train_labels == c)[:CALIBRATION_PER_CLASS] for c in range(CLASSES)]
    calibration = np.sort(np.concatenate(of_class))
    write_idx("calibration-images-idx3-ubyte.gz", train_images[calibration])
    write_idx("calibration-labels-idx1-ubyte.gz", train_labels[calibration])
    write_idx("train-images-idx3-ubyte.gz", train_images[:TRAIN_IMAGES])
    write_idx("train-labels-idx1-ubyte.gz", train_labels[:TRAIN_IMAGES])
    write_idx("test-images-idx3-ubyte.gz", test_images[:TEST_IMAGES])
    write_idx("test-labels-idx1-ubyte.gz", test_labels[:TEST_IMAGES])

    model = train(normalise(train_images), torch.from_numpy(train_labels.copy()).long(), options.epochs)
    x, y = normalise(test_images), torch.from_numpy(test_labels.copy()).long()
    print(f"test accuracy: {accuracy(model, x, y):.2f} % of 10,000, "
          f"{accuracy(model, x[:TEST_IMAGES], y[:TEST_IMAGES]):.1f} % of the first {TEST_IMAGES}")
    export(model, HERE / "model.onnx")


if __name__ == "__main__":
    main()
