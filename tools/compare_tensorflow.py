#!/usr/bin/env python3
"""Runs a frozen graph under Temper and under TensorFlow on the same arrays, and says how far apart the answers are.

usage: compare_tensorflow.py GRAPH.pb INPUT... [what to compare] [options]     (run with a Python that has tensorflow and pillow)

Each INPUT is one run: a .npy file or a picture (R, G, B, 0..255), given to the graph's first placeholder.
What to compare (default: the tensors that nothing consumes):
  --outputs a,b    these tensors
  --before-nms     the tensors before each NonMaxSuppression: boxes and scores, or, where it stands in a loop, what enters
                   the loop. Behind the first both are given TensorFlow's tensors of those before: near ties in a
                   suppression choose other boxes, and then all that follows is of other boxes
  --every          every tensor outside loops and branches, in order of computation; names the first that departs
  --feed-raw       gives TensorFlow's tensors of --before-nms to both, and asks for exactly equal selections and outputs,
                   as far as nothing else decides them
  --detections     detections of score >= --min-score found again, with the class, a score within 2e-3 and IoU >= 0.98; Temper's are
                   those of one `temper detect` over all pictures

A difference is the largest |Temper - TensorFlow| over the largest |TensorFlow|. Exit 1 where one is above --tolerance, where a
shape or a type is another, where --feed-raw finds any difference, or where the agreement is below --agreement.

examples:
  compare_tensorflow.py faster_rcnn.pb frames/*.png --before-nms
  compare_tensorflow.py ssd.pb a.jpg --batch 2 --temper-options "--backend reference"
  compare_tensorflow.py mtcnn.pb a.jpg --bgr --feed min_size=40 --feed factor=0.709 --feed thresholds=0.6,0.7,0.7
"""
import argparse
import json
import os
import shlex
import subprocess
import sys
import tempfile

os.environ.update(CUDA_VISIBLE_DEVICES="", TF_CPP_MIN_LOG_LEVEL="3")
import numpy as np
import tensorflow
from PIL import Image

from graph_def import Graph

tf = tensorflow.compat.v1
DETECTIONS = ["detection_boxes", "detection_scores", "detection_classes"]
ARGUMENT_LIMIT = 100000  # bytes of one command line argument; Linux takes 131072


def tensor_name(name):
    return name if ":" in name else name + ":0"


class Temper:
    def __init__(self, a, graph, folder):
        self.program, self.model, self.options = a.temper, a.graph, shlex.split(a.temper_options)
        self.graph, self.folder = graph, folder

    def command(self, *arguments):
        done = subprocess.run([self.program, *arguments, *self.options], stdout=subprocess.PIPE, stderr=subprocess.PIPE)
        if done.returncode:
            sys.exit("temper " + arguments[0] + " gave exit code %d: %s" % (done.returncode, done.stderr.decode()))

    def run(self, outputs, feeds):
        given = []
        needed = self.graph.behind(outputs, feeds)  # `temper run` refuses what the outputs do not need
        for i, (name, value) in enumerate((n, v) for n, v in feeds.items() if n.split(":")[0] in needed):
            path = os.path.join(self.folder, "in%d.npy" % i)
            np.save(path, value)
            given += ["--input", name + "=" + path]
        answers, wanted = {}, list(outputs)
        while wanted:
            part = [wanted.pop(0)]
            while wanted and sum(map(len, part)) + len(part) + len(wanted[0]) < ARGUMENT_LIMIT:
                part.append(wanted.pop(0))
            path = os.path.join(self.folder, "out.npz")
            self.command("run", self.model, *given, "--outputs", ",".join(part), "--output", path)
            with np.load(path) as z:
                answers.update(zip(part, [z[name] for name in part]))
        return answers

    def detect(self, pictures, min_score):
        path = os.path.join(self.folder, "found.json")
        self.command("detect", self.model, *pictures, "--no-draw", "--min-score", str(min_score - 0.01), "--json", path)
        with open(path) as f:
            return [image["detections"] for image in json.load(f)["images"]]


class TensorFlow:
    def __init__(self, definition, threads):
        graph = tf.Graph()
        with graph.as_default():
            tf.import_graph_def(definition, name="")
        config = tf.ConfigProto(intra_op_parallelism_threads=threads, inter_op_parallelism_threads=threads)
        self.session = tf.Session(graph=graph, config=config)

    def run(self, outputs, feeds):
        outputs = list(outputs)
        values = self.session.run([tensor_name(o) for o in outputs], {tensor_name(n): v for n, v in feeds.items()})
        return dict(zip(outputs, values))

    def can_give(self, name):
        node = self.session.graph.get_operation_by_name(name)
        return bool(node.outputs) and node.outputs[0].dtype in (tf.float32, tf.int32, tf.int64, tf.bool, tf.float64)


def difference(got, want):
    """Relative to the largest value; None for another shape or type; NaN and infinities must be at the same places."""
    if got.shape != want.shape or got.dtype != want.dtype:
        return None
    if got.dtype.kind not in "fiub":
        return 0.0 if np.array_equal(got, want) else np.inf
    g, w = got.astype(np.float64), want.astype(np.float64)
    finite = np.isfinite(w)
    if not np.array_equal(g[~finite], w[~finite], equal_nan=True):
        return np.inf
    largest = np.max(np.abs(w[finite]), initial=0.0)
    apart = np.max(np.abs(g[finite] - w[finite]), initial=0.0)
    return float(apart / largest) if largest else float(apart)


