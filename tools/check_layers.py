#!/usr/bin/env python3
"""Checks that each folder of src/ includes only what its layer may, and that includes are spelt from src/.

usage: check_layers.py [SRC]
"""
import pathlib
import re
import sys

# A folder may include itself and what is listed. docs/architecture.md gives the reasons.
LAYERS = {
    "base": [],
    "ir": ["base"],
    "media": ["base"],
    "ops": ["base", "ir", "media"],
    "import": ["base", "ir", "ops"],
    "export": ["base", "ir", "ops", "import"],
    "passes": ["base", "ir", "ops"],
    "plan": ["base", "ir", "ops"],
    "backends": ["base", "ir", "ops", "plan"],
    "runtime": ["base", "ir", "ops", "plan"],
    "engine": ["base", "ir", "ops", "import", "passes", "plan", "backends", "runtime"],
    "api": ["base", "ir", "ops", "plan", "backends", "runtime", "engine"],
    "eval": ["base", "ir", "ops", "engine", "media"],
    "cli": ["base", "ir", "import", "export", "plan", "runtime", "engine", "eval", "media"],
}
INCLUDE = re.compile(r'^\s*#\s*include\s+"([^"]+)"')


def faults(source, src):
    layer = source.relative_to(src).parts[0]
    allowed = {layer, "temper", *LAYERS[layer]}
    for number, line in enumerate(source.read_text().splitlines(), 1):
        match = INCLUDE.match(line)
        if match and match[1].split("/")[0] not in allowed:
            yield f"{source}:{number}: {layer} may not include {match[1]}"


def main():
    src = pathlib.Path(sys.argv[1] if len(sys.argv) > 1 else pathlib.Path(__file__).parent.parent / "src")
    unknown = [d.name for d in src.iterdir() if d.is_dir() and d.name not in LAYERS]
    found = [f"{src / name}: a folder that no layer is given for" for name in unknown]
    for source in sorted(src.rglob("*")):
        if source.suffix in (".h", ".cc") and source.relative_to(src).parts[0] in LAYERS:
            found += faults(source, src)
    print("\n".join(found) if found else "layers: every include is allowed")
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main())
