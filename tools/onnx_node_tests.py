#!/usr/bin/env python3
"""Runs ONNX's own node tests (package onnx, version 1.16.0) and tells what became of them.

usage: onnx_node_tests.py [--build BUILD] [--folder NODE] [--filter TEXT] [--pick DATA]

Without --folder, the package is fetched by pip into a temporary folder. Each case is run by build/tests/onnx_test on the operators' definitions
and on the optimised graph. Ends with 1 where an answer is wrong, or where less than 95 % of the cases that inference touches pass.
--pick copies the smallest passing cases of each operator to DATA (tests/onnx/data): what the tests run without the package.
"""
import argparse
import collections
import os
import pathlib
import re
import shutil
import subprocess
import sys
import tempfile
import zipfile

PACKAGE = "onnx==1.16.0"
CASES = "onnx/backend/test/data/node"

# What inference does not touch, by name, and what it cannot be held to.
BEYOND = [
    ("training", re.compile(r"^(nllloss|sce|adam|adagrad|momentum|nesterov|training_dropout)|training_mode|dropout_random")),
    ("classical machine learning", re.compile(r"^ai_onnx_ml")),
    ("text", re.compile(r"^(strnormalizer|tfidf|string_split|regex)|STRING")),
    ("random numbers", re.compile(r"^bernoulli")),
    ("8-bit floats and 4-bit results", re.compile(r"FLOAT8|e4m3|e5m2|_to_U?INT4|^quantizelinear_u?int4")),
]


def fetch(folder):
    command = [sys.executable, "-m", "pip", "download", "--quiet", "--no-deps", "--only-binary", ":all:", "--dest", folder, PACKAGE]
    subprocess.run(command, check=True)
    wheel = next(pathlib.Path(folder).glob("onnx-*.whl"))
    with zipfile.ZipFile(wheel) as archive:
        archive.extractall(folder, [name for name in archive.namelist() if name.startswith(CASES)])
    return pathlib.Path(folder) / CASES


def run(build, node_tests, text):
    environment = dict(os.environ, TEMPER_ONNX_NODE_TESTS=str(node_tests))
    if text:
        environment["TEMPER_ONNX_NODE_FILTER"] = text
    program = [str(build / "tests/onnx_test"), "--gtest_filter=OnnxNodes.NoCase*"]
    output = subprocess.run(program, env=environment, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True).stdout
    rows = [line.split("\t") for line in output.splitlines()]
    return [row for row in rows if len(row) == 3 and row[0] in ("passed", "refused", "wrong", "disputed")]


def beyond(name):
    return next((what for what, pattern in BEYOND if pattern.search(name)), None)


def report(rows):
    touched = [row for row in rows if not beyond(row[1])]
    count = collections.Counter(row[0] for row in touched)
    for kind, name, note in touched:
        if kind != "passed":
            print(f"{kind}: {name}: {note}")
    passed, judged = count["passed"], count["passed"] + count["refused"] + count["wrong"]
    share = passed / judged if judged else 1
    print(f"\n{len(rows)} cases, {len(touched)} of them touched by inference: {passed} passed ({share:.1%} of {judged}), "
          f"{count['refused']} refused, {count['wrong']} wrong, {count['disputed']} disputed")
    fixed = sum("constant: " in row[2] for row in touched)
    print(f"{fixed} of those that pass were given inputs as constants that rules need when the model is read")
    for what, _ in BEYOND:
        kinds = collections.Counter(row[0] for row in rows if beyond(row[1]) == what)
        print(f"{what}: " + ", ".join(f"{number} {kind}" for kind, number in sorted(kinds.items())))
    wrong = sum(row[0] == "wrong" for row in rows)
    return 1 if wrong or share < 0.95 else 0


def pick(rows, node_tests, target, each=1, largest=4000):
    """The smallest cases of each operator, which the name of a case begins with."""
    families = collections.defaultdict(list)
    for kind, name, _ in rows:
        folder = node_tests / f"test_{name}"
        size = sum(file.stat().st_size for file in folder.rglob("*") if file.is_file())
        if kind == "passed" and size <= largest and "expanded" not in name and not beyond(name):
            families[re.match(r"(reduce_)?[a-z0-9]+(_[a-z]+)?", name)[0]].append((size, name))
    for cases in families.values():
        for _, name in sorted(cases)[:each]:
            shutil.copytree(node_tests / f"test_{name}", target / f"test_{name}", dirs_exist_ok=True)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--build", type=pathlib.Path, default=pathlib.Path("build"))
    parser.add_argument("--folder", type=pathlib.Path)
    parser.add_argument("--filter")
    parser.add_argument("--pick", type=pathlib.Path)
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory() as temporary:
        node_tests = arguments.folder or fetch(temporary)
        rows = run(arguments.build, node_tests, arguments.filter)
        if not rows:
            sys.exit("no case was run: is tests/onnx_test built?")
        if arguments.pick:
            pick(rows, node_tests, arguments.pick)
        return report(rows)


if __name__ == "__main__":
    sys.exit(main())
