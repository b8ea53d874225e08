"""What the generators of docs/generated/ share: reading the docstrings of structs, and writing or checking a page."""
import itertools
import pathlib
import re
import sys

ROOT = pathlib.Path(__file__).resolve().parent.parent
STRUCT = re.compile(r"((?:^///[^\n]*\n)+)struct \w+[^;{]*\{(.*?)\};$", re.MULTILINE | re.DOTALL)
SENTENCE = re.compile(r"(?<!\.\.)[.](?= \[?[A-Za-z`\d]|$)")
NAME = re.compile(r'kName = "(\w+)"')


class Documented:
    """A struct with a kName: its docstring's prose as one line, its indented lines, its body, and where it stands."""

    def __init__(self, doc, body, source):
        lines = [line[3:] for line in doc.splitlines()]
        self.prose = " ".join(line.strip() for line in lines if not line.startswith("     "))
        self.announcement = " ".join(line.strip() for line in itertools.takewhile(lambda line: not line.startswith("     "), lines))
        self.picture = [line[5:] for line in lines if line.startswith("     ")]
        self.body = body
        self.source = source

    def first_sentence(self):
        """With the formula, where a colon announces it."""
        if self.announcement.endswith(":") and not SENTENCE.search(self.announcement):
            return f"{self.announcement} `{' '.join(line.strip() for line in self.picture)}`"
        found = SENTENCE.search(self.prose)
        return self.prose[: found.end()] if found else self.prose


def documented(*folders):
    """Every documented struct with a kName under these folders of the project, by that name."""
    found = {}
    for folder in folders:
        for path in sorted((ROOT / folder).rglob("*")):
            if path.suffix not in (".h", ".cc"):
                continue
            for doc, body in STRUCT.findall(path.read_text()):
                name = NAME.search(body)
                if name:
                    found[name[1]] = Documented(doc, body, path.relative_to(ROOT))
    return found


def cell(text):
    """Text for a cell of a Markdown table."""
    parts = " ".join(text.split()).replace("|", "\\|").split("`")
    parts[::2] = [part.replace("*", "\\*").replace("<", "&lt;") for part in parts[::2]]  # what is not code
    return "`".join(parts)


def publish(page, text, check):
    """Writes docs/generated/<page>, or with `check` fails where what is committed differs."""
    path = ROOT / "docs" / "generated" / page
    if not check:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    elif not path.exists() or path.read_text() != text:
        sys.exit(f"docs/generated/{page} is not what the sources say; `make docs` writes it anew")
    print(f"docs/generated/{page}: {'as the sources say' if check else 'written'}")
