#!/usr/bin/env python3
"""Writes docs/generated/passes.md from the docstrings under src/passes, or checks it.

usage: pass_table.py [--check]

Fails where a pass shows no picture of before and after, or has no file of cases under tests/passes/data.
"""
import argparse
import re
import sys

from docstrings import ROOT, documented, publish

STAGES = {"kSimplify": "Simplify", "kRaise": "Raise", "kLayout": "Layout", "kFuse": "Fuse"}  # in the order in which they run


def section(name, p):
    picture = "\n".join(p.picture)
    return f"### {name}\n{p.prose}\n\n```\n{picture}\n```\n[{p.source}](../../{p.source})\n"


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--check", action="store_true", help="compare with the committed page instead of writing it")
    arguments = parser.parse_args()
    stages = {stage: [] for stage in STAGES}
    for name, p in sorted(documented("src/passes").items()):
        if not any("=>" in line for line in p.picture):
            sys.exit(f"pass {name}: its docstring has no picture `before => after`")
        if not (ROOT / "tests/passes/data" / f"{name}.txt").exists():
            sys.exit(f"pass {name}: there is no tests/passes/data/{name}.txt")
        stages[re.search(r"kStage = Stage::(\w+)", p.body)[1]].append(section(name, p))
    text = """# Passes
Made by tools/pass_table.py from the docstrings under src/passes. Do not edit.

Stages run in this order. The passes of a stage repeat together until none changes anything, so their order within it does not matter.
Each can be switched off by its name.
"""
    for stage, sections in stages.items():
        text += f"\n## {STAGES[stage]}\n" + "\n".join(sections)
    publish("passes.md", text, arguments.check)


if __name__ == "__main__":
    main()
