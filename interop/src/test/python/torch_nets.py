"""Real PyTorch's side of StateDictOracleTest.

    python torch_nets.py FOLDER    makes nets with random parameters and running statistics, and saves of each NAME.pt, the state
                                   dict, NAME.safetensors, the same where that package is there, and NAME.npz, an input and what the
                                   net makes of it in eval mode; prints the version and the names as JSON
"""

import json
import sys

import numpy
import torch
from torch import nn

try:
    from safetensors.torch import save_file
except ImportError:
    save_file = None

STEPS, WIDTH = 5, 6


class Recurrent(nn.Module):
    def __init__(self, kind, **settings):
        super().__init__()
        self.rnn = kind(WIDTH, 4, batch_first=True, **settings)

    def forward(self, x):
        return self.rnn(x)[0]


class Attention(nn.Module):
    def __init__(self, bias):
        super().__init__()
        self.attn = nn.MultiheadAttention(8, 2, bias=bias, batch_first=True)

    def forward(self, x):
        return self.attn(x, x, x)[0]


class Encoder(nn.Module):
    """detinit's transformer:5x6-8-2-2-3."""

    def __init__(self):
        super().__init__()
        self.embed = nn.Linear(WIDTH, 8)
        layer = nn.TransformerEncoderLayer(8, 2, 32, dropout=0.0, batch_first=True, norm_first=True)
        self.encoder = nn.TransformerEncoder(layer, 2, norm=nn.LayerNorm(8), enable_nested_tensor=False)
        self.head = nn.Linear(8, 3)
        angle = torch.arange(STEPS)[:, None] / 10000 ** (torch.arange(0, 8, 2) / 8)
        self.positions = torch.stack([angle.sin(), angle.cos()], dim=2).reshape(STEPS, 8)

    def forward(self, x):
        return self.head(self.encoder(self.embed(x) + self.positions).mean(dim=1))


class Words(nn.Module):
    def __init__(self):
        super().__init__()
        self.words = nn.Embedding(11, 7)

    def forward(self, x):
        return self.words(x.long())


def nets():
    sequence = torch.randn(3, STEPS, WIDTH)
    for name, kind in ("lstm", nn.LSTM), ("gru", nn.GRU), ("rnn", nn.RNN):
        yield name, Recurrent(kind, num_layers=2), sequence
        yield name + "-bidirectional", Recurrent(kind, num_layers=2, bidirectional=True), sequence
        yield name + "-bidirectional-unbiased", Recurrent(kind, num_layers=2, bidirectional=True, bias=False), sequence
    yield "embedding", Words(), torch.randint(0, 11, (3, STEPS)).float()
    yield "linear-norm", nn.Sequential(
        nn.Linear(WIDTH, 9), nn.BatchNorm1d(9), nn.ReLU(), nn.Linear(9, 9), nn.BatchNorm1d(9)), torch.randn(4, WIDTH)
    yield "conv2d-norm", nn.Sequential(
        nn.Conv2d(3, 8, 3, padding=1), nn.BatchNorm2d(8), nn.ReLU(), nn.Conv2d(8, 8, (3, 1), stride=2, groups=4, bias=False),
        nn.BatchNorm2d(8)), torch.randn(2, 3, 8, 7)
    yield "layer-norm", nn.Sequential(nn.Linear(WIDTH, 8), nn.LayerNorm(8), nn.GELU(), nn.Linear(8, 8), nn.LayerNorm(8)), sequence
    yield "attention", Attention(True), torch.randn(3, STEPS, 8)
    yield "encoder", Encoder(), sequence
    yield "prelu", nn.Sequential(nn.Linear(WIDTH, 5), nn.PReLU(), nn.Linear(5, 5), nn.PReLU()), torch.randn(4, WIDTH)
    yield "prelu-channels", nn.Sequential(nn.Linear(WIDTH, 5), nn.PReLU(5)), torch.randn(4, WIDTH)
    yield "conv1d", nn.Sequential(nn.Conv1d(3, 6, 4, stride=2, padding=1), nn.Tanh(), nn.Conv1d(6, 4, 3, dilation=2)), torch.randn(
        2, 3, 20)
    yield "conv-transpose", nn.Sequential(
        nn.ConvTranspose2d(4, 4, (3, 2), stride=2, padding=1), nn.ReLU(), nn.ConvTranspose2d(4, 4, 2)), torch.randn(2, 4, 5, 4)
    yield "conv-transpose-other", nn.Sequential(nn.ConvTranspose2d(4, 6, 3)), torch.randn(2, 4, 5, 4)


def main(folder):
    torch.manual_seed(5)
    names = []
    for name, net, x in nets():
        net.eval()
        state = net.state_dict()
        for key, tensor in state.items():
            if key.endswith("running_var"):
                tensor.uniform_(0.5, 2)
            elif tensor.is_floating_point():
                tensor.uniform_(-0.7, 0.7)
        with torch.no_grad():
            y = net(x)
        torch.save(state, f"{folder}/{name}.pt")
        if save_file:
            save_file({key: tensor.contiguous() for key, tensor in state.items()}, f"{folder}/{name}.safetensors")
        numpy.savez(f"{folder}/{name}.npz", x=x.numpy(), y=y.numpy())
        names.append(name)
    print(json.dumps({"version": torch.__version__, "names": names}))


main(sys.argv[1])
