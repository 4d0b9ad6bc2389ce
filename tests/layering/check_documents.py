"""What the documents name exists: paths in `code` and in links, and verbs of the Makefile; and folders have READMEs.

usage: check_documents.py ROOT      prints each offence, exits 1 if there is one

A path is relative to the repository or to its document. It may hold * and {a,b}; one with <name> is a pattern.
"""

import itertools
import pathlib
import re
import sys

FOLDERS = ("crds", "reconcilers", "controller", "jobs", "charts", "examples", "docs", "tests", "cmake", ".github")
MOST_UNITS, MOST_LINES = 5, 40  # a unit is a header and its source; beyond five a folder explains itself, shortly
MIRRORS = ("tests/unit", "tests/model")  # one README for all of their folders
GENERATED = ("docs/statements.md", "docs/conditions.md")  # from tables and builders, which their own tests compare

BLOCK = re.compile(r"^```.*?^```", re.DOTALL | re.MULTILINE)
CODE = re.compile(r"`([^`\n]+)`")
LINK = re.compile(r"\]\(([^)#\s]+)\)")
FILE = re.compile(r"[\w./*{},-]+\.(?:cpp|hpp|py|md|yaml|yml|cmake|txt|tpl|supp)$")
VERB = re.compile(r"\b(?:make|verb:) ([a-z][a-z-]*)(?![\w/=.])")
BRACES = re.compile(r"\{([^{}]*)\}")


def expand(pattern):
    """The patterns that {a,b} stands for."""
    parts = BRACES.split(pattern)
    choices = [part.split(",") if index % 2 else [part] for index, part in enumerate(parts)]
    return ["".join(choice) for choice in itertools.product(*choices)]


def names_a_path(word):
    if word.startswith(("/", "~", "$", "-")) or any(part in word for part in ("..", ":", "<")):
        return False
    return (
        word.startswith(tuple(folder + "/" for folder in FOLDERS))
        or bool(FILE.match(word))
        or (re.fullmatch(r"[\w-]+(/[\w-]+)*/", word) is not None)
    )


def exists(root, folder, pattern):
    return any(next(base.glob(pattern.rstrip("/")), None) for base in (root, root / folder))


def offences(root, path, verbs):
    text = (root / path).read_text(encoding="utf-8")
    prose = BLOCK.sub("", text)
    words = {word.rstrip(",.;") for span in CODE.findall(prose) for word in span.split()}
    words = {word for word in words if names_a_path(word)}
    words |= {link for link in LINK.findall(prose) if "://" not in link}
    for word in sorted(words):
        for pattern in expand(word):
            if not exists(root, path.parent, pattern):
                yield f"{path}: names {pattern}, which does not exist"
    in_code = BLOCK.findall(text) + CODE.findall(prose) if path.suffix == ".md" else [text]
    for verb in sorted({verb for part in in_code for verb in VERB.findall(part)} - verbs):
        yield f"{path}: names make {verb}, which is no verb of the Makefile"


def missing_readmes(root):
    for folder in FOLDERS:
        units = {}
        for path in (root / folder).rglob("*"):
            if path.suffix in (".cpp", ".hpp", ".py") and path.name != "__init__.py":
                units.setdefault(path.parent.relative_to(root), set()).add(path.stem)
        for inner, names in sorted(units.items()):
            explained = str(inner).startswith(MIRRORS) or (root / inner / "README.md").exists()
            if len(names) > MOST_UNITS and not explained:
                yield f"{inner}: {len(names)} units and no README.md that says which one to read first"


def long_readmes(root, paths):
    for path in paths:
        if path.name == "README.md" and path.parent.name:
            lines = (root / path).read_text(encoding="utf-8").count("\n")
            if lines > MOST_LINES:
                yield f"{path}: {lines} lines, more than {MOST_LINES}"


def documents(root):
    found = [path for path in root.glob("*.md")]
    for folder in FOLDERS:
        found += [*(root / folder).rglob("*.md"), *(root / folder).rglob("*.yml")]
    return sorted(path.relative_to(root) for path in found if str(path.relative_to(root)) not in GENERATED)


def main():
    root = pathlib.Path(sys.argv[1])
    verbs = set(re.findall(r"^([a-z-]+):", (root / "Makefile").read_text(encoding="utf-8"), re.MULTILINE))
    paths = documents(root)
    if not paths:
        sys.exit(f"no documents under {root}: wrong folder?")
    found = [offence for path in paths for offence in offences(root, path, verbs)]
    found += [*missing_readmes(root), *long_readmes(root, paths)]
    print("\n".join(found) or f"{len(paths)} documents name what exists")
    sys.exit(1 if found else 0)


if __name__ == "__main__":
    main()
