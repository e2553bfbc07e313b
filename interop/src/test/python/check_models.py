"""onnx.checker and strict shape inference on every model of a folder, and the declared output shapes against the inferred."""

import pathlib
import sys

import onnx


def dims(value):
    return [d.dim_param or d.dim_value for d in value.type.tensor_type.shape.dim]


def without_declared(model):
    bare = onnx.ModelProto()
    bare.CopyFrom(model)
    for output in bare.graph.output:
        output.type.tensor_type.ClearField("shape")
    return bare


def compatible(declared, inferred):
    """Numbers must be equal; what grows with the batch may be called otherwise."""
    return len(declared) == len(inferred) and all(
        isinstance(d, str) or isinstance(i, str) or not i or d == i for d, i in zip(declared, inferred)
    )


checked = 0
for path in sorted(pathlib.Path(sys.argv[1]).glob("*.onnx")):
    try:
        onnx.checker.check_model(str(path), full_check=True)
        model = onnx.load(str(path))
        onnx.shape_inference.infer_shapes(model, check_type=True, strict_mode=True, data_prop=True)
        inferred = onnx.shape_inference.infer_shapes(
            without_declared(model), check_type=True, strict_mode=True, data_prop=True
        )
        for declared, found in zip(model.graph.output, inferred.graph.output):
            assert declared.type.tensor_type.elem_type == found.type.tensor_type.elem_type, declared.name
            if found.type.tensor_type.HasField("shape"):
                assert compatible(dims(declared), dims(found)), (dims(declared), dims(found))
    except Exception as error:
        raise SystemExit(f"{path.name}: {error}") from error
    checked += 1
print(checked)
