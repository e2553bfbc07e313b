"""Writes archives of many kinds with the PyTorch that runs this, and what PyTorch itself says is in them.

    python torch_archives.py FOLDER [--golden | --read]

FOLDER/expected.json: for each file its format, the tensors of PyTorch's own state dict in its order as
[name, kind, dtype, shape, sha256 of the elements, row-major and little-endian], the hashes of constants that have to be
among the file's, and metadata. Kinds that this PyTorch does not know are left out. With --golden only the small files
are written that the repository holds, named by the version. With --read nothing is written but FOLDER/read.json: what this
PyTorch finds in the files that are there.
"""

import hashlib
import json
import os
import sys
import time
import warnings
from collections import OrderedDict

import torch
from torch import nn

warnings.filterwarnings("ignore")

DTYPES = {
    torch.float64: "F64", torch.float32: "F32", torch.float16: "F16", torch.bfloat16: "BF16", torch.int64: "I64",
    torch.int32: "I32", torch.int16: "I16", torch.int8: "I8", torch.uint8: "U8", torch.bool: "BOOL",
    torch.complex64: "C64", torch.complex128: "C128",
}
VERSION = torch.__version__.split("+")[0]
PLAN = '{"format":"detinit-plan/1"}'


def sha(tensor):
    tensor = tensor.detach().cpu().resolve_conj().contiguous().clone()
    raw = tensor.reshape(-1).view(torch.uint8) if tensor.numel() else torch.empty(0, dtype=torch.uint8)
    return hashlib.sha256(bytes(raw.tolist())).hexdigest()


def row(name, tensor, kind):
    return [name, kind, DTYPES[tensor.dtype], list(tensor.shape), sha(tensor)]


def rows(module):
    """The state dict, each entry with what named_parameters and named_buffers say of it."""
    parameters = set()
    for path, child in named(module, ""):
        parameters |= {path + name for name, value in child._parameters.items() if value is not None}
    return [row(n, t, "parameter" if n in parameters else "buffer") for n, t in module.state_dict().items()]


def named(module, prefix):
    yield prefix, module
    for name, child in module._modules.items():
        if child is not None:
            yield from named(child, prefix + name + ".")


class Block(nn.Module):
    def __init__(self, width):
        super().__init__()
        self.register_buffer("scale", torch.rand(width))
        self.fc = nn.Linear(width, width)
        self.norm = nn.BatchNorm1d(width)

    def forward(self, x):
        return self.norm(self.fc(x)) * self.scale


class Net(nn.Module):
    """Parameters after submodules, a shared submodule, tied weights, plain tensors that no state dict lists."""

    def __init__(self):
        super().__init__()
        self.first = Block(4)
        self.again = self.first
        self.blocks = nn.ModuleList([Block(4), Block(4)])
        self.named = nn.ModuleDict({"a": nn.Linear(4, 4, bias=False), "b": nn.ReLU()})
        self.tail = nn.Sequential(nn.Linear(4, 4), nn.Tanh(), nn.Linear(4, 2))
        self.tail[2].bias = nn.Parameter(torch.randn(2))
        self.tied = nn.Linear(4, 4)
        self.tied.weight = self.tail[0].weight
        self.gain = nn.Parameter(torch.randn(4))
        self.register_buffer("steps", torch.tensor(7))
        self.register_buffer("unsaved", torch.rand(3), persistent=False)
        self.plain = torch.rand(4)
        self.several = [torch.rand(1), torch.rand(2)]
        self.table = {"x": torch.rand(3)}
        self.number = 3

    def forward(self, x):
        x = self.again(self.first(x))
        for block in self.blocks:
            x = block(x)
        x = self.named["a"](x) * self.gain + self.plain + self.several[0] + self.table["x"].sum()
        return self.tail(self.tied(x)) + self.unsaved.sum() + self.steps


class Small(nn.Module):
    def __init__(self):
        super().__init__()
        self.fc = nn.Linear(5, 3)
        self.register_buffer("mean", torch.rand(3))
        self.offset = torch.rand(3)

    def forward(self, x):
        return self.fc(x) - self.mean + self.offset + torch.tensor([1.0, 2.0, 3.0])


def small():
    torch.manual_seed(7)
    return Small()


def net():
    torch.manual_seed(3)
    return Net().eval()


