"""What real PyTorch writes and reads, for TorchSaveOracleTest.

    python torch_save.py make DIR       writes files of torch.save; prints {file: {tensor: [dtype, shape, sha256]}} as JSON
    python torch_save.py load FILE      loads with weights_only=True; prints {tensor: [dtype, shape, sha256]}
    python torch_save.py train IN OUT   loads a state dict into the net, trains it with SGD, saves it
    python torch_save.py script DIR     writes TorchScript of the net; prints its state dict
    python torch_save.py run IN         loads TorchScript, runs it, compares with the net of the same state dict; prints the state dict
"""

import collections
import hashlib
import json
import os
import sys
import warnings

import torch
from torch import nn

NAMES = {torch.float64: "F64", torch.float32: "F32", torch.float16: "F16", torch.bfloat16: "BF16", torch.int64: "I64",
         torch.int32: "I32", torch.int16: "I16", torch.int8: "I8", torch.uint8: "U8", torch.bool: "BOOL",
         torch.complex64: "C64", torch.complex128: "C128"}
for newer, name in (("float8_e4m3fn", "F8_E4M3"), ("float8_e5m2", "F8_E5M2"), ("uint16", "U16"), ("uint32", "U32"), ("uint64", "U64")):
    if hasattr(torch, newer):
        NAMES[getattr(torch, newer)] = name


class Net(nn.Module):
    def __init__(self):
        super().__init__()
        self.embed = nn.Embedding(11, 8)
        self.conv = nn.Conv2d(1, 4, 3)
        self.bn = nn.BatchNorm2d(4)
        self.fc1 = nn.Linear(8, 16)
        self.fc2 = nn.Linear(16, 8, bias=False)
        self.head = nn.Linear(8, 11, bias=False)
        self.head.weight = self.embed.weight

    def forward(self, x):
        h = self.fc2(torch.relu(self.fc1(self.embed(x))))
        return self.head(h) + self.bn(self.conv(torch.ones(2, 1, 5, 5))).mean()


def describe(tensor):
    t = tensor.detach()
    t = t.resolve_conj().resolve_neg() if hasattr(t, "resolve_neg") else t
    t = t.contiguous()
    raw = t.reshape(-1).view(torch.uint8).numpy().tobytes() if t.numel() else b""
    return [NAMES[t.dtype], list(t.shape), hashlib.sha256(raw).hexdigest()]


def flat(value, name="", out=None):
    out = {} if out is None else out
    if isinstance(value, torch.Tensor):
        out[name or "tensor"] = describe(value)
    elif isinstance(value, nn.Module):
        flat(value.state_dict(), name, out)
    elif isinstance(value, dict):
        for key, inner in value.items():
            flat(inner, f"{name}.{key}" if name else str(key), out)
    elif isinstance(value, (list, tuple)):
        for k, inner in enumerate(value):
            flat(inner, f"{name}.{k}" if name else str(k), out)
    return out


def numbers(shape, dtype):
    t = torch.arange(1, 1 + int(torch.tensor(shape).prod()) if shape else 2)[: None if shape else 1]
    return t.reshape(shape).to(torch.float32).to(dtype) if dtype.is_floating_point else t.reshape(shape).to(dtype)


def train(net, steps=40):
    torch.manual_seed(3)
    optimizer = torch.optim.SGD(net.parameters(), lr=0.05, momentum=0.9)
    for _ in range(steps):
        x = torch.randint(0, 11, (2, 6))
        optimizer.zero_grad()
        nn.functional.cross_entropy(net(x).reshape(-1, 11), x.reshape(-1)).backward()
        optimizer.step()
    return optimizer


def saved(folder, file, value, **options):
    """Saves an object and says what PyTorch itself reads back: 1.13 forgets that a tensor is conjugated."""
    path = os.path.join(folder, file)
    torch.save(value, path, **options)
    return flat(torch.load(path, weights_only=False))


def make(folder):
    torch.manual_seed(0)
    net = Net()
    optimizer = train(net, 3)
    base = torch.arange(24, dtype=torch.float32)
    objects = {
        "state_dict": net.state_dict(),
        "module": net,
        "lightning": {"epoch": 3, "state_dict": {"model." + k: v for k, v in net.state_dict().items()},
                      "optimizer_states": [optimizer.state_dict()], "hyper_parameters": {"lr": 0.1}},
        "optimizer": {"model": net.state_dict(), "optimizer": optimizer.state_dict()},
        "dtypes": {name: numbers([3, 5], dtype) for dtype, name in NAMES.items()},
        "views": {"whole": base, "transposed": base.reshape(4, 6).t(), "sliced": base[3:21:2], "strided": base.as_strided((3, 2), (5, 2), 1),
                  "expanded": base[:1].expand(4), "scalar": torch.tensor(2.5), "empty": torch.empty(0, 3),
                  "permuted": torch.randn(2, 3, 4, 5).permute(0, 2, 3, 1),
                  "channels_last": torch.randn(2, 3, 4, 5).contiguous(memory_format=torch.channels_last)},
        "complex": {"conj": torch.randn(3, 4, dtype=torch.complex64).conj(), "neg": torch.randn(4, dtype=torch.complex64).conj().imag},
        "parameter": nn.Parameter(torch.randn(3, 3)),
        "list": [torch.ones(2), {"a": torch.zeros(1)}, (torch.ones(1), 5)],
        "counter": collections.Counter({"a": 3}),
        "attribute": torch.ones(3),
        "half": net.half().state_dict(),
    }
    objects["attribute"].note = "a tensor with an attribute is saved by _rebuild_from_type_v2"
    out = {}
    for name, value in objects.items():
        for form in ("zip", "legacy"):
            if form == "legacy" and name == "dtypes":
                value = {k: v for k, v in value.items() if not k.startswith(("F8", "U16", "U32", "U64"))}
            file = f"{name}.{form}.pt"
            out[file] = saved(folder, file, value, _use_new_zipfile_serialization=form == "zip")
    for protocol in (3, 4, 5):
        file = f"protocol{protocol}.zip.pt"
        out[file] = saved(folder, file, objects["optimizer"], pickle_protocol=protocol)
    return out


def main():
    warnings.simplefilter("ignore")
    command, arguments = sys.argv[1], sys.argv[2:]
    if command == "make":
        print(json.dumps(make(arguments[0])))
    elif command == "load":
        print(json.dumps(flat(torch.load(arguments[0], weights_only=True))))
    elif command == "train":
        net = Net()
        net.load_state_dict(torch.load(arguments[0], weights_only=True))
        train(net)
        torch.save(net.state_dict(), arguments[1])
        print(json.dumps({"torch": torch.__version__}))
    elif command == "script":
        net = Net().eval()
        torch.jit.script(net).save(os.path.join(arguments[0], "scripted.pt"))
        print(json.dumps(flat(net.state_dict())))
    elif command == "run":
        script = torch.jit.load(arguments[0])
        net = Net().eval()
        net.load_state_dict(script.state_dict())
        x = torch.arange(6).reshape(1, 6)
        assert torch.equal(script.eval()(x), net(x)), "the script computes something else than the net"
        print(json.dumps(flat(script.state_dict())))


main()
