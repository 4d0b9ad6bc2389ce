#!/usr/bin/env python3
"""The operator of the version before, built from this repository's history.

usage: previous.py     prints the folder that holds its binary, djangodb-operator, and its Helm chart, chart

The folder is in the cache and named by the commit, so only a machine's first run builds: some minutes on two cores. A
run that was interrupted is taken up by the next.
"""

import fcntl
import os
import pathlib
import shutil
import subprocess
import sys

ROOT = pathlib.Path(__file__).resolve().parents[2]
sys.dont_write_bytecode = True
sys.path.append(str(ROOT / "tests/cluster"))

from local.settings import CACHE

# The last one before the code was restructured. Whoever releases a version names it here.
COMMIT = "50167bd4d2c2b103aa11d56e94dac6b3ca8e435f"
PRESET = "dev"  # compiles in half the time of release, and asserts
NAME = "djangodb-operator"
FOLDER = CACHE / ("previous-" + COMMIT[:12])
BINARY, CHART = FOLDER / NAME, FOLDER / "chart"


def run(*command, **options):
    # stdout has the answer alone.
    subprocess.run(command, check=True, stdout=sys.stderr, **options)


def unpack(source):
    known = subprocess.run(["git", "-C", ROOT, "cat-file", "-e", COMMIT + "^{commit}"], stderr=subprocess.DEVNULL)
    if known.returncode != 0:
        sys.exit(
            "previous: the version before, commit %s, is not in this clone, which is probably a shallow one;"
            " fetch its history: git fetch --unshallow" % COMMIT
        )
    archive = FOLDER / "source.tar"
    run("git", "-C", ROOT, "archive", "--output", archive, COMMIT)
    source.mkdir(exist_ok=True)
    run("tar", "-xf", archive, "-C", source)
    archive.unlink()


def build(source):
    # A moved cache still finds what ccache has.
    environment = {**os.environ, "CCACHE_BASEDIR": str(source)}
    run("cmake", "--preset", PRESET, "-DDJDB_TESTS=OFF", cwd=source, env=environment)
    run("nice", "-n", "5", "cmake", "--build", "--preset", PRESET, "--target", NAME, cwd=source, env=environment)


def make():
    """Does nothing when all is there; the binary comes last."""
    FOLDER.mkdir(parents=True, exist_ok=True)
    descriptor = os.open(FOLDER, os.O_RDONLY)  # until this process ends
    fcntl.flock(descriptor, fcntl.LOCK_EX)
    if BINARY.exists():
        return
    print("previous: builds the operator of %s in %s" % (COMMIT[:12], FOLDER), file=sys.stderr)
    source = FOLDER / "source"
    unpack(source)
    build(source)
    shutil.copytree(source / "charts" / NAME, CHART, dirs_exist_ok=True)
    (source / "build" / PRESET / "controller" / NAME).rename(BINARY)
    shutil.rmtree(source)


if __name__ == "__main__":
    if len(sys.argv) > 1:
        sys.exit(__doc__)
    make()
    print(FOLDER)