class Files:
    def __init__(self, folder):
        self.folder = folder
        self.expected = OrderedDict()

    def path(self, name):
        return os.path.join(self.folder, name)

    def add(self, name, kind, tensors, constants=(), metadata=None):
        self.expected[name] = {
            "format": kind, "tensors": tensors, "constants": [sha(t) for t in constants], "metadata": metadata or {},
        }

    def attempt(self, what, write):
        try:
            write()
        except Exception as e:  # a kind that this version does not have
            print("left out", what, type(e).__name__, str(e).splitlines()[:1])


def script(files, name, module, **options):
    torch.jit.save(module, files.path(name), **options)
    files.add(name, "torchscript", rows(torch.jit.load(files.path(name))))


def torchscript(files):
    script(files, "scripted.pt", torch.jit.script(net()))
    script(files, "traced.pt", torch.jit.trace(net(), torch.randn(2, 4)))
    script(files, "half.pt", torch.jit.script(small().half()))
    script(files, "bfloat16.pt", torch.jit.script(small().bfloat16()))
    script(files, "double.pt", torch.jit.script(small().double()))
    script(files, "lstm.pt", torch.jit.script(nn.LSTM(3, 4, num_layers=2, bidirectional=True)))
    script(files, "transformer.pt", torch.jit.trace(nn.TransformerEncoderLayer(8, 2, 16).eval(), torch.randn(2, 3, 8)))
    script(files, "conv.pt", torch.jit.script(nn.Sequential(nn.Conv2d(1, 2, 3), nn.BatchNorm2d(2), nn.PReLU())
                                              .to(memory_format=torch.channels_last)))
    torch.jit.save(torch.jit.script(small()), files.path("plan.pt"), _extra_files={"detinit.plan.json": PLAN})
    files.add("plan.pt", "torchscript", rows(torch.jit.load(files.path("plan.pt"))), metadata={"detinit.plan": PLAN})

    module = net()
    frozen = torch.jit.freeze(torch.jit.script(module))
    torch.jit.save(frozen, files.path("frozen.pt"))
    kept = [t for n, t in module.state_dict().items() if n in ("gain", "named.a.weight", "tail.2.weight")]
    files.add("frozen.pt", "torchscript", rows(torch.jit.load(files.path("frozen.pt"))), constants=kept)

    def lite():
        torch.jit.script(net())._save_for_lite_interpreter(files.path("lite.ptl"))
        files.add("lite.ptl", "torchscript", rows(torch.jit.load(files.path("lite.ptl"))))

    def quantised():
        converted = torch.quantization.quantize_dynamic(nn.Sequential(nn.Linear(4, 3), nn.LayerNorm(3)), {nn.Linear})
        torch.jit.save(torch.jit.script(converted), files.path("quantised.pt"))
        loaded = torch.jit.load(files.path("quantised.pt"))
        files.add("quantised.pt", "torchscript", [r for r in rows(loaded)])

    files.attempt("lite", lite)
    files.attempt("quantised", quantised)


def package(files):
    from torch import package as tp

    def write(name, pickles):
        with tp.PackageExporter(files.path(name)) as exporter:
            exporter.extern("**")
            for (pack, resource), value in pickles:
                exporter.save_pickle(pack, resource, value)
            exporter.save_text("notes", "readme.txt", "text")

    module = nn.Sequential(nn.Linear(4, 3), nn.BatchNorm1d(3))
    write("one.package.pt", [(("model", "model.pkl"), module)])
    files.add("one.package.pt", "torch-package", rows(module))
    shared = torch.rand(6)
    w, v = shared[:3], shared[3:].view(3, 1)
    write("two.package.pt", [(("a.b", "first.pkl"), module), (("a", "second.pkl"), {"w": w, "v": v})])
    first = [["a.b.first." + r[0]] + r[1:] for r in rows(module)]
    files.add("two.package.pt", "torch-package",
              first + [row("a.second.w", w, "parameter"), row("a.second.v", v, "parameter")])


def exported(program):
    """The signature names one of several tied tensors, so the tensors themselves are asked."""
    return [row(n, t, "parameter" if isinstance(t, nn.Parameter) else "buffer") for n, t in program.state_dict.items()]


