"""
Writes tests/train/oracle/*.json: what training must compute, from PyTorch in double precision. Run by hand where torch is installed:

    /usr/bin/python3 scripts/training-oracle.py

networks.json: small float networks, their losses and parameters after five steps of SGD or Adam.
quantized-layers.json: one quantized layer of LBT (arXiv 2407.12637) inside a network that makes every gradient of it visible and the codes of
its output's gradient known in advance; see tests/train/oracle/quantized-layers.test.ts, which builds the same network.
quantized-network.json: four steps of a small residual network at 4/4/4 by LBT's released algorithm with the paper's start, its noise from SPEC 7.4.

All numbers that go in come from `pseudo_random`, which the tests compute too, so only results are stored.
"""
import json
import math
import os

import torch
import torch.nn.functional as F

FOLDER = os.path.join(os.path.dirname(__file__), "..", "tests", "train", "oracle")
torch.set_default_dtype(torch.float64)


def pseudo_random(count, salt):
    """Multiples of 2^-15 in [-1, 1)."""
    values = []
    for i in range(count):
        x = ((i + 1) * 2654435761 + salt * 2246822519) & 0xFFFFFFFF
        x = ((x ^ (x >> 15)) * 2246822519) & 0xFFFFFFFF
        x = ((x ^ (x >> 13)) * 3266489917) & 0xFFFFFFFF
        values.append((x >> 16) / 32768 - 1)
    return torch.tensor(values)


def filled(shape, salt, scale=1.0):
    return (pseudo_random(math.prod(shape), salt) * scale).reshape(shape)


def number(value):
    """Seven digits: half a unit in the last place of an f32, and small files."""
    return 0 if abs(value) < 1e-12 else float(f"{value:.7g}")


def numbers(tensor):
    return [number(value) for value in tensor.detach().flatten().tolist()]


# ---- float networks -------------------------------------------------------------------------------------------------------------


class Small(torch.nn.Module):
    """conv, batch norm, relu, max pool, linear"""

    shape = [8, 6, 6, 2]

    def __init__(self):
        super().__init__()
        self.conv = torch.nn.Conv2d(2, 4, 3, padding=1, bias=False)
        self.norm = torch.nn.BatchNorm2d(4)
        self.linear = torch.nn.Linear(36, 3)

    def forward(self, x):
        return self.linear(F.max_pool2d(F.relu(self.norm(self.conv(x))), 2).flatten(1))


class Wide(torch.nn.Module):
    """strides, groups, dilation, depthwise, biases, relu6, shortcut A, residual add, average pools, batch norm of features"""

    shape = [4, 7, 7, 3]

    def __init__(self):
        super().__init__()
        self.first = torch.nn.Conv2d(3, 4, 3, stride=1, padding=1)
        self.norm1 = torch.nn.BatchNorm2d(4)
        self.grouped = torch.nn.Conv2d(4, 6, 3, stride=2, padding=1, groups=2)
        self.depthwise = torch.nn.Conv2d(6, 6, 3, padding=2, dilation=2, groups=6)
        self.norm2 = torch.nn.BatchNorm2d(6)
        self.norm3 = torch.nn.BatchNorm1d(6)
        self.linear = torch.nn.Linear(6, 5)

    def forward(self, x):
        stem = F.relu(self.norm1(self.first(x)))
        body = self.norm2(self.depthwise(F.relu6(self.grouped(stem))))
        joined = F.relu(body + F.pad(stem[:, :, ::2, ::2], (0, 0, 0, 0, 1, 1)))
        pooled = F.avg_pool2d(joined, 3, stride=2, padding=1)
        return self.linear(self.norm3(pooled.mean((2, 3))))


def state(net):
    """Parameters by our names: running statistics are one array."""
    named = {}
    for name, value in net.state_dict().items():
        if name.endswith("running_mean"):
            variance = net.state_dict()[name.replace("running_mean", "running_var")]
            named[name.replace("running_mean", "running")] = torch.stack([value, variance]).clone()
        elif not name.endswith(("running_var", "num_batches_tracked")):
            named[name] = value.clone()
    return named


