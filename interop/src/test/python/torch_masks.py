"""Real PyTorch's side of MaskOracleTest.

    python torch_masks.py make BEFORE AFTER       saves the state dict of a net before and after training; prints the version
    python torch_masks.py prune BEFORE AFTER MASKS THRESHOLD
                                                  gives every mask of a safetensors file to torch.nn.utils.prune.custom_from_mask
                                                  and checks what comes out; prints {parameter: kept} as JSON
"""

import json
import struct
import sys
import warnings

import torch
from torch import nn
from torch.nn.utils import prune


class Net(nn.Module):
    def __init__(self):
        super().__init__()
        self.embed = nn.Embedding(13, 6)
        self.conv = nn.Conv2d(1, 5, 3, groups=1)
        self.norm = nn.BatchNorm2d(5)
        self.body = nn.Sequential(nn.Linear(6, 17), nn.ReLU(), nn.Linear(17, 9, bias=False))
        self.head = nn.Linear(9, 9)

    def forward(self, tokens, image):
        return self.head(self.body(self.embed(tokens))) + self.norm(self.conv(image)).mean()


def make(before, after):
    torch.manual_seed(11)
    net = Net()
    torch.save(net.state_dict(), before)
    optimizer = torch.optim.SGD(net.parameters(), lr=0.3)
    for _ in range(4):
        optimizer.zero_grad()
        out = net(torch.randint(0, 7, (20,)), torch.randn(2, 1, 8, 8))  # tokens 7..12 never occur: their rows sleep
        nn.functional.cross_entropy(out, torch.randint(0, 9, (20,))).backward()
        optimizer.step()
    torch.save(net.state_dict(), after)
    return {"version": torch.__version__}


def read_safetensors(path):
    """The format by its description: u64 header length, JSON, data. Needs no library."""
    with open(path, "rb") as file:
        raw = file.read()
    (length,) = struct.unpack("<Q", raw[:8])
    header = json.loads(raw[8:8 + length])
    tensors = {}
    for name, entry in header.items():
        if name != "__metadata__":
            assert entry["dtype"] == "U8", entry
            begin, end = entry["data_offsets"]
            data = bytearray(raw[8 + length + begin:8 + length + end])
            tensors[name] = torch.frombuffer(data, dtype=torch.uint8).reshape(entry["shape"])
    try:
        from safetensors.torch import load_file
    except ImportError:
        return tensors
    loaded = load_file(path)
    assert loaded.keys() == tensors.keys()
    assert all(torch.equal(loaded[name], tensors[name]) for name in loaded)
    return tensors


def prune_all(before, after, masks_path, threshold):
    initial, trained = torch.load(before), torch.load(after)
    net = Net()
    net.load_state_dict(trained)
    masks = read_safetensors(masks_path)
    parameters = [name for name, _ in net.named_parameters()]
    assert sorted(masks) == sorted(name + "_mask" for name in parameters), sorted(masks)
    kept = {}
    for name in parameters:
        mask = masks[name + "_mask"]
        path, _, leaf = name.rpartition(".")
        module = net.get_submodule(path)
        assert not hasattr(module, leaf + "_mask")
        prune.custom_from_mask(module, leaf, mask)
        assert prune.is_pruned(module)
        if trained[name].dim() >= 2:
            moved = (trained[name] - initial[name]).abs() > torch.tensor(threshold, dtype=torch.float32)
            assert torch.equal(mask.bool(), moved), name
        assert torch.equal(getattr(module, leaf), trained[name] * mask), name
        kept[name] = int(mask.sum())
    state = net.state_dict()
    buffers = [name for name in trained if name not in parameters]
    assert sorted(state) == sorted(
        [n + "_orig" for n in parameters] + [n + "_mask" for n in parameters] + buffers), sorted(state)
    for name in parameters:
        assert torch.equal(state[name + "_orig"], trained[name]), name
        assert torch.equal(state[name + "_mask"].to(torch.uint8), masks[name + "_mask"]), name
    assert net(torch.randint(0, 7, (20,)), torch.randn(2, 1, 8, 8)).isfinite().all()
    for name in parameters:
        path, _, leaf = name.rpartition(".")
        prune.remove(net.get_submodule(path), leaf)
    assert sorted(net.state_dict()) == sorted(trained)
    for name in parameters:
        assert torch.equal(net.state_dict()[name], trained[name] * masks[name + "_mask"]), name
    return kept


if __name__ == "__main__":
    warnings.simplefilter("ignore")
    if sys.argv[1] == "make":
        print(json.dumps(make(*sys.argv[2:])))
    else:
        print(json.dumps(prune_all(*sys.argv[2:5], float(sys.argv[5]))))
