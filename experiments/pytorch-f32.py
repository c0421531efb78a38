"""ResNet-20 in f32 by PyTorch on one thread, with the data, the schedule and the augmentation of `run.mjs cifar100`: what the 4-bit arms are held against.

Reads train.bin, train-labels.bin, test.bin, test-labels.bin (u8 NHWC, i32) from a folder and prints one line of JSON per epoch. Called by pytorch-f32.mjs.
"""
import json, sys, time
import numpy, torch
from torch import nn
from torch.nn import functional as F

folder, epochs, seed, classes = sys.argv[1], int(sys.argv[2]), int(sys.argv[3]), int(sys.argv[4])
BATCH, RATE, STEPS_AT = 128, 0.1, (0.5, 0.75)
torch.set_num_threads(1)
torch.manual_seed(seed)


class Block(nn.Module):
    """Two 3x3 convolutions and shortcut A, as ts/train/models/resnet-cifar.ts has them."""

    def __init__(self, inputs, channels, stride):
        super().__init__()
        self.conv1 = nn.Conv2d(inputs, channels, 3, stride, 1, bias=False)
        self.bn1 = nn.BatchNorm2d(channels)
        self.conv2 = nn.Conv2d(channels, channels, 3, 1, 1, bias=False)
        self.bn2 = nn.BatchNorm2d(channels)
        self.stride, self.more = stride, channels - inputs

    def forward(self, x):
        body = self.bn2(self.conv2(F.relu(self.bn1(self.conv1(x)))))
        if self.more > 0:
            x = F.pad(x[:, :, :: self.stride, :: self.stride], (0, 0, 0, 0, self.more // 2, self.more - self.more // 2))
        return F.relu(body + x)


class ResNet20(nn.Module):
    def __init__(self):
        super().__init__()
        self.conv1, self.bn1 = nn.Conv2d(3, 16, 3, 1, 1, bias=False), nn.BatchNorm2d(16)
        sizes = [(16, 16, 1), (16, 16, 1), (16, 16, 1), (16, 32, 2), (32, 32, 1), (32, 32, 1), (32, 64, 2), (64, 64, 1), (64, 64, 1)]
        self.blocks = nn.Sequential(*(Block(*size) for size in sizes))
        self.bn2, self.linear = nn.BatchNorm1d(64), nn.Linear(64, classes)
        for module in self.modules():
            if isinstance(module, nn.Conv2d):
                nn.init.kaiming_normal_(module.weight)

    def forward(self, x):
        x = self.blocks(F.relu(self.bn1(self.conv1(x))))
        return self.linear(self.bn2(x.mean((2, 3))))


def read(name):
    images = numpy.fromfile(f"{folder}/{name}.bin", dtype=numpy.uint8).reshape(-1, 32, 32, 3)
    return images, torch.from_numpy(numpy.fromfile(f"{folder}/{name}-labels.bin", dtype=numpy.int32).astype(numpy.int64))


def tensor(images):
    return torch.from_numpy(numpy.ascontiguousarray(images.transpose(0, 3, 1, 2))).float().div_(255).sub_(MEAN).div_(STD)


def augmented(images, generator):
    """Crops out of 4 black pixels around, and flips."""
    padded = numpy.pad(images, ((0, 0), (4, 4), (4, 4), (0, 0)))
    out = numpy.empty_like(images)
    for i, (top, left, flip) in enumerate(zip(generator.integers(0, 9, len(images)), generator.integers(0, 9, len(images)), generator.integers(0, 2, len(images)))):
        crop = padded[i, top : top + 32, left : left + 32]
        out[i] = crop[:, ::-1] if flip else crop
    return out


train, train_labels = read("train")
test, test_labels = read("test")
flat = train.reshape(-1, 3).astype(numpy.float64) / 255
MEAN, STD = (torch.tensor(values, dtype=torch.float32).view(1, 3, 1, 1) for values in (flat.mean(0), flat.std(0)))
generator = numpy.random.default_rng(seed)
model = ResNet20().to(memory_format=torch.channels_last)
optimizer = torch.optim.SGD(model.parameters(), lr=RATE, momentum=0.9, weight_decay=1e-4)
steps = len(train) // BATCH
for epoch in range(epochs):
    start, order, losses, right = time.time(), generator.permutation(len(train)), 0.0, 0
    model.train()
    for step in range(steps):
        at = (epoch * steps + step) / (epochs * steps)
        optimizer.param_groups[0]["lr"] = RATE * 0.1 ** sum(at >= bound for bound in STEPS_AT)
        chosen = order[step * BATCH : (step + 1) * BATCH]
        labels = train_labels[chosen]
        logits = model(tensor(augmented(train[chosen], generator)).to(memory_format=torch.channels_last))
        loss = F.cross_entropy(logits, labels)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        losses += loss.item()
        right += int((logits.argmax(1) == labels).sum())
    model.eval()
    with torch.no_grad():
        logits = torch.cat([model(tensor(test[i : i + 500]).to(memory_format=torch.channels_last)) for i in range(0, len(test), 500)])
        result = {"loss": F.cross_entropy(logits, test_labels).item(), "accuracy": float((logits.argmax(1) == test_labels).float().mean())}
    print(json.dumps({"epoch": epoch, "trainLoss": losses / steps, "trainAccuracy": right / (steps * BATCH), **result, "seconds": time.time() - start, "layers": []}), flush=True)
