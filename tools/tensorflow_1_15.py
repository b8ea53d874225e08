#!/usr/bin/env python3
"""Writes src/export/tensorflow_1_15.inc: what the op registry of TensorFlow 2.21 has beyond that of 1.15.

usage: PYTHON_1_15 tools/tensorflow_1_15.py dump OLD.json
       PYTHON_2_21 tools/tensorflow_1_15.py write OLD.json > src/export/tensorflow_1_15.inc
"""
import json
import os
import sys

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
from google.protobuf import text_format
from tensorflow.core.framework import op_def_pb2


def registry():
    """{op: {attribute: its default as text, or None}}"""
    try:
        from tensorflow.python.client import pywrap_tf_session as session
        session.TF_GetAllOpList
    except (ImportError, AttributeError):
        from tensorflow.python import pywrap_tensorflow as session
    ops = op_def_pb2.OpList()
    listed = session.TF_GetAllOpList()
    try:
        ops.ParseFromString(session.TF_GetBuffer(listed))
    except TypeError:
        ops.ParseFromString(listed)
    text = lambda a: text_format.MessageToString(a.default_value, as_one_line=True) if a.HasField("default_value") else None
    return {op.name: {a.name: text(a) for a in op.attr} for op in ops.op if not op.name.startswith("_")}


def main():
    new = registry()
    if sys.argv[1] == "dump":
        json.dump(new, open(sys.argv[2], "w"))
        return
    old = json.load(open(sys.argv[2]))
    print("// Made by tools/tensorflow_1_15.py: what TensorFlow 2.21 has and 1.15 has not.")
    print("constexpr std::string_view kNewerOps[] = {")
    line = "   "
    for op in sorted(set(new) - set(old)):
        word = f' "{op}",'
        if len(line) + len(word) > 158:
            print(line)
            line = "   "
        line += word
    print(line + "\n};")
    print("/// Operator, attribute, and its default as text.")
    print("constexpr std::array<std::string_view, 3> kNewerAttributes[] = {")
    for op in sorted(set(new) & set(old)):
        for attribute in sorted(set(new[op]) - set(old[op])):
            if new[op][attribute] is not None:
                print(f"    {{{json.dumps(op)}, {json.dumps(attribute)}, {json.dumps(new[op][attribute])}}},")
    print("};")


if __name__ == "__main__":
    main()
