"""Records TensorFlow's answers for the operators of Temper, or says how they differ from those recorded."""

import argparse
import importlib
import json
import os
import sys

import numpy as np

from case import CASES
from recording import decode, record
from tf_api import tf

FAMILIES = (
    "elementwise casting conv nn fused arrays indexing blocks reductions linalg image detection "
    "control_flow tensor_lists rnn quantize rare"
).split()


def main():
    arguments = parse_arguments()
    for family in FAMILIES:
        importlib.import_module(family)
    check_unique()
    failures = []
    counts = {"same": 0, "new": 0, "changed": 0, "refused": 0}
    for op in sorted({c.op for c in CASES}):
        if arguments.only and op not in arguments.only:
            continue
        path = os.path.join(arguments.out, op + ".json")
        before = read(path)
        cases = [update(c, before.get(c.name), arguments, counts, failures) for c in CASES if c.op == op]
        if arguments.regen:
            write(path, op, [c for c in cases if c])
    report_strays(arguments)
    print("TensorFlow %s: %s" % (tf.__version__, ", ".join("%d %s" % (n, k) for k, n in counts.items())))
    return 1 if failures or (counts["changed"] and not arguments.regen) else 0


def parse_arguments():
    parser = argparse.ArgumentParser(prog="record", description=__doc__)
    parser.add_argument("--out", required=True, help="folder of the recorded cases, one JSON file an op")
    parser.add_argument("--only", nargs="+", metavar="OP", help="these ops alone")
    parser.add_argument("--regen", action="store_true", help="write what was recorded")
    parser.add_argument("--old", action="store_true", help="the cases that TensorFlow 1.15 records (run under it)")
    return parser.parse_args()


def check_unique():
    names = [str(c) for c in CASES]
    twice = sorted({n for n in names if names.count(n) > 1})
    if twice:
        sys.exit("cases of the same name: " + ", ".join(twice))


def update(case, before, arguments, counts, failures):
    """The record of `case`, made now if this TensorFlow is its recorder, else as it was."""
    if case.old != arguments.old:
        return before
    try:
        now = record(case)
    except Exception as error:  # TensorFlow refuses in many ways: any is reported, none stops the others
        counts["refused"] += 1
        failures.append(case)
        print("%s: %s: %s" % (case, type(error).__name__, reason(error)))
        return before
    if case.old:
        now["tensorflow"] = tf.__version__
    changes = differences(before, now) if before else []
    counts["new" if not before else "changed" if changes else "same"] += 1
    for change in changes:
        print("%s: %s" % (case, change))
    return now


def reason(error):
    """The first line of TensorFlow's message that says something."""
    lines = [line for line in str(error).strip().split("\n") if not line.startswith(("Graph execution", "Detected at"))]
    return " ".join(lines)[:300]


def differences(before, now):
    """Lines that say how a record differs from the one made before."""
    lines = ["another " + k for k in ("graph", "ops", "atol", "rtol", "inputs") if before[k] != now[k]]
    if list(before["outputs"]) != list(now["outputs"]):
        return lines + ["outputs %s were %s" % (list(now["outputs"]), list(before["outputs"]))]
    for key, tensor in now["outputs"].items():
        if tensor != before["outputs"][key]:
            lines.append("%s differs%s" % (key, distance(decode(before["outputs"][key]), decode(tensor))))
    return lines


def distance(a, b):
    if a.shape != b.shape or a.dtype != b.dtype:
        return ": %s %s was %s %s" % (b.dtype, b.shape, a.dtype, a.shape)
    if a.dtype.kind not in "fiu":
        return ""
    return " by at most %g" % np.nanmax(np.abs(a.astype(np.float64) - b.astype(np.float64)))


def report_strays(arguments):
    """Names the files that no case writes."""
    ops = {c.op + ".json" for c in CASES}
    for name in sorted(os.listdir(arguments.out)) if os.path.isdir(arguments.out) else []:
        if name not in ops:
            print("%s: no case writes it" % os.path.join(arguments.out, name))


def read(path):
    """The cases of a recorded file by name."""
    if not os.path.exists(path):
        return {}
    with open(path) as file:
        return {c["name"]: c for c in json.load(file)["cases"]}


def write(path, op, cases):
    """Writes the file in one rename, a case a line."""
    if not cases:
        return
    os.makedirs(os.path.dirname(path), exist_ok=True)
    lines = ",\n".join(json.dumps(c, separators=(",", ":")) for c in cases)
    with open(path + ".new", "w") as file:
        file.write('{"op":"%s","tensorflow":"2.21.0","cases":[\n%s\n]}\n' % (op, lines))
    os.replace(path + ".new", path)


if __name__ == "__main__":
    sys.exit(main())
