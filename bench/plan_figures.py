#!/usr/bin/env python3
"""What plans of the two detectors come to: steps, time beside convolutions, memory, seconds to make them. Prints a table in Markdown.

usage: plan_figures.py --models DIR [--temper build/temper] [--picture P] [--frame F]
DIR holds ssd_mobilenet_v1_coco.pb and faster_rcnn_resnet101_kitti.pb; other *.pb there are measured for their arena.
"""
import argparse
import json
import pathlib
import subprocess
import sys
import tempfile


def run(temper, *arguments, **options):
    done = subprocess.run([temper, *map(str, arguments)], capture_output=True, text=True, **options)
    if done.returncode != 0:
        sys.exit(f"temper {' '.join(map(str, arguments))}: {done.stderr.strip()}")
    return done.stdout


def as_json(temper, *arguments):
    return json.loads(run(temper, *arguments, "-q", "--json", "-"))


def detector(temper, model, picture, threads, folder):
    """Figures of one detector on one picture."""
    plan = folder / (model.stem + ".plan")
    made = as_json(temper, "optimize", model, "-o", plan, "--threads", threads, "--timing-cache", "none")
    explained = as_json(temper, "explain", plan, "--image", picture, "--threads", threads)
    timed = as_json(temper, "bench", plan, "--image", picture, "--threads", threads)
    products = ("conv", "matmul", "conv_transpose")
    return {
        "steps": len(explained["steps"]),
        "ms beside convolutions and products": sum(s["ms"] for s in explained["steps"] if s["op"] not in products),
        "median ms": timed["median_ms"],
        "peak MB": timed["peak_rss_mb"],
        "foreseen MB": explained["predicted_peak_bytes"] / 2**20,
        "optimising: peak MB": made["peak_rss_mb"],
        "optimising: s": made["seconds"],
        "plan to first answer: ms": timed["load_ms"] + timed["first_ms"],
        "arena / lower bound": explained["arena_bytes"] / max(explained["arena_lower_bound_bytes"], 1),
    }


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--models", type=pathlib.Path, required=True)
    parser.add_argument("--temper", default="build/temper")
    parser.add_argument("--picture", default="models/pictures/cat.jpg")
    parser.add_argument("--frame", help="a picture of 1224x370 or so; the picture where it is not given")
    arguments = parser.parse_args()
    temper = arguments.temper
    with tempfile.TemporaryDirectory() as name:
        folder = pathlib.Path(name)
        ssd = detector(temper, arguments.models / "ssd_mobilenet_v1_coco.pb", arguments.picture, 1, folder)
        rcnn = detector(temper, arguments.models / "faster_rcnn_resnet101_kitti.pb", arguments.frame or arguments.picture, 2, folder)
        print("| what | ssd_mobilenet_v1_coco, 1 thread | faster_rcnn_resnet101_kitti, 2 threads |\n|---|---|---|")
        for what in ssd:
            print(f"| {what} | {ssd[what]:.6g} | {rcnn[what]:.6g} |")
        for model in sorted(arguments.models.glob("*.pb")):
            plan = folder / "any.plan"
            run(temper, "optimize", model, "-o", plan, "--tune", "off", "-q")
            explained = as_json(temper, "explain", plan, "--runs", 1)
            print(f"{model.name}: arena / lower bound {explained['arena_bytes'] / max(explained['arena_lower_bound_bytes'], 1):.4f}")


if __name__ == "__main__":
    main()
