"""Trains a perceptron with PyTorch on batches that are given, and prints the weights after the last step.

Arguments: a folder. In: run.json (widths, optimizer, rates, ...), weights.f32 (initial weights in state-dict order), x.f32 and y.i32 (one batch
after the other). Out: trained.f32 in the order of weights.f32, and rates.json with the rates of PyTorch's own schedulers.
"""
import json
import pathlib
import sys

import numpy as np
import torch
from torch import nn

folder = pathlib.Path(sys.argv[1])
run = json.loads((folder / "run.json").read_text())
widths, batch, rates = run["widths"], run["batch"], run["rates"]
layers = []
for k in range(len(widths) - 1):
    layers.append(nn.Linear(widths[k], widths[k + 1]))
    if k < len(widths) - 2:
        layers.append(nn.ReLU())
model = nn.Sequential(*layers)
values = np.fromfile(folder / "weights.f32", dtype="<f4")
at = 0
with torch.no_grad():
    for p in model.parameters():
        p.copy_(torch.from_numpy(values[at : at + p.numel()].reshape(p.shape)))
        at += p.numel()
x = torch.from_numpy(np.fromfile(folder / "x.f32", dtype="<f4").reshape(len(rates), batch, widths[0]))
y = torch.from_numpy(np.fromfile(folder / "y.i32", dtype="<i4").reshape(len(rates), batch).astype(np.int64))
lr, wd = run["learningRate"], run["weightDecay"]


def make(parameters):
    if run["optimizer"] == "sgd":
        return torch.optim.SGD(parameters, lr=lr, momentum=run["momentum"], nesterov=run["nesterov"], weight_decay=wd)
    kind = {"adam": torch.optim.Adam, "adamw": torch.optim.AdamW}[run["optimizer"]]
    return kind(parameters, lr=lr, betas=(run["beta1"], run["beta2"]), eps=run["epsilon"], weight_decay=wd)


optimizer = make(model.parameters())
loss = nn.CrossEntropyLoss(label_smoothing=run["labelSmoothing"])
for k, rate in enumerate(rates):
    for group in optimizer.param_groups:
        group["lr"] = rate
    optimizer.zero_grad()
    loss(model(x[k]), y[k]).backward()
    if run["clipNorm"] > 0:
        nn.utils.clip_grad_norm_(model.parameters(), run["clipNorm"])
    optimizer.step()
np.concatenate([p.detach().numpy().ravel() for p in model.parameters()]).astype("<f4").tofile(folder / "trained.f32")


def course(scheduler, steps):
    """The rate of each step."""
    found = []
    for _ in range(steps):
        found.append(scheduler.optimizer.param_groups[0]["lr"])
        scheduler.optimizer.step()
        scheduler.step()
    return found


def sgd():
    return torch.optim.SGD([nn.Parameter(torch.zeros(1))], lr=1.0)


s = torch.optim.lr_scheduler
warm = sgd()
own = {
    "cosine": course(s.CosineAnnealingLR(sgd(), T_max=40), 40),
    "step:2:0.1": course(s.StepLR(sgd(), step_size=20, gamma=0.1), 40),  # 10 steps in an epoch
    "cosine after 8": course(
        s.SequentialLR(
            warm,
            [s.LinearLR(warm, start_factor=1 / 8, end_factor=1.0, total_iters=7), s.CosineAnnealingLR(warm, T_max=32)],
            milestones=[8],
        ),
        40,
    ),
}
(folder / "rates.json").write_text(json.dumps(own))
