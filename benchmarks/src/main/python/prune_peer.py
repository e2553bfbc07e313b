"""What people write to prune an ONNX model by magnitude: load, mask with NumPy, save. A server for PruneBenchmark.

Reads lines 'helper IN OUT T' or 'frombuffer IN OUT T' from standard input and answers each with one line: how many elements of the new
model's initializers are zero, and the peak memory of this process in KiB. The zeros are counted on the arrays that are saved.
"""

import resource
import sys

import numpy as np
import onnx
from onnx import numpy_helper


def helper(source, target, threshold):
    model = onnx.load(source)
    zeros = 0
    for initializer in model.graph.initializer:
        w = numpy_helper.to_array(initializer)
        w = np.where(np.abs(w) <= threshold, np.float32(0), w)
        zeros += w.size - np.count_nonzero(w)
        initializer.CopyFrom(numpy_helper.from_array(w, initializer.name))
    onnx.save(model, target)
    return zeros


def frombuffer(source, target, threshold):
    model = onnx.load(source)
    zeros = 0
    for initializer in model.graph.initializer:
        w = np.frombuffer(initializer.raw_data, np.float32)
        keep = np.abs(w) > threshold
        zeros += w.size - np.count_nonzero(keep)
        initializer.raw_data = (w * keep).tobytes()
    onnx.save(model, target)
    return zeros


KINDS = {"helper": helper, "frombuffer": frombuffer}

for line in sys.stdin:
    kind, source, target, threshold = line.split()
    count = KINDS[kind](source, target, np.float32(threshold))
    print(count, resource.getrusage(resource.RUSAGE_SELF).ru_maxrss, flush=True)