def pt2(files):
    from torch.export import export

    def write(name, module, *inputs):
        path = files.path(name)
        torch.export.save(export(module, inputs), path, extra_files={"detinit.plan.json": PLAN})
        loaded = torch.export.load(path)
        constants = [t for t in loaded.constants.values() if isinstance(t, torch.Tensor)]
        plan = {"detinit.plan": PLAN} if "extra/detinit.plan.json" in records(path) else {}
        files.add(name, "pt2", exported(loaded), constants, plan)

    class Views(nn.Module):
        def __init__(self):
            super().__init__()
            whole = torch.randn(4, 6)
            self.turned = nn.Parameter(whole.t())
            self.part = nn.Parameter(whole[1:3, 2:5])
            self.register_buffer("mask", torch.rand(6) > 0.5)
            self.register_buffer("empty", torch.empty(0, 3))

        def forward(self, x):
            return x @ self.turned * self.part.sum() + self.mask.sum() + self.empty.sum()

    write("small.pt2", small(), torch.randn(2, 5))
    write("net.pt2", net(), torch.randn(2, 4))
    write("half.pt2", small().bfloat16(), torch.randn(2, 5).bfloat16())
    write("views.pt2", Views(), torch.randn(2, 6))

    def several():
        from torch.export.pt2_archive._package import package_pt2

        a, b = export(small(), (torch.randn(2, 5),)), export(small().double(), (torch.randn(2, 5).double(),))
        package_pt2(files.path("several.pt2"), exported_programs={"a": a, "b": b})
        all_rows = [["a." + r[0]] + r[1:] for r in exported(a)] + [["b." + r[0]] + r[1:] for r in exported(b)]
        files.add("several.pt2", "pt2", all_rows)

    files.attempt("several models", several)


def records(path):
    import zipfile

    with zipfile.ZipFile(path) as archive:
        return [name.split("/", 1)[-1] for name in archive.namelist()]


def flat(value, prefix=""):
    for key, item in value.items():
        if isinstance(item, dict):
            yield from flat(item, prefix + key + ".")
        elif isinstance(item, torch.Tensor):
            yield prefix + key, item


def distributed(files):
    import torch.distributed.checkpoint as dcp

    module = net()
    optimizer = torch.optim.Adam(module.parameters(), lr=0.1)
    module(torch.randn(3, 4)).sum().backward()
    optimizer.step()
    state = {"model": module.state_dict(), "step": 3, "note": ["text"], "turned": torch.randn(3, 5).t(),
             "half": torch.randn(7).half(), "scalar": torch.tensor(2.5), "none": torch.empty(0, 4),
             "part": torch.arange(24).reshape(4, 6)[1:3, 2:5]}

    def single():
        save = dict(storage_writer=dcp.FileSystemWriter(files.path("single.dcp")), no_dist=True)
        if hasattr(dcp, "save_state_dict") and not hasattr(dcp, "save"):
            dcp.save_state_dict(state, **save)
        else:
            dcp.save(state, **save)
        files.add("single.dcp", "pytorch-distributed", [row(n, t, "parameter" if t.is_floating_point()
                  and "running" not in n else "buffer") for n, t in flat(state)])

    def sharded():
        import torch.multiprocessing as mp

        context = mp.spawn(rank, (files.folder,), nprocs=4, join=False)
        deadline = time.time() + 120
        while not context.join(timeout=1):
            if time.time() > deadline:
                for process in context.processes:
                    process.kill()
                raise TimeoutError("the ranks did not meet")
        files.add("sharded.dcp", "pytorch-distributed", [row(n, t, "parameter" if t.is_floating_point() else "buffer")
                  for n, t in whole().items()])

    files.attempt("distributed", single)
    files.attempt("sharded", sharded)


def whole():
    torch.manual_seed(11)
    return OrderedDict(
        rows=torch.randn(10, 3), columns=torch.randn(3, 10), grid=torch.randn(5, 7), cube=torch.randn(3, 4, 5),
        copied=torch.randn(4), numbers=torch.arange(9).reshape(3, 3), uneven=torch.randn(3, 2), vector=torch.randn(5),
        half=torch.randn(6, 2).bfloat16())


