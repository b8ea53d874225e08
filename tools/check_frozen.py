#!/usr/bin/env python3
"""Holds what `temper freeze` writes against TensorFlow: the frozen graph loads and gives what the model itself gives there, and what `temper run` gives of the model.

usage: check_frozen.py [--temper build/temper] [--batch 2] MODEL[?OPTIONS OF FREEZE] ...

Needs TensorFlow 2, or 1.15 (which then loads frozen graphs and MetaGraphs only). Inputs are random numbers, the same each time. Prints a line a model: its
largest difference over 1 + the largest output, against both. Exit status 1 where one is above 1e-4 or does not run.
"""
import argparse
import json
import os
import pathlib
import subprocess
import sys
import tempfile
import zlib

os.environ.setdefault("CUDA_VISIBLE_DEVICES", "")
os.environ.setdefault("TF_ENABLE_ONEDNN_OPTS", "0")
os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
import numpy as np
import tensorflow as tf

tf1 = tf.compat.v1
LIMIT = 1e-4


def random_input(name, dtype, shape, batch):
    """Of unknown dims the first is `batch`, others are small; pictures are larger."""
    rng = np.random.default_rng(zlib.crc32(name.encode()))
    dims = [(batch if i == 0 else 160 if len(shape) == 4 else 3) if d is None else d for i, d in enumerate(shape)]
    if dtype == np.uint8:
        return rng.integers(0, 256, dims).astype(np.uint8)
    if np.issubdtype(dtype, np.integer):
        return rng.integers(0, 3, dims).astype(dtype)
    return rng.standard_normal(dims).astype(dtype)


def run_frozen(path, report, batch):
    graph = tf.Graph()
    with graph.as_default():
        definition = tf1.GraphDef()
        definition.ParseFromString(pathlib.Path(path).read_bytes())
        tf1.import_graph_def(definition, name="")
        with tf1.Session(graph=graph) as session:
            feeds = {}
            for port in report["inputs"]:
                tensor = graph.get_tensor_by_name(port["tensor"])
                shape = tensor.shape.as_list() if tensor.shape.rank is not None else []
                feeds[port["name"]] = random_input(port["name"], tensor.dtype.as_numpy_dtype, shape, batch)
            wanted = {port["name"]: port["tensor"] for port in report["outputs"]}
            given = {port["tensor"]: feeds[port["name"]] for port in report["inputs"]}
            return feeds, session.run(wanted, given)


def run_source(model, report, feeds):
    """What TensorFlow gives of the model itself: a SavedModel's folder or a MetaGraph."""
    path = pathlib.Path(model)
    graph = tf.Graph()
    with graph.as_default(), tf1.Session(graph=graph) as session:
        if path.is_dir() and (path / "saved_model.pb").exists():
            meta = tf1.saved_model.loader.load(session, ["serve"], str(path))
            signature = meta.signature_def.get("serving_default")
            inputs = {p["name"]: signature.inputs[p["name"]].name for p in report["inputs"]}
            outputs = {p["name"]: signature.outputs[p["name"]].name for p in report["outputs"]}
        elif path.suffix == ".meta":
            tf1.train.import_meta_graph(str(path), clear_devices=True).restore(session, str(path.with_suffix("")))
            inputs = {p["name"]: p["tensor"] for p in report["inputs"]}
            outputs = {p["name"]: p["tensor"] for p in report["outputs"]}
        else:
            return None
        return session.run(outputs, {inputs[name]: value for name, value in feeds.items()})


def difference(got, wanted):
    worst = 0.0
    for name, value in wanted.items():
        a, b = np.asarray(got[name], np.float64), np.asarray(value, np.float64)
        if a.shape != b.shape:
            return float("inf")
        if a.size:
            worst = max(worst, np.abs(a - b).max() / (1 + np.abs(b).max()))
    return worst


def check(temper, model, options, batch, folder):
    frozen = os.path.join(folder, "frozen.pb")
    done = subprocess.run([temper, "freeze", model, "-o", frozen, "--json", "-", *options, *(["--for-tensorflow", "1.15"] if tf.__version__.startswith("1.") else [])], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    if done.returncode != 0:
        return f"refused: {done.stderr.strip()}", True
    report = json.loads(done.stdout)
    feeds, answers = run_frozen(frozen, report, batch)
    try:
        source = run_source(model, report, feeds)
    except (ValueError, tf.errors.OpError):  # newer than this TensorFlow, or for a machine that this is not
        source = None
    against_source = None if source is None else difference(answers, source)
    arrays = [f"--input={name}={folder}/{i}.npy" for i, name in enumerate(feeds)]
    for i, value in enumerate(feeds.values()):
        np.save(f"{folder}/{i}.npy", value)
    outputs = ["--outputs", options[options.index("--outputs") + 1]] if "--outputs" in options else []
    done = subprocess.run([temper, "run", model, "-q", "--output", f"{folder}/y.npz", *arrays, *outputs], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    against_run = float("inf") if done.returncode != 0 else difference(dict(np.load(f"{folder}/y.npz")), answers)
    text = f"{report['frozen_nodes']} of {report['nodes']} nodes, {report['variables']} variables; model "
    text += "not run" if against_source is None else f"{against_source:.1e}"
    text += f", temper {against_run:.1e} {done.stderr.strip()}"
    return text, against_run <= LIMIT and (against_source is None or against_source <= LIMIT)


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--temper", default="build/temper")
    parser.add_argument("--batch", type=int, default=2)
    parser.add_argument("models", nargs="+")
    arguments = parser.parse_args()
    whole = True
    for text in arguments.models:
        model, _, options = text.partition("?")
        with tempfile.TemporaryDirectory() as folder:
            try:
                line, good = check(arguments.temper, model, options.split(), arguments.batch, folder)
            except Exception as error:  # TensorFlow's, of many types
                line, good = f"{type(error).__name__}: {str(error).splitlines()[0]}", False
        whole &= good
        print(f"{'ok ' if good else 'BAD'} {text}: {line}", flush=True)
    return 0 if whole else 1


if __name__ == "__main__":
    sys.exit(main())
