"""Writes the table of ONNX operators of io.detinit.interop.regenerate: for each, the oldest version of its schema from which a
node may be carried over to operator set 18 unchanged.

    python operator_versions.py TABLE

A node is carried over where both schemas have the same attributes with the same defaults (new ones optional), the same inputs and
outputs (new ones optional), and no fewer element types. What schemas do not say is in OVERRIDES, with the reason.
"""

import sys

import onnx.defs

TARGET = 18

OVERRIDES = {
    "BatchNormalization": (9, "with one output, the outputs of training went"),
    "Constant": (1, "the attribute value became one of several"),
    "Erf": (9, "integers went"),
    "PRelu": (7, "slopes were per channel, now they are broadcast"),
    "Resize": (13, "the second input was scales, and a coordinate mode went"),
    "RoiAlign": (16, "pixels are taken half a pixel apart by default"),
    "Split": (18, "a split into equal parts needs their number"),
}


def attribute(a):
    default = a.default_value
    return a.type.name, a.required, default.SerializeToString() if default and default.type else b""


def types(schema, name):
    for constraint in schema.type_constraints:
        if constraint.type_param_str == name:
            return set(constraint.allowed_type_strs)
    return {name}


def carries_over(old, new):
    for name, a in old.attributes.items():
        if name not in new.attributes or attribute(a) != attribute(new.attributes[name]):
            return False
    if any(a.required and name not in old.attributes for name, a in new.attributes.items()):
        return False
    for before, after in ((old.inputs, new.inputs), (old.outputs, new.outputs)):
        if len(before) > len(after):
            return False
        for x, y in zip(before, after):
            wider = x.option.name == "Single" and y.option.name == "Optional"
            if x.option != y.option and not wider:
                return False
            if not types(old, x.type_str) <= types(new, y.type_str):
                return False
        if any(y.option.name == "Single" for y in after[len(before):]):
            return False
    return True


def main(table):
    schemas = {}
    for schema in onnx.defs.get_all_schemas_with_history():
        if schema.domain == "" and schema.since_version <= TARGET:
            schemas.setdefault(schema.name, []).append(schema)
    with open(table, "w", newline="\n") as out:
        out.write("# made by operator_versions.py from the schemas of ONNX: operator, oldest version that means the same in 18\n")
        for name in sorted(schemas):
            history = sorted(schemas[name], key=lambda schema: -schema.since_version)
            newest = history[0]
            if newest.deprecated:
                continue
            oldest = newest.since_version
            for schema in history[1:]:
                if not carries_over(schema, newest):
                    break
                oldest = schema.since_version
            out.write("%s %d\n" % (name, OVERRIDES.get(name, (oldest, ""))[0]))


if __name__ == "__main__":
    main(sys.argv[1])
