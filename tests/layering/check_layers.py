"""The arrow crds <- reconcilers <- controller, read from the includes; and the size limits that keep files readable.

usage: check_layers.py ROOT      prints each offence, exits 1 if there is one
"""

import pathlib
import re
import sys

INCLUDE = re.compile(r'^\s*#\s*include\s+[<"]([^>"]+)[>"]', re.MULTILINE)

# Folder -> what its files may include of ours.
ALLOWED = {
    "crds": ("crds/",),
    "reconcilers": ("crds/", "reconcilers/"),
    "controller/runtime": ("controller/runtime/",),
    "controller/http": ("controller/http/", "controller/runtime/", "reconcilers/"),
    "controller": ("crds/", "reconcilers/", "controller/"),
}

# Heavy or foreign headers -> the only places that may name them.
HOMES = {
    "cpprest/": (r"controller/kube/transport/cpprest_transport\.cpp$",),
    "pplx/": (r"controller/kube/transport/cpprest_transport\.cpp$",),
    "boost/": (
        r"controller/http/",
        r"controller/kube/transport/beast_",
        r"tests/support/",
        r"tests/unit/controller/kube/",
    ),
    "libpq-fe.h": (r"controller/postgres/", r"tests/postgres/", r"tests/bench/"),
    "yaml-cpp/": (r"controller/kube/config/kubeconfig", r"crds/crdgen", r"tests/unit/crds/"),
}

MAX_LINES = 400


def layer_of(path):
    return max((folder for folder in ALLOWED if path.startswith(folder + "/")), key=len, default=None)


def offences(root, path):
    text = (root / path).read_text(encoding="utf-8")
    if text.count("\n") > MAX_LINES:
        yield f"{path}: more than {MAX_LINES} lines: is it still one idea?"
    layer = layer_of(path)
    for name in INCLUDE.findall(text):
        for header, homes in HOMES.items():
            if name.startswith(header) and not any(re.match(home, path) for home in homes):
                yield f"{path}: includes <{name}>, which belongs in {' or '.join(homes)} alone"
        ours = name.split("/", 1)[0] in ("crds", "reconcilers", "controller")
        if layer and ours and not name.startswith(ALLOWED[layer]):
            yield f"{path}: includes {name}, against the arrow crds <- reconcilers <- controller"


def main():
    root = pathlib.Path(sys.argv[1])
    files = sorted(
        str(path.relative_to(root))
        for folder in ("crds", "reconcilers", "controller", "tests")
        for path in (root / folder).rglob("*.[ch]pp")
    )
    if not files:
        sys.exit(f"no C++ files under {root}: wrong folder?")
    found = [offence for path in files for offence in offences(root, path)]
    print("\n".join(found) or f"{len(files)} files keep to the arrow")
    sys.exit(1 if found else 0)


if __name__ == "__main__":
    main()
