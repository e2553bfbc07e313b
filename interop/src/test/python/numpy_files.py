"""Writes arrays with NumPy in every layout that the Java reader knows, or checks what Java wrote.

python numpy_files.py make FOLDER    FOLDER/*.npy, *.npz, refused-*.npy and expected.json (per file and array: dtype, shape,
                                     the elements' bytes in hexadecimal, row by row, little-endian)
python numpy_files.py check FOLDER   the same files, rewritten by Java: numpy.load gives what expected.json says

The files under src/test/resources/numpy/ were made by `make`, with the NumPy version in their folder's name.
"""

import io
import json
import os
import sys

import numpy as np

DTYPES = {
    "f2": "F16", "f4": "F32", "f8": "F64", "i1": "I8", "i2": "I16", "i4": "I32", "i8": "I64",
    "u1": "U8", "u2": "U16", "u4": "U32", "u8": "U64", "b1": "BOOL", "c8": "C64", "c16": "C128",
}


def values(shape, dtype):
    """Distinct values that fit every dtype."""
    count = int(np.prod(shape, dtype=np.int64))
    numbers = np.arange(count) % 113 - (0 if dtype.kind in "ub" else 50)
    if dtype.kind == "b":
        numbers = numbers % 3 == 0
    if dtype.kind == "c":
        numbers = numbers + 1j * (numbers + 0.25)
    if dtype.kind == "f":
        numbers = numbers / 4
    return np.asarray(numbers).astype(dtype).reshape(shape)


def arrays():
    for code in DTYPES:
        for order in "<>" if int(code[1:]) > 1 else "|":
            dtype = np.dtype(order + code)
            name = ("big-" if order == ">" else "") + code
            yield name, values((2, 3), dtype)
            yield name + "-fortran", np.asfortranarray(values((3, 2, 4), dtype))
    f4 = np.dtype("<f4")
    yield "scalar", values((), f4)
    yield "empty", values((0, 3), f4)
    yield "empty-fortran", np.asfortranarray(values((3, 0), f4))
    yield "vector", values((5,), f4)
    yield "deep", np.asfortranarray(values((2, 1, 3, 1, 2), np.dtype(">f8")))


def entry(array):
    little = array.astype(array.dtype.newbyteorder("<"))
    return {
        "dtype": DTYPES[array.dtype.kind + str(array.dtype.itemsize)],
        "shape": list(array.shape),
        "hex": little.tobytes("C").hex(),
    }


def make(folder):
    expected = {}
    every = dict(arrays())
    for name, array in every.items():
        np.save(os.path.join(folder, name + ".npy"), array)
        expected[name + ".npy"] = {"tensor": entry(array)}
    for version in (1, 2, 3):
        with open(os.path.join(folder, f"version{version}.npy"), "wb") as file:
            np.lib.format.write_array(file, every["f4"], version=(version, 0))
        expected[f"version{version}.npy"] = {"tensor": entry(every["f4"])}
    some = {name: every[name] for name in ("f4", "big-f8-fortran", "b1", "c8", "scalar", "empty")}
    some["a/b.weight"] = every["f4-fortran"]
    some["\u00e9"] = every["i8"]
    np.savez(os.path.join(folder, "stored.npz"), **some)
    np.savez_compressed(os.path.join(folder, "deflated.npz"), **some)
    np.savez(os.path.join(folder, "positional.npz"), every["f2"], every["u1"])
    for file in ("stored.npz", "deflated.npz"):
        expected[file] = {name: entry(array) for name, array in some.items()}
    expected["positional.npz"] = {"arr_0": entry(every["f2"]), "arr_1": entry(every["u1"])}
    refused = {
        "structured": np.zeros(2, dtype=[("a", "<f4"), ("b", "<i2")]),
        "object": np.array([{}, None], dtype=object),
        "text": np.array(["one", "three"]),
        "bytes": np.array([b"one", b"three"]),
        "date": np.array(["2020-01-01"], dtype="datetime64[D]"),
        "void": np.zeros(2, dtype="V2"),
    }
    if np.dtype(np.longdouble).itemsize > 8:
        refused["long-double"] = np.zeros(2, dtype=np.longdouble)
    for name, array in refused.items():
        np.save(os.path.join(folder, f"refused-{name}.npy"), array, allow_pickle=True)
    several = io.BytesIO()
    np.save(several, every["f4"])
    np.save(several, every["f4"])
    with open(os.path.join(folder, "refused-several.npy"), "wb") as file:
        file.write(several.getvalue())
    with open(os.path.join(folder, "expected.json"), "w") as file:
        json.dump({"numpy": np.__version__, "files": expected}, file, indent=0)
        file.write("\n")


def check(folder):
    with open(os.path.join(folder, "expected.json")) as file:
        expected = json.load(file)["files"]
    for name, wanted in expected.items():
        loaded = np.load(os.path.join(folder, name), allow_pickle=False)
        found = dict(loaded) if name.endswith(".npz") else {"tensor": loaded}
        assert list(found) == list(wanted), (name, list(found))
        for key, array in found.items():
            assert entry(array) == wanted[key], (name, key, entry(array), wanted[key])
    print(len(expected))


if __name__ == "__main__":
    {"make": make, "check": check}[sys.argv[1]](sys.argv[2])
