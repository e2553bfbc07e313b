"""PyTorch's own loop as its tutorials have it, for StepSpeed: a turn of steps for each line of input."""

import gzip
import sys
import time

import numpy
import torch
from torch import nn

model, batch, folder, steps = sys.argv[1], int(sys.argv[2]), sys.argv[3], int(sys.argv[4])
with gzip.open(folder + "/train-images-idx3-ubyte.gz") as file:
    pixels = numpy.frombuffer(file.read(), numpy.uint8, offset=16).reshape(-1, 1, 28, 28)
with gzip.open(folder + "/train-labels-idx1-ubyte.gz") as file:
    labels = numpy.frombuffer(file.read(), numpy.uint8, offset=8)
x = torch.from_numpy(pixels.astype(numpy.float32) / 255)
y = torch.from_numpy(labels.astype(numpy.int64))
if model.startswith("mlp:"):
    x = x.reshape(len(x), -1)
    widths = [int(width) for width in model[4:].split("-")]
    layers = []
    for inputs, outputs in zip(widths, widths[1:]):
        layers += [nn.Linear(inputs, outputs), nn.ReLU()]
    net = nn.Sequential(*layers[:-1])
else:
    net = nn.Sequential(
        nn.Conv2d(1, 6, 5, padding=2), nn.ReLU(), nn.MaxPool2d(2),
        nn.Conv2d(6, 16, 5), nn.ReLU(), nn.MaxPool2d(2), nn.Flatten(),
        nn.Linear(400, 120), nn.ReLU(), nn.Linear(120, 84), nn.ReLU(), nn.Linear(84, 10))
optimizer = torch.optim.SGD(net.parameters(), lr=0.1)
loss_of = nn.CrossEntropyLoss()
place, order = len(x), None
for _ in sys.stdin:
    start = time.perf_counter()
    total = torch.zeros(())
    for _ in range(steps):
        if place + batch > len(x):
            place, order = 0, torch.randperm(len(x))
        picked = order[place:place + batch]
        place += batch
        optimizer.zero_grad()
        loss = loss_of(net(x[picked]), y[picked])
        loss.backward()
        optimizer.step()
        total += loss.detach()
    mean = float(total) / steps
    print("ms", (time.perf_counter() - start) * 1e3, flush=True)
    assert mean < 2.3, mean
