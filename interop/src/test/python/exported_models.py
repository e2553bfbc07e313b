"""Trains two small nets and saves each in every format; prints, as PyTorch counts them, how many weights moved.

A net with an embedding, products without bias (which exporters transpose and rename), a norm, and a convolutional net with batch
norms (which exporters fold). Usage: exported_models.py FOLDER
"""

import copy
import json
import os
import sys
import warnings

import torch
import torch.nn.functional as F
from torch import nn

warnings.filterwarnings("ignore")


class Attention(nn.Module):
    def __init__(self):
        super().__init__()
        self.emb = nn.Embedding(50, 16)
        self.q = nn.Linear(16, 16, bias=False)
        self.k = nn.Linear(16, 16, bias=False)
        self.fc1 = nn.Linear(16, 32)
        self.ln = nn.LayerNorm(32)
        self.fc2 = nn.Linear(32, 32)
        self.out = nn.Linear(32, 5, bias=False)

    def forward(self, x):
        h = self.emb(x)
        a = torch.softmax(self.q(h) @ self.k(h).transpose(1, 2) / 4, -1) @ h
        return self.out(F.relu(self.fc2(F.relu(self.ln(self.fc1(a))))))


class Convolutional(nn.Module):
    def __init__(self):
        super().__init__()
        self.conv1 = nn.Conv2d(1, 8, 3, padding=1)
        self.bn1 = nn.BatchNorm2d(8)
        self.conv2 = nn.Conv2d(8, 16, 3, padding=1, bias=False)
        self.bn2 = nn.BatchNorm2d(16)
        self.conv3 = nn.Conv2d(16, 16, 3, padding=1)
        self.fc = nn.Linear(16 * 49, 10)

    def forward(self, x):
        x = F.max_pool2d(F.relu(self.bn1(self.conv1(x))), 2)
        x = F.max_pool2d(F.relu(self.bn2(self.conv2(x))), 2)
        return self.fc(torch.flatten(F.relu(self.conv3(x)), 1))


def train(net, x, y):
    optimizer = torch.optim.SGD(net.parameters(), lr=0.05)
    for _ in range(40):
        optimizer.zero_grad()
        out = net(x)
        F.cross_entropy(out.reshape(-1, out.shape[-1]), y.reshape(-1)).backward()
        optimizer.step()


def export(net, x, path):
    names = []
    version = tuple(int(part) for part in torch.__version__.split("+")[0].split(".")[:2])
    torch.onnx.export(net, (x,), path + ".script.onnx", **({} if version < (2, 5) else {"dynamo": False}))
    names.append(".script.onnx")
    try:
        import onnxscript  # noqa: F401
        torch.onnx.export(net, (x,), path + ".dynamo.onnx", dynamo=True, verbose=False)
        names.append(".dynamo.onnx")
    except (ImportError, TypeError):
        pass
    return names


def save(net, x, path):
    state = net.state_dict()
    torch.save(state, path + ".pt")
    torch.save(state, path + ".legacy.pt", _use_new_zipfile_serialization=False)
    torch.save({"module." + key: value for key, value in state.items()}, path + ".parallel.pt")
    torch.save({"epoch": 3, "model_state_dict": {"_orig_mod." + key: value for key, value in state.items()}},
               path + ".compiled.pt")
    torch.jit.script(net).save(path + ".scripted.pt")
    names = [".pt", ".legacy.pt", ".parallel.pt", ".compiled.pt", ".scripted.pt"]
    try:
        from safetensors.torch import save_file
        save_file(state, path + ".safetensors")
        names.append(".safetensors")
    except ImportError:
        pass
    return names + export(net, x, path)


def main(folder):
    generator = torch.Generator().manual_seed(1)
    models = {
        "attention": (Attention, torch.randint(0, 40, (32, 6), generator=generator),
                      torch.randint(0, 5, (32, 6), generator=generator)),
        "convolutional": (Convolutional, torch.randn(16, 1, 28, 28, generator=generator),
                          torch.randint(0, 10, (16,), generator=generator)),
    }
    facts = {}
    for name, (module, x, y) in models.items():
        torch.manual_seed(7)
        net = module()
        initial = copy.deepcopy(net.state_dict())
        torch.save(initial, os.path.join(folder, name + ".initial.pt"))
        train(net, x, y)
        net.eval()
        moved = {key: int(((value - initial[key]).abs() > 1e-3).sum())
                 for key, value in net.state_dict().items()
                 if value.is_floating_point() and "running" not in key}
        facts[name] = {"files": save(net, x, os.path.join(folder, name)), "moved": moved}
    print(json.dumps(facts))


main(sys.argv[1])
