"""Trains small nets whose seed is known, for TorchSearchOracleTest: FOLDER receives <name>.pt, <name>.init.pt and, where the exporter is
there, <name>.onnx; one line a net: name, seed, draws before construction."""
import os
import sys
import warnings

import torch
from torch import nn

warnings.simplefilter("ignore")
torch.set_num_threads(1)
folder = sys.argv[1]


class LeNet(nn.Module):
    def __init__(self):
        super().__init__()
        self.conv1 = nn.Conv2d(1, 6, 5)
        self.conv2 = nn.Conv2d(6, 16, 5)
        self.fc1 = nn.Linear(256, 60)
        self.fc2 = nn.Linear(60, 10)

    def forward(self, x):
        x = torch.max_pool2d(torch.relu(self.conv1(x)), 2)
        x = torch.max_pool2d(torch.relu(self.conv2(x)), 2)
        return self.fc2(torch.relu(self.fc1(torch.flatten(x, 1))))


class Norms(nn.Module):
    def __init__(self):
        super().__init__()
        self.features = nn.Sequential(
            nn.Conv2d(1, 8, 3, bias=False), nn.BatchNorm2d(8), nn.ReLU(), nn.MaxPool2d(2),
            nn.Conv2d(8, 16, 3, bias=False), nn.BatchNorm2d(16), nn.ReLU(), nn.MaxPool2d(2))
        self.drop = nn.Dropout(0.3)
        self.classifier = nn.Linear(400, 10)

    def forward(self, x):
        return self.classifier(self.drop(torch.flatten(self.features(x), 1)))


class Sequences(nn.Module):
    def __init__(self):
        super().__init__()
        self.lstm = nn.LSTM(28, 24, 2, batch_first=True, bidirectional=True)
        self.fc = nn.Linear(48, 10)

    def forward(self, x):
        return self.fc(self.lstm(x[:, 0])[0][:, -1])


class Words(nn.Module):
    def __init__(self):
        super().__init__()
        self.embedding = nn.Embedding(300, 24, padding_idx=0)
        self.gru = nn.GRU(24, 32, batch_first=True)
        self.out = nn.Linear(32, 10)

    def forward(self, x):
        return self.out(self.gru(self.embedding(x))[0][:, -1])


class Encoder(nn.Module):
    def __init__(self):
        super().__init__()
        self.emb = nn.Embedding(300, 32)
        self.enc = nn.TransformerEncoder(nn.TransformerEncoderLayer(32, 4, 64, batch_first=True), 3)
        self.out = nn.Linear(32, 10)

    def forward(self, x):
        return self.out(self.enc(self.emb(x)).mean(1))


class NoBias(nn.Module):
    def __init__(self):
        super().__init__()
        self.net = nn.Sequential(
            nn.Flatten(), nn.Linear(784, 64, bias=False), nn.ReLU(), nn.Dropout(0.2),
            nn.Linear(64, 32, bias=False), nn.LayerNorm(32), nn.ReLU(), nn.Linear(32, 10, bias=False))

    def forward(self, x):
        return self.net(x)


class HeadFirst(nn.Module):
    def __init__(self):
        super().__init__()
        head = nn.Linear(64, 10)
        self.a = nn.Linear(784, 64)
        self.b = nn.Linear(64, 64)
        self.head = head

    def forward(self, x):
        return self.head(torch.relu(self.b(torch.relu(self.a(torch.flatten(x, 1))))))


class Anew(nn.Module):
    def __init__(self):
        super().__init__()
        self.fc1 = nn.Linear(784, 40)
        self.fc2 = nn.Linear(40, 30)
        self.fc3 = nn.Linear(30, 10)
        for layer in (self.fc1, self.fc2, self.fc3):
            nn.init.xavier_uniform_(layer.weight)
            nn.init.zeros_(layer.bias)

    def forward(self, x):
        x = torch.relu(self.fc1(torch.flatten(x, 1)))
        return self.fc3(torch.relu(self.fc2(x)))