def report(ours, theirs, tolerance, quiet=False):
    """Prints one line a tensor and returns the names of those beyond the tolerance."""
    beyond = []
    for name, want in theirs.items():
        apart = difference(ours[name], want)
        if apart is None or not apart <= tolerance:
            beyond.append(name)
        if not quiet or name in beyond[:1]:
            text = "%.2e" % apart if apart is not None else "is %s%s" % (ours[name].dtype, list(ours[name].shape))
            print("  %-9s %s %s%s" % (text, name, want.dtype, list(want.shape)), flush=True)
    return beyond


def overlap(a, b):
    low, high = np.maximum(a[:2], b[:2]), np.minimum(a[2:], b[2:])
    shared = np.prod(np.maximum(high - low, 0))
    return shared / max(np.prod(a[2:] - a[:2]) + np.prod(b[2:] - b[:2]) - shared, 1e-12)


def found_again(ours, theirs, min_score):
    boxes, scores, classes = (theirs[name][0] for name in DETECTIONS)
    same = lambda d, i: (d["class_id"] == int(classes[i]) and abs(d["score"] - scores[i]) <= 2e-3
                         and overlap(np.array(d["box"]), boxes[i]) >= 0.98)
    wanted = [i for i in range(len(scores)) if scores[i] >= min_score]
    return sum(any(same(d, i) for d in ours) for i in wanted), len(wanted)


def array_of(path, placeholder, a):
    if path.endswith(".npy"):
        return np.load(path)
    picture = Image.open(path).convert("RGB")
    if a.size:
        picture = picture.resize(tuple(map(int, a.size.split("x"))), Image.BILINEAR)
    x = np.asarray(picture)[..., ::-1] if a.bgr else np.asarray(picture)
    x = x.astype(tf.as_dtype(placeholder.attr["dtype"].type).as_numpy_dtype) - np.array(a.mean.split(","), x.dtype)
    shape = placeholder.attr["shape"].shape
    if len(shape.dim) == 3 and not shape.unknown_rank:
        return x
    # A batch of different pictures: the picture, its mirror image, the picture again...
    return np.stack([x[:, ::-1] if i % 2 else x for i in range(a.batch)]) if a.batch else x[None][:0]


def value_of(text):
    if text.endswith(".npy"):
        return np.load(text)
    numbers = np.array([float(t) for t in text.split(",")], np.float32)
    return numbers if "," in text else numbers[0]


def compare(a, graph, temper, peer, feeds):
    """One input; returns whether all is as asked."""
    stages = list(graph.suppressions()) if a.feed_raw or a.before_nms else []
    if a.feed_raw:
        raw = peer.run([t for raw, _ in stages for t in raw], feeds)
        outputs = [t for t in [s for _, selected in stages for s in selected] + graph.ends() if graph.decided_by(raw, t)]
        fixed = {**feeds, **raw}
        return not report(temper.run(outputs, fixed), peer.run(outputs, fixed), 0)
    if a.before_nms:
        right, fixed = True, dict(feeds)
        for raw, _ in stages:
            theirs = peer.run(raw, fixed)
            right &= not report(temper.run(raw, fixed), theirs, a.tolerance)
            fixed.update(theirs)
        return right
    if a.every:
        outputs = [n for n in graph.in_order() if not graph.within[n] and peer.can_give(n)
                   and graph.nodes[n].op not in ("Const", "Placeholder")]
    else:
        outputs = a.outputs.split(",") if a.outputs else graph.ends()
    beyond = report(temper.run(outputs, feeds), peer.run(outputs, feeds), a.tolerance, quiet=a.every)
    if a.every:
        print("  %d tensors, %d beyond %g" % (len(outputs), len(beyond), a.tolerance))
    return not beyond


def main():
    p = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    p.add_argument("graph")
    p.add_argument("inputs", nargs="+")
    what = p.add_mutually_exclusive_group()
    what.add_argument("--outputs")
    for option in ("--before-nms", "--every", "--feed-raw", "--detections"):
        what.add_argument(option, action="store_true")
    p.add_argument("--feed", action="append", default=[], metavar="NAME=VALUE", help="for every run: a .npy, or numbers")
    p.add_argument("--batch", type=int, default=1, help="pictures a run: the picture, its mirror image and so on; 0: none")
    p.add_argument("--size", help="WIDTHxHEIGHT to resize pictures to")
    p.add_argument("--bgr", action="store_true", help="the order of a picture's channels")
    p.add_argument("--mean", default="0,0,0", help="taken from the channels of a picture")
    p.add_argument("--tolerance", type=float, default=1e-3)
    p.add_argument("--min-score", type=float, default=0.3, help="of the detections that must be found again")
    p.add_argument("--agreement", type=float, default=0, help="the share of detections that must be found again")
    p.add_argument("--threads", type=int, default=1, help="of TensorFlow")
    p.add_argument("--temper", default="build/temper")
    p.add_argument("--temper-options", default="", metavar="TEXT")
    a = p.parse_args()

    definition = tf.GraphDef()
    with open(a.graph, "rb") as f:
        definition.ParseFromString(f.read())
    graph, peer = Graph(definition), TensorFlow(definition, a.threads)
    first = graph.placeholders()[0]
    fixed = {name: value_of(value) for name, value in (f.split("=", 1) for f in a.feed)}
    right = True
    with tempfile.TemporaryDirectory() as folder:
        temper = Temper(a, graph, folder)
        detected = temper.detect(a.inputs, a.min_score) if a.detections else []
        for i, path in enumerate(a.inputs):
            feeds = {first.name: array_of(path, first, a), **fixed}
            print("%s %s" % (os.path.basename(path), list(feeds[first.name].shape)), flush=True)
            if a.detections:
                again, wanted = found_again(detected[i], peer.run(DETECTIONS, feeds), a.min_score)
                print("  %d of %d detections found again" % (again, wanted))
                right &= again >= a.agreement * wanted
            else:
                right &= compare(a, graph, temper, peer, feeds)
    sys.exit(0 if right else 1)


main()