def float_case(name, kind, hyper, optimizer_of, smoothing):
    net = kind()
    for index, (key, parameter) in enumerate(net.named_parameters()):
        # Batch norm's weights lie about 1, so that ReLU sees both signs of everything.
        offset = 1.0 if "norm" in key and key.endswith("weight") else 0.0
        parameter.data = filled(list(parameter.shape), index + 1, 0.5) + offset
    batch, height, width, channels = kind.shape
    x = filled(kind.shape, 100).permute(0, 3, 1, 2)
    labels = torch.tensor([(i * 7 + 1) % net.linear.out_features for i in range(batch)])
    optimizer = optimizer_of(net.parameters())
    losses, after = [], {}
    for step in range(5):
        optimizer.zero_grad()
        logits = net(x)
        loss = F.cross_entropy(logits, labels, label_smoothing=smoothing)
        loss.backward()
        optimizer.step()
        losses.append(number(loss.item()))
        if step == 4 or (step == 0 and kind is Small):
            after[str(step + 1)] = {key: numbers(value) for key, value in state(net).items()}
    net.eval()
    evaluation = numbers(net(x))
    return {"name": name, "network": kind.__name__, "shape": kind.shape, "optimizer": hyper, "labelSmoothing": smoothing, "losses": losses, "after": after, "evaluation": evaluation}


def float_cases():
    sgd = {"kind": "sgd", "learningRate": 0.1, "momentum": 0.9, "weightDecay": 0.01, "nesterov": False}
    nesterov = {**sgd, "nesterov": True}
    adam = {"kind": "adam", "learningRate": 0.01, "beta1": 0.9, "beta2": 0.999, "epsilon": 1e-8, "weightDecay": 0.01}

    def sgd_of(options):
        return lambda parameters: torch.optim.SGD(parameters, lr=options["learningRate"], momentum=options["momentum"], weight_decay=options["weightDecay"], nesterov=options["nesterov"])

    def adam_of(parameters):
        return torch.optim.Adam(parameters, lr=adam["learningRate"], betas=(adam["beta1"], adam["beta2"]), eps=adam["epsilon"], weight_decay=adam["weightDecay"])

    return [
        float_case("small, SGD", Small, sgd, sgd_of(sgd), 0.0),
        float_case("wide, Nesterov, smoothed labels", Wide, nesterov, sgd_of(nesterov), 0.1),
        float_case("wide, Adam", Wide, adam, adam_of, 0.0),
    ]


# ---- one quantized layer ---------------------------------------------------------------------------------------------------------


def rounded(x):
    """Nearest, halves to even, with the gradient of the identity. Refuses ties, where f32 could fall on the other side."""
    margin = 4e-7 * x.detach().abs().max()
    assert ((x.detach() - x.detach().floor() - 0.5).abs() > margin).all(), "a tie: change a salt"
    return x + (torch.round(x) - x).detach()


def quantize_symmetric(w, s, bits):
    n = 2**bits - 2
    return s * (2 * rounded(((w / s + 1) / 2).clamp(0, 1) * n) / n - 1)


def quantize_unsigned(x, u, bits):
    n = 2**bits - 1
    return u * rounded((x / u).clamp(0, 1) * n) / n


