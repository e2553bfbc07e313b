"""Exports nets by both ONNX exporters, and compares masked nets with masked exports.

Usage: transferred_models.py export FOLDER   writes MODEL.pt and MODEL.EXPORTER.onnx; prints the exported files of each model
       transferred_models.py check FOLDER    reads MODEL.masks.safetensors and MODEL.EXPORTER.onnx.pruned.onnx; prints the largest
                                             difference of the outputs, and how far the masks changed the outputs at all
"""

import glob
import json
import os
import struct
import sys
import warnings

import torch
import torch.nn.functional as F
from torch import nn

warnings.filterwarnings("ignore")


class Convolutional(nn.Module):
    def __init__(self):
        super().__init__()
        self.conv1 = nn.Conv2d(1, 8, 3, padding=1)
        self.bn1 = nn.BatchNorm2d(8)
        self.conv2 = nn.Conv2d(8, 8, 3, padding=1, bias=False)
        self.bn2 = nn.BatchNorm2d(8)
        self.conv3 = nn.Conv2d(8, 8, 3, padding=1, bias=False)
        self.bn3 = nn.BatchNorm2d(8)
        self.up = nn.ConvTranspose2d(8, 8, 3, padding=1)
        self.bn4 = nn.BatchNorm2d(8)
        self.fc = nn.Linear(8 * 49, 10)

    def forward(self, x):
        x = F.max_pool2d(F.relu(self.bn1(self.conv1(x))), 2)
        x = F.max_pool2d(F.relu(self.bn3(self.conv3(F.relu(self.bn2(self.conv2(x)))))), 2)
        return self.fc(torch.flatten(F.relu(self.bn4(self.up(x))), 1))


class Sequence(nn.Module):
    def __init__(self):
        super().__init__()
        self.emb = nn.Embedding(30, 16)
        self.lstm = nn.LSTM(16, 12, bidirectional=True, batch_first=True)
        self.gru = nn.GRU(24, 12, batch_first=True)
        self.att = nn.MultiheadAttention(12, 3, batch_first=True)
        self.q = nn.Linear(12, 12, bias=False)
        self.k = nn.Linear(12, 12, bias=False)
        self.proj = nn.Linear(12, 16)
        self.out = nn.Linear(16, 30, bias=False)
        self.out.weight = self.emb.weight

    def forward(self, x):
        h, _ = self.lstm(self.emb(x))
        h, _ = self.gru(h)
        a, _ = self.att(h, h + 1, h, need_weights=False)
        return self.out(self.proj(F.relu(self.k(F.relu(self.q(a))))))


MODELS = {"convolutional": Convolutional, "sequence": Sequence}


def export(folder):
    torch.manual_seed(11)
    inputs = {"convolutional": torch.randn(4, 1, 28, 28), "sequence": torch.randint(0, 30, (4, 7))}
    exported = {}
    for name, module in MODELS.items():
        net, x = module(), inputs[name]
        with torch.no_grad():
            for parameter in net.parameters():
                parameter.add_(torch.randn_like(parameter) * 0.1)
            for _ in range(5):
                net(x)
        net.eval()
        path = os.path.join(folder, name)
        torch.save(net.state_dict(), path + ".pt")
        torch.save(x, path + ".x.pt")
        version = tuple(int(part) for part in torch.__version__.split("+")[0].split(".")[:2])
        torch.onnx.export(net, (x,), path + ".script.onnx", **({} if version < (2, 5) else {"dynamo": False}))
        exported[name] = [name + ".script.onnx"]
        try:
            import onnxscript  # noqa: F401
            torch.onnx.export(net, (x,), path + ".dynamo.onnx", dynamo=True, verbose=False)
            exported[name].append(name + ".dynamo.onnx")
        except (ImportError, TypeError):
            pass
    print(json.dumps(exported))


def masks(path):
    with open(path, "rb") as file:
        header = json.loads(file.read(struct.unpack("<Q", file.read(8))[0]))
        data = bytearray(file.read())
    found = {}
    for name, entry in header.items():
        if name != "__metadata__":
            start, end = entry["data_offsets"]
            found[name[:-len("_mask")]] = torch.frombuffer(data[start:end], dtype=torch.uint8).reshape(entry["shape"])
    return found


def check(folder):
    import onnxruntime
    results = {}
    for name, module in MODELS.items():
        path = os.path.join(folder, name)
        net, x = module().eval(), torch.load(path + ".x.pt")
        net.load_state_dict(torch.load(path + ".pt"))
        with torch.no_grad():
            before = net(x)
            parameters = dict(net.named_parameters())
            for key, mask in masks(path + ".masks.safetensors").items():
                parameters[key].mul_(mask)
            after = net(x)
        for file in sorted(glob.glob(path + ".*.pruned.onnx")):
            session = onnxruntime.InferenceSession(file, providers=["CPUExecutionProvider"])
            found = torch.from_numpy(session.run(None, {session.get_inputs()[0].name: x.numpy()})[0])
            results[os.path.basename(file)] = {"difference": float((found - after).abs().max()),
                                               "change": float((after - before).abs().max())}
    print(json.dumps(results))


{"export": export, "check": check}[sys.argv[1]](sys.argv[2])
