"""What a PyTorch user would write: load two checkpoints, subtract, count. A server for AuditBenchmark.

Reads lines 'safetensors A B' or 'pt A B' from standard input and answers each with one line: how many weights moved by more than
1e-5, and the peak memory of this process in KiB. All threads of PyTorch are used.
"""

import resource
import sys

import torch
from safetensors.torch import load_file


def load(kind, path):
    return load_file(path) if kind == "safetensors" else torch.load(path, weights_only=True)


def moved(kind, trained, initial):
    w = load(kind, trained)
    w0 = load(kind, initial)
    return sum(int(((w[name] - w0[name]).abs() > 1e-5).sum()) for name in w)


for line in sys.stdin:
    kind, trained, initial = line.split()
    count = moved(kind, trained, initial)
    print(count, resource.getrusage(resource.RUSAGE_SELF).ru_maxrss, flush=True)
