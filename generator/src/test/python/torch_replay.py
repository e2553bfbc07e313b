"""Writes known answers of PyTorch's CPU generator and default initialisation.

Run as: python torch_replay.py > torch-replay-VERSION.json
"""

import hashlib
import json
import os
import subprocess
import sys
import warnings

MODULES = {
    "mlp": "nn.Sequential(nn.Linear(20, 12), nn.ReLU(), nn.Linear(12, 5, bias=False))",
    "cnn": "nn.Sequential(nn.Conv2d(3, 4, (3, 5)), nn.BatchNorm2d(4), nn.ReLU(), nn.Conv1d(4, 6, 3, groups=2))",
    "transpose": "nn.ConvTranspose3d(4, 6, (2, 3, 2), groups=2)",
    "embedding": "nn.Embedding(11, 7, padding_idx=3)",
    "small": "nn.ModuleList([nn.Embedding(3, 3), nn.Linear(2, 2), nn.EmbeddingBag(2, 4)])",
    "bilinear": "nn.Bilinear(3, 4, 5)",
    "rnn": "nn.RNN(4, 5, num_layers=2)",
    "lstm": "nn.LSTM(4, 5, num_layers=2, bidirectional=True, proj_size=3)",
    "gru": "nn.GRUCell(4, 5)",
    "attention": "nn.MultiheadAttention(18, 3, add_bias_kv=True, kdim=7, vdim=9)",
    "decoder": "nn.TransformerDecoder(nn.TransformerDecoderLayer(8, 2, dim_feedforward=12), 2)",
    "transformer": "nn.Transformer(8, 2, 2, 1, 12)",
}
CASES = [
    {"module": name, "seed": seed, "dtype": "float32"}
    for name in MODULES for seed in (0, 123456789, 2**33 + 7)
] + [
    {"module": name, "seed": 5, "dtype": dtype}
    for name in ("mlp", "cnn", "lstm") for dtype in ("float16", "bfloat16", "float64")
] + [
    {"module": "embedding", "seed": 5, "dtype": dtype} for dtype in ("float16", "bfloat16")
]


def answer(case):
    import torch
    from torch import nn
    warnings.simplefilter("ignore")
    torch.set_default_dtype(getattr(torch, case["dtype"]))
    torch.manual_seed(case["seed"])
    module = eval(MODULES[case["module"]])
    tensors = {}
    for name, tensor in module.state_dict().items():
        raw = tensor.detach().reshape(-1).view(torch.uint8).numpy().tobytes()
        tensors[name] = hashlib.sha256(raw).hexdigest()
    return dict(case, tensors=tensors)


if __name__ == "__main__":
    if len(sys.argv) > 1:
        print(json.dumps([answer(case) for case in CASES]))
    else:
        import torch
        out = {"torch": torch.__version__.split("+")[0].split("a")[0], "platform": "x86_64 Linux"}
        for key, capability in (("avx2", "avx2"), ("default", "default")):
            environment = dict(os.environ, ATEN_CPU_CAPABILITY=capability)
            out[key] = json.loads(subprocess.check_output([sys.executable, __file__, key], env=environment))
        print(json.dumps(out, indent=1))