# A linear layer is a convolution whose kernel is the picture.
LAYERS = [
    {"name": "3x3", "in": 16, "out": 16, "size": 6, "kernel": 3, "stride": 1, "padding": 1, "groups": 1, "bits": [4, 4, 4], "isSigned": False},
    {"name": "3x3, signed input", "in": 16, "out": 16, "size": 6, "kernel": 3, "stride": 1, "padding": 1, "groups": 1, "bits": [4, 4, 4], "isSigned": True},
    {"name": "3x3, few channels", "in": 5, "out": 7, "size": 5, "kernel": 3, "stride": 1, "padding": 1, "groups": 1, "bits": [4, 4, 4], "isSigned": False},
    {"name": "3x3, stride 2", "in": 16, "out": 32, "size": 6, "kernel": 3, "stride": 2, "padding": 1, "groups": 1, "bits": [4, 4, 4], "isSigned": False},
    {"name": "1x1, signed input", "in": 16, "out": 24, "size": 5, "kernel": 1, "stride": 1, "padding": 0, "groups": 1, "bits": [4, 4, 4], "isSigned": True},
    {"name": "1x1, stride 2", "in": 16, "out": 16, "size": 5, "kernel": 1, "stride": 2, "padding": 0, "groups": 1, "bits": [4, 4, 4], "isSigned": False},
    {"name": "depthwise 3x3", "in": 16, "out": 16, "size": 6, "kernel": 3, "stride": 1, "padding": 1, "groups": 16, "bits": [4, 4, 4], "isSigned": False},
    {"name": "depthwise 3x3, stride 2", "in": 16, "out": 16, "size": 6, "kernel": 3, "stride": 2, "padding": 1, "groups": 16, "bits": [4, 4, 4], "isSigned": False},
    {"name": "3x3, two groups", "in": 8, "out": 12, "size": 5, "kernel": 3, "stride": 1, "padding": 1, "groups": 2, "bits": [4, 4, 4], "isSigned": True},
    {"name": "3x3, 64 channels", "in": 64, "out": 64, "size": 7, "kernel": 3, "stride": 1, "padding": 1, "groups": 1, "bits": [4, 4, 4], "isSigned": False},
    {"name": "5x5, no padding", "in": 16, "out": 16, "size": 7, "kernel": 5, "stride": 2, "padding": 0, "groups": 1, "bits": [4, 4, 4], "isSigned": False},
    {"name": "3x2, all its numbers differ by axis", "in": 16, "out": 16, "size": 7, "kernel": [3, 2], "stride": [1, 2], "padding": [2, 1], "dilation": [2, 1], "groups": 1, "bits": [4, 4, 4], "isSigned": False},
    {"name": "grouped 2x3, all its numbers differ by axis", "in": 8, "out": 12, "size": 6, "kernel": [2, 3], "stride": [3, 1], "padding": [1, 0], "dilation": [1, 2], "groups": 4, "bits": [4, 4, 4], "isSigned": True},
    {"name": "linear", "in": 9, "out": 24, "size": 4, "kernel": 4, "stride": 1, "padding": 0, "groups": 1, "bits": [4, 4, 4], "isSigned": False, "isLinear": True},
    {"name": "linear, signed input", "in": 16, "out": 10, "size": 2, "kernel": 2, "stride": 1, "padding": 0, "groups": 1, "bits": [8, 8, 8], "isSigned": True, "isLinear": True},
    {"name": "3x3 of 2/3/5 bits", "in": 16, "out": 16, "size": 5, "kernel": 3, "stride": 1, "padding": 1, "groups": 1, "bits": [2, 3, 5], "isSigned": False},
    {"name": "3x3 of 8/8/4 bits", "in": 16, "out": 16, "size": 5, "kernel": 3, "stride": 1, "padding": 1, "groups": 1, "bits": [8, 8, 4], "isSigned": False},
    {"name": "3x3 of 8 bits", "in": 16, "out": 16, "size": 5, "kernel": 3, "stride": 1, "padding": 1, "groups": 1, "bits": [8, 8, 8], "isSigned": False},
    {"name": "3x3 of 8 bits, signed input", "in": 16, "out": 16, "size": 5, "kernel": 3, "stride": 1, "padding": 1, "groups": 1, "bits": [8, 8, 8], "isSigned": True},
    {"name": "5x4, strides 3 and 2", "in": 16, "out": 16, "size": 6, "kernel": [5, 4], "stride": [3, 2], "padding": [2, 1], "groups": 1, "bits": [4, 4, 4], "isSigned": False},
]
# No multiple of 2^-16 lies near a tie of 4 bits.
S = 0.4077
U = 0.6173


