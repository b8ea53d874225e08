#!/usr/bin/env python3
"""Writes docs/generated/operators.md, or checks it: what each operator is, and which recorded cases of TensorFlow test it.

usage: operator_table.py --dump build/tests/operator_dump [--check]

Fails where an operator, or a TensorFlow spelling that is imported, has no recorded case.
"""
import argparse
import json
import subprocess
import sys

from docstrings import cell, documented, publish

# Why an operator or a spelling has no case. Only what TensorFlow 1.15 and 2.21 cannot run, or has no op for, belongs here.
UNRECORDED_OPERATORS = {
    "identity": "no source format needs it: importers pass its input on. Graphs built by hand may hold it",
    **dict.fromkeys(
        ("decode_boxes", "gather_or_zero", "multiclass_nms"),
        "passes make it of what TensorFlow writes out; tests/passes holds it against that, bit by bit",
    ),
    **dict.fromkeys(
        ("classwise_non_max_suppression", "grid_sample", "resample", "roi_align"),
        "TensorFlow has no op of this meaning; ONNX has, and tests/ops holds it to numbers worked out by hand",
    ),
}
UNRECORDED_SPELLINGS = {
    "DepthwiseConv2d": "TensorFlow registers no op of this name; converters to other formats write it",
    "FusedDepthwiseConv2dNative": "TensorFlow registers no op of this name; converters to other formats write it",
    "Where3": "TensorFlow registers no op of this name; converters to other formats write it",
}

SHORT = {"float": "f", "bfloat": "bf", "int": "i", "uint": "u"}


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--dump", required=True, help="the program operator_dump")
    parser.add_argument("--check", action="store_true", help="compare with the committed page instead of writing it")
    arguments = parser.parse_args()
    dump = json.loads(subprocess.run([arguments.dump], check=True, stdout=subprocess.PIPE).stdout)
    docs = documented("src/ops", "src/ir")
    faults = find_faults(dump, docs)
    if faults:
        sys.exit("\n".join(faults))
    if dump["failures"]:
        print(f"{len(dump['failures'])} recorded cases cannot be imported and are not counted; golden_test names them")
    publish("operators.md", page(dump, docs), arguments.check)


def find_faults(dump, docs):
    faults = [f"operator {name}: has no docstring" for name in dump["operators"] if name not in docs]
    kinds = [("operators", "operator", UNRECORDED_OPERATORS), ("spellings", "TensorFlow op", UNRECORDED_SPELLINGS)]
    for table, what, excused in kinds:
        without = {name for name, use in dump[table].items() if use["cases"] == 0}
        faults += [f"{what} {name}: no recorded case reaches it" for name in sorted(without - set(excused))]
        faults += [f"{what} {name}: is excused from cases, but has some or is gone" for name in set(excused) - without]
    return faults


def short(dtype):
    """f32 for float32."""
    kind = dtype.rstrip("0123456789")
    return SHORT[kind] + dtype[len(kind):] if kind in SHORT else dtype


def spelt(name):
    return f"`{name}`"


def operator_rows(dump, docs):
    for name, use in sorted(dump["operators"].items()):
        sources = [spelt(s) for s in use["spellings"]]
        passes = [f"pass {p}" for p in use["passes"]] if not sources else []
        cases = str(use["cases"]) if use["cases"] else f"none: {UNRECORDED_OPERATORS[name]}"
        types = " ".join(short(d) for d in use["dtypes"])
        yield [f"[{name}](../../{docs[name].source})", cell(docs[name].first_sentence()), " ".join(sources + passes), types, cases]


def spelling_rows(dump):
    for name, use in sorted(dump["spellings"].items()):
        if not use["cases"] and name not in UNRECORDED_SPELLINGS:
            continue
        cases = str(use["cases"]) if use["cases"] else f"none: {UNRECORDED_SPELLINGS[name]}"
        yield [spelt(name), " ".join(use["operators"]) or "—", cases]


def table(head, rows):
    lines = ["| " + " | ".join(row) + " |" for row in [head, ["---"] * len(head), *rows]]
    return "\n".join(lines) + "\n"


def page(dump, docs):
    operators = table(["Operator", "Definition", "From TensorFlow's", "Input types", "Cases"], operator_rows(dump, docs))
    spellings = table(["TensorFlow op", "Operators", "Cases"], spelling_rows(dump))
    return f"""# Operators
Made by tools/operator_table.py from the sources and the cases recorded from TensorFlow (tests/golden/tensorflow). Do not edit.

## By operator
What each computes (the first sentence of its docstring; the whole is in the source, and the kernel there is the definition),
the TensorFlow ops that are imported as it, the types of the inputs it met in recorded cases (f32 is float32, bf16 bfloat16, u8 uint8,
and so on; inputs that say shapes and axes count too), and the number of cases whose graph it is in.

{operators}
## By TensorFlow op
The operators that its nodes became in recorded cases, and the number of cases that hold it. A dash: nothing is left of it, because
it passes its input on, is inlined, or only orders other nodes.

{spellings}"""


if __name__ == "__main__":
    main()