def rank(number, folder):
    import torch.distributed as dist
    import torch.distributed.checkpoint as dcp
    from torch.distributed.device_mesh import init_device_mesh

    try:
        from torch.distributed.tensor import Replicate, Shard, distribute_tensor
    except ImportError:
        from torch.distributed._tensor import Replicate, Shard, distribute_tensor
    dist.init_process_group("gloo", init_method="file://" + os.path.abspath(folder) + "/meeting", rank=number, world_size=4)
    mesh = init_device_mesh("cpu", (2, 2))
    places = dict(
        rows=[Shard(0), Shard(0)], columns=[Shard(1), Replicate()], grid=[Shard(0), Shard(1)], cube=[Shard(1), Shard(2)],
        copied=[Replicate(), Replicate()], numbers=[Shard(0), Shard(1)], uneven=[Shard(0), Shard(0)],
        vector=[Replicate(), Shard(0)], half=[Shard(0), Shard(1)])
    state = OrderedDict((n, distribute_tensor(t, mesh, places[n])) for n, t in whole().items())
    state["epoch"] = 4
    dcp.save(state, storage_writer=dcp.FileSystemWriter(os.path.join(folder, "sharded.dcp")))
    dist.destroy_process_group()


def golden(files):
    """One small file of each kind."""
    name = "torch-" + VERSION
    torch.jit.save(torch.jit.script(small()), files.path(name + "-script.pt"))
    files.add(name + "-script.pt", "torchscript", rows(torch.jit.load(files.path(name + "-script.pt"))))

    def pack():
        from torch import package as tp

        module = nn.Sequential(OrderedDict(fc=nn.Linear(5, 3), norm=nn.BatchNorm1d(3)))
        with tp.PackageExporter(files.path(name + "-package.pt")) as exporter:
            exporter.extern("**")
            exporter.save_pickle("model", "model.pkl", module)
        files.add(name + "-package.pt", "torch-package", rows(module))

    def program():
        path = files.path(name + ".pt2")
        torch.export.save(torch.export.export(small(), (torch.randn(2, 5),)), path)
        loaded = torch.export.load(path)
        files.add(name + ".pt2", "pt2", exported(loaded), list(loaded.constants.values()))

    def folder():
        import torch.distributed.checkpoint as dcp

        path = files.path(name + "-single.dcp")
        state = {"model": small().state_dict(), "step": 3}
        writer = dcp.FileSystemWriter(path)
        (dcp.save if hasattr(dcp, "save") else dcp.save_state_dict)(state, storage_writer=writer, no_dist=True)
        files.add(name + "-single.dcp", "pytorch-distributed", [row(n, t, "parameter") for n, t in flat(state)])

    files.attempt("package", pack)
    files.attempt("export", program)
    files.attempt("distributed", folder)


def read(path):
    """The state dict that PyTorch itself reads."""
    if path.endswith(".pt2"):
        if os.path.basename(path).startswith("several"):
            from torch.export.pt2_archive._package import load_pt2

            programs = load_pt2(path).exported_programs
            return [[n + "." + r[0]] + r[1:] for n in programs for r in exported(programs[n])]
        return exported(torch.export.load(path))
    if path.endswith(".dcp"):
        import torch.distributed.checkpoint as dcp

        reader = dcp.FileSystemReader(path)
        items = reader.read_metadata().state_dict_metadata
        state = {n: torch.empty(m.size, dtype=m.properties.dtype) for n, m in items.items() if hasattr(m, "size")}
        dcp.load(state, storage_reader=reader, no_dist=True)
        return [row(n, t, "") for n, t in state.items()]
    if path.endswith("one.package.pt"):
        return rows(torch.package.PackageImporter(path).load_pickle("model", "model.pkl"))
    if path.endswith("two.package.pt"):
        importer = torch.package.PackageImporter(path)
        return ([["a.b.first." + r[0]] + r[1:] for r in rows(importer.load_pickle("a.b", "first.pkl"))]
                + [row("a.second." + n, t, "") for n, t in importer.load_pickle("a", "second.pkl").items()])
    return rows(torch.jit.load(path))


def main():
    folder = sys.argv[1]
    if "--read" in sys.argv:
        found = {name: read(os.path.join(folder, name)) for name in sorted(os.listdir(folder))}
        with open(os.path.join(folder, "read.json"), "w") as out:
            json.dump(found, out)
        return
    os.makedirs(folder, exist_ok=True)
    files = Files(folder)
    if "--golden" in sys.argv:
        golden(files)
    else:
        torchscript(files)
        files.attempt("package", lambda: package(files))
        files.attempt("export", lambda: pt2(files))
        files.attempt("distributed", lambda: distributed(files))
    with open(files.path("expected.json"), "w") as out:
        json.dump({"torch": torch.__version__, "files": files.expected}, out, indent=1)
        out.write("\n")
    print(torch.__version__, len(files.expected), "files")


if __name__ == "__main__":
    main()