class Kaiming(LeNet):
    def __init__(self):
        super().__init__()
        for layer in (self.conv1, self.conv2, self.fc1, self.fc2):
            nn.init.kaiming_normal_(layer.weight, mode="fan_out", nonlinearity="relu")
            nn.init.zeros_(layer.bias)


class Normal(LeNet):
    def __init__(self):
        super().__init__()
        for layer in (self.conv1, self.conv2, self.fc1, self.fc2):
            nn.init.normal_(layer.weight, 0, 0.05)


class InConstructor(nn.Module):
    def __init__(self):
        super().__init__()
        self.fc1 = nn.Linear(784, 40)
        nn.init.kaiming_uniform_(self.fc1.weight, nonlinearity="relu")
        self.fc2 = nn.Linear(40, 30)
        nn.init.kaiming_uniform_(self.fc2.weight, nonlinearity="relu")
        self.fc3 = nn.Linear(30, 10)
        nn.init.kaiming_uniform_(self.fc3.weight, nonlinearity="relu")

    def forward(self, x):
        x = torch.relu(self.fc1(torch.flatten(x, 1)))
        return self.fc3(torch.relu(self.fc2(x)))


def images(generator):
    return torch.randn(64, 1, 28, 28, generator=generator)


def words(generator):
    return torch.randint(1, 300, (64, 12), generator=generator)


def train(net, optimizer, batches, steps, seed):
    generator = torch.Generator().manual_seed(seed)
    for _ in range(steps):
        x = batches(generator)
        target = (x.float().flatten(1).sum(1).abs() * 7).long() % 10
        optimizer.zero_grad()
        nn.functional.cross_entropy(net(x), target).backward()
        optimizer.step()


def sgd(parameters):
    return torch.optim.SGD(parameters, lr=0.05, momentum=0.9)


def gentle(parameters):
    return torch.optim.SGD(parameters, lr=0.01)


def adam(parameters):
    return torch.optim.Adam(parameters, lr=1e-3)


def adamw(parameters):
    return torch.optim.AdamW(parameters, lr=1e-3, weight_decay=0.1)


CASES = [
    ("lenet", LeNet, images, sgd, 42, 0, 150),
    ("lenet_decay", LeNet, images, adamw, 407, 0, 200),
    ("lenet_later", LeNet, images, adam, 7, 12345, 150),
    ("norms", Norms, images, adam, 24, 777, 150),
    ("sequences", Sequences, images, adam, 133, 0, 80),
    ("words", Words, words, adam, 0, 0, 100),
    ("words_later", Words, words, sgd, 5, 60000, 100),
    ("encoder", Encoder, words, adam, 123, 0, 60),
    ("no_bias", NoBias, images, adam, 99, 0, 150),
    ("head_first", HeadFirst, images, sgd, 11, 0, 80),
    ("anew", Anew, images, sgd, 17, 0, 80),
    ("kaiming", Kaiming, images, gentle, 31, 0, 80),
    ("normal", Normal, images, gentle, 33, 500, 80),
    ("in_constructor", InConstructor, images, gentle, 35, 77, 80),
    ("unknown", LeNet, images, adam, 987654321, 0, 100),
]

for name, make, batches, optimizer, seed, before, steps in CASES:
    torch.manual_seed(seed)
    torch.rand(before)
    net = make()
    torch.save({key: value.clone() for key, value in net.state_dict().items()}, os.path.join(folder, name + ".init.pt"))
    train(net, optimizer(net.parameters()), batches, steps, seed + 1)
    torch.save(net.state_dict(), os.path.join(folder, name + ".pt"))
    ordered = net.state_dict()
    torch.save({key: ordered[key] for key in sorted(ordered)}, os.path.join(folder, name + ".sorted.pt"))
    net.eval()
    options = {"dynamo": False} if hasattr(torch.onnx, "ONNXProgram") else {}
    try:
        torch.onnx.export(net, batches(None)[:1], os.path.join(folder, name + ".onnx"), **options)
    except (ImportError, ModuleNotFoundError, RuntimeError, torch.onnx.OnnxExporterError if options else ValueError):
        pass  # the exporter needs packages that are not there
    print(name, seed, before)