def sampled(tensor):
    """About a hundred values, and a weighted sum of all."""
    flat = tensor.detach().flatten()
    weights = pseudo_random(flat.numel(), 999)
    stride = max(1, flat.numel() // 100) | 1
    return {"stride": stride, "values": numbers(flat[::stride]), "weighted": number((flat * weights).sum().item()), "largest": number(flat.abs().max().item())}


def layer_case(layer):
    size, channels, out = layer["size"], layer["in"], layer["out"]
    weight_bits, activation_bits, gradient_bits = layer["bits"]
    x = filled([1, channels, size, size], 11).requires_grad_()
    kernel = layer["kernel"] if isinstance(layer["kernel"], list) else [layer["kernel"]] * 2
    w = filled([out, channels // layer["groups"], *kernel], 12, 0.5).requires_grad_()
    s = torch.tensor(S).requires_grad_()
    u = torch.tensor(U).requires_grad_()
    a = quantize_symmetric(x, u, activation_bits) if layer["isSigned"] else quantize_unsigned(F.relu(x), u, activation_bits)
    y = F.conv2d(a, quantize_symmetric(w, s, weight_bits), stride=layer["stride"], padding=layer["padding"], dilation=layer.get("dilation", 1), groups=layer["groups"])
    largest = 2 ** (gradient_bits - 1) - 1
    codes = torch.floor(pseudo_random(y.numel(), 13) * largest + 0.5)
    codes[0] = largest
    gradient = (codes / 1024).reshape(y.shape)
    y.backward(gradient)
    return {
        **layer,
        "weightInterval": S,
        "activationInterval": U,
        # The network adds 200 − (−200) between its two logits, and Σ gradient·y.
        "loss": float(f"{400 + (gradient * y).sum().item():.9g}"),
        "inputGradient": sampled(x.grad),
        "weightGradient": sampled(w.grad),
        "weightIntervalGradient": number(s.grad.item()),
        "activationIntervalGradient": number(u.grad.item()),
    }


# ---- whole steps of a quantized network -------------------------------------------------------------------------------------------


class Close(Exception):
    """A decision that f32 could take the other way: another seed is tried."""


def decided(distance, margin):
    if (distance.detach().abs() <= margin).any():
        raise Close


def philox(block, layer, step, seed):
    """SPEC 7.4, in int64."""
    mask = 0xFFFFFFFF
    zero = torch.zeros_like(block)
    counter, key = [block, zero + layer, zero + step, zero], list(seed)

    def product(a, factor):
        # Halves of the factor, so that nothing exceeds 63 bits.
        low, high = a * (factor & 0xFFFF), a * (factor >> 16)
        middle = (low >> 16) + high
        return middle >> 16, ((middle & 0xFFFF) << 16) | (low & 0xFFFF)

    for _ in range(7):
        (a_high, a_low), (b_high, b_low) = product(counter[0], 0xD2511F53), product(counter[2], 0xCD9E8D57)
        counter = [b_high ^ counter[1] ^ key[0], b_low, a_high ^ counter[3] ^ key[1], a_low]
        key = [(key[0] + 0x9E3779B9) & mask, (key[1] + 0xBB67AE85) & mask]
    return torch.stack(counter)


def noise_of(shape, layer, step, seed):
    """16 bits for each element of [n][c][h][w], addressed by its place in NHWC codes."""
    n, c, h, w = shape
    stride = 4 if c <= 4 else -(-c // 16) * 16
    p = (torch.arange(n * h * w).reshape(n, 1, h, w) * stride + torch.arange(c).reshape(1, c, 1, 1)).reshape(-1)
    words = philox(p // 32 * 4 + p % 4, layer, step, seed)
    half = p // 4 % 8
    word = words.gather(0, (half // 2).unsqueeze(0))[0]
    return ((word >> (half % 2 * 16)) & 0xFFFF).reshape(shape)


class QuantizeGradient(torch.autograd.Function):
    """Identity; its backward quantizes what comes back and remembers what it saw."""

    @staticmethod
    def forward(ctx, y, layer):
        ctx.layer = layer
        return y.clone()

    @staticmethod
    def backward(ctx, g):
        layer = ctx.layer
        layer.gradient = g.clone()
        c = layer.gamma * g.abs().max()
        step = c / 7
        t = (g / step).clamp(-7, 7) * 65536
        sums = torch.round(t) + noise_of(g.shape, layer.index, layer.step, layer.seed)
        decided((sums + 0.5) % 65536 - 0.5, 1.6)
        return step * torch.floor(sums / 65536), None


class QuantizedConv(torch.nn.Module):
    """LBT's layer at 4/4/4; intervals begin at the first batch."""

    def __init__(self, inputs, out, stride, index):
        super().__init__()
        self.weight = torch.nn.Parameter(torch.zeros(out, inputs, 3, 3))
        self.stride, self.index, self.gamma, self.interval = stride, index, 1.0, None

    def forward(self, x):
        if self.interval is None:
            self.interval = [(3 * self.weight.std()).detach().requires_grad_(), (3 * x.std() / math.sqrt(1 - 2 / math.pi)).detach().requires_grad_()]
        (s, u), w = self.interval, self.weight
        decided(x[x != 0] - u, 3e-6)
        decided(w.abs() - s, 1e-6)
        a = (x / u).clamp(0, 1) * 15
        k = ((w / s + 1) / 2).clamp(0, 1) * 14
        for t in (a, k):
            decided(t - t.detach().floor() - 0.5, 2e-5)
        a = u * (a + (torch.round(a) - a).detach()) / 15
        k = s * (2 * (k + (torch.round(k) - k).detach()) / 14 - 1)
        return QuantizeGradient.apply(F.conv2d(a, k, stride=self.stride, padding=1), self)


def decided_relu(x):
    decided(x, 3e-6)
    return F.relu(x)


class Residual(torch.nn.Module):
    shape = [4, 8, 8, 3]

    def __init__(self):
        super().__init__()
        self.stem = torch.nn.Conv2d(3, 16, 3, padding=1, bias=False)
        self.norm0 = torch.nn.BatchNorm2d(16)
        self.conv1 = QuantizedConv(16, 16, 1, 0)
        self.norm1 = torch.nn.BatchNorm2d(16)
        self.conv2 = QuantizedConv(16, 16, 1, 1)
        self.norm2 = torch.nn.BatchNorm2d(16)
        self.conv3 = QuantizedConv(16, 24, 2, 2)
        self.norm3 = torch.nn.BatchNorm2d(24)
        self.conv4 = QuantizedConv(24, 24, 1, 3)
        self.norm4 = torch.nn.BatchNorm2d(24)
        self.linear = torch.nn.Linear(24, 4)

    def forward(self, x):
        x = decided_relu(self.norm0(self.stem(x)))
        x = decided_relu(self.norm2(self.conv2(decided_relu(self.norm1(self.conv1(x))))) + x)
        y = self.norm4(self.conv4(decided_relu(self.norm3(self.conv3(x)))))
        x = decided_relu(y + F.pad(x[:, :, ::2, ::2], (0, 0, 0, 0, 4, 4)))
        return self.linear(x.mean((2, 3)))


# So large that a few of thousands are clipped.
ALPHA = 0.15


def first_gamma(magnitudes, target):
    """The search of the released code's first iteration (research/seeds-training 1.5)."""
    most, average, gamma, sign = magnitudes.max(), 0.0, 1000, -1
    while sign <= 0:
        average = 0.999 * average + 0.001 * (magnitudes > most * gamma / 1000).double().mean().item()
        sign = 1 if average > target else -1
        gamma += sign
    return min(max(gamma / 1000, 0.001), 1.0)


def network_case(seed):
    net = Residual()
    for index, (key, parameter) in enumerate(net.named_parameters()):
        offset = 1.0 if "norm" in key and key.endswith("weight") else 0.0
        parameter.data = filled(list(parameter.shape), index + 1, 0.5) + offset
    layers = [net.conv1, net.conv2, net.conv3, net.conv4]
    x = filled(Residual.shape, 100).permute(0, 3, 1, 2)
    labels = torch.tensor([(i * 7 + 1) % 4 for i in range(4)])
    target = ALPHA / 15
    weights = torch.optim.SGD(net.parameters(), lr=0.05, momentum=0.9, weight_decay=1e-3)
    intervals, steps = None, []
    for step in range(4):
        for layer in layers:
            layer.step, layer.seed = step, seed
        loss = F.cross_entropy(net(x), labels)
        intervals = intervals or torch.optim.Adam([i for layer in layers for i in layer.interval], lr=0.002)
        weights.zero_grad()
        intervals.zero_grad()
        loss.backward()
        steps.append({"loss": number(loss.item()), "layers": []})
        if step > 0:
            weights.step()
            intervals.step()
        for layer in layers:
            magnitudes = layer.gradient.abs()
            clip = layer.gamma * magnitudes.max()
            decided((magnitudes - clip)[magnitudes != magnitudes.max()], 2e-6 * clip.item())
            fraction = (magnitudes > clip).double().mean().item()
            steps[-1]["layers"].append({"maximum": number(magnitudes.max().item()), "gamma": layer.gamma, "clippedFraction": number(fraction)})
            if step == 0:
                layer.gamma = first_gamma(magnitudes, target)
            else:
                layer.gamma = min(max(layer.gamma + 0.001 * ((fraction > target) - (fraction < target)), 0.001), 1.0)
    after = {key: sampled(value) for key, value in state(net).items()}
    for layer in layers:
        name = f"conv{layer.index + 1}"
        after[f"{name}.weightInterval"], after[f"{name}.activationInterval"] = [sampled(interval) for interval in layer.interval]
    return {"seed": seed, "alpha": ALPHA, "steps": steps, "after": after}


def network_cases():
    for low in range(10000):
        try:
            return [network_case([low, 77])]
        except Close:
            pass
    raise RuntimeError("no seed without a close decision")


def write(name, cases):
    with open(os.path.join(FOLDER, name), "w") as file:
        lines = ",\n".join(json.dumps(case, separators=(",", ":")) for case in cases)
        file.write(f"[\n{lines}\n]\n")


if __name__ == "__main__":
    write("networks.json", float_cases())
    write("quantized-layers.json", [layer_case(layer) for layer in LAYERS])
    write("quantized-network.json", network_cases())
