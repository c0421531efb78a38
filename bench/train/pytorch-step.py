"""
Milliseconds of training steps in PyTorch, f32, one thread, as JSON on stdout: ResNet-20 as `resnet20` of dyadic/train, batch 128, channels last
(its faster layout), forward, backward and SGD.

    python3 pytorch-step.py STEPS
"""
import json
import resource
import sys
import time

import torch
import torch.nn.functional as F

torch.set_num_threads(1)
torch.manual_seed(1)
WARM_UP = 2


class Block(torch.nn.Module):
    def __init__(self, inputs, channels, stride):
        super().__init__()
        self.conv1 = torch.nn.Conv2d(inputs, channels, 3, stride, 1, bias=False)
        self.bn1 = torch.nn.BatchNorm2d(channels)
        self.conv2 = torch.nn.Conv2d(channels, channels, 3, 1, 1, bias=False)
        self.bn2 = torch.nn.BatchNorm2d(channels)
        self.added = (channels - inputs) // 2
        self.stride = stride

    def forward(self, x):
        body = self.bn2(self.conv2(F.relu(self.bn1(self.conv1(x)))))
        if self.stride > 1 or self.added > 0:
            x = F.pad(x[:, :, :: self.stride, :: self.stride], (0, 0, 0, 0, self.added, self.added))
        return F.relu(body + x)


class ResNet20(torch.nn.Module):
    def __init__(self, classes):
        super().__init__()
        self.conv1 = torch.nn.Conv2d(3, 16, 3, 1, 1, bias=False)
        self.bn1 = torch.nn.BatchNorm2d(16)
        sizes = [(16, 16, 1), (16, 32, 2), (32, 64, 2)]
        self.blocks = torch.nn.Sequential(*[Block(inputs if i == 0 else out, out, stride if i == 0 else 1) for inputs, out, stride in sizes for i in range(3)])
        self.bn2 = torch.nn.BatchNorm1d(64)
        self.linear = torch.nn.Linear(64, classes)

    def forward(self, x):
        return self.linear(self.bn2(self.blocks(F.relu(self.bn1(self.conv1(x)))).mean((2, 3))))


def switches():
    return resource.getrusage(resource.RUSAGE_SELF).ru_nivcsw


net = ResNet20(100).to(memory_format=torch.channels_last)
optimizer = torch.optim.SGD(net.parameters(), lr=0.1, momentum=0.9, weight_decay=1e-4)
inputs = torch.randn(128, 3, 32, 32).to(memory_format=torch.channels_last)
labels = torch.arange(128) % 100

times, losses = [], []
for step in range(WARM_UP + int(sys.argv[1])):
    before, start, processor = switches(), time.perf_counter(), time.process_time()
    optimizer.zero_grad()
    loss = F.cross_entropy(net(inputs), labels)
    loss.backward()
    optimizer.step()
    losses.append(loss.item())
    elapsed = time.perf_counter() - start
    # As ../peers/stopwatch.mjs: a step that others interrupted counts the processor time that it had.
    times.append((elapsed if switches() == before else min(elapsed, time.process_time() - processor)) * 1e3)

print(json.dumps({"version": torch.__version__, "milliseconds": times[WARM_UP:], "losses": [losses[0], losses[-1]]}))
