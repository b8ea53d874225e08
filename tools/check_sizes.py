#!/usr/bin/env python3
"""Names the source files of more than 600 lines and the functions of more than 60: they may want to be split.

Only says so; never fails. A function is taken to run from a line that ends in `{`, whose indentation is at most two, to the next
line that closes at the same indentation.
"""
import pathlib
import re
import subprocess

ROOT = pathlib.Path(__file__).resolve().parent.parent
MOST_LINES = 600
MOST_FUNCTION_LINES = 60
NO_FUNCTION = re.compile(r"\s*(///|//|namespace|class|struct|enum|union|extern|\}|public|private|#)|.*=\s*\{$|template.*\bstruct\b")


def functions(lines):
    """(line number, length, first line) of what looks like a function."""
    for start, line in enumerate(lines):
        indent = len(line) - len(line.lstrip())
        if indent > 2 or not line.endswith("{") or "(" not in line or NO_FUNCTION.match(line):
            continue
        for end in range(start + 1, len(lines)):
            if lines[end].startswith(" " * indent + "}"):
                yield start + 1, end - start + 1, line.strip()
                break


def main():
    listed = subprocess.run(["git", "ls-files", "src", "tests", "include", "bench"], cwd=ROOT, check=True, stdout=subprocess.PIPE, text=True)
    for name in listed.stdout.split():
        if pathlib.Path(name).suffix not in (".cc", ".h", ".py") or not (ROOT / name).exists():
            continue
        lines = (ROOT / name).read_text().splitlines()
        if len(lines) > MOST_LINES:
            print(f"sizes: {name} has {len(lines)} lines")
        if name.endswith(".py"):
            continue
        for number, length, text in functions(lines):
            if length > MOST_FUNCTION_LINES:
                print(f"sizes: {name}:{number} has a function of {length} lines: {text[:60]}")


if __name__ == "__main__":
    main()
