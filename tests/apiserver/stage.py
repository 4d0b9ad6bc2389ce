#!/usr/bin/env python3
"""The suite's stage: an API server without a node, a PostgreSQL, and the operator's binary beside them.

usage: stage.py up BINARY | down

The operator is installed by Helm and runs as a process of this machine, under its own service account's token: what it
may not do in a cluster it may not do here. Its Deployment has no node to start a Pod on. `up` always begins anew, so
that a run that crashed leaves nothing to trip over. It never touches a cluster of the user's.
"""

import functools
import os
import pathlib
import shutil
import subprocess
import sys

sys.dont_write_bytecode = True
ROOT = pathlib.Path(__file__).resolve().parents[2]
sys.path += [str(ROOT / "tests/cluster"), str(ROOT / "tests/support/python")]

import install
import world
from local.settings import Settings, default_directory, port
from operator_process import OperatorProcess
from postgres import Postgres

DIRECTORY = default_directory() / "apiserver-suite"
OPERATOR_SPACE = world.OPERATOR_NAMESPACE
KUBECTL_CACHE = DIRECTORY / "kubectl"
BESIDE = ("--dir", str(DIRECTORY))
POSTGRES = Postgres(directory=DIRECTORY)
# The suite alters the gate and restarts the operator: never on a cluster that somebody uses.
os.environ.pop("DJDB_CLUSTER", None)


@functools.cache
def enter():
    """Points kubectl, helm and psql of this process at the stage."""
    os.environ.update(world.shell_exports(str(ROOT / "tests/cluster/env"), *BESIDE))
    # Each process looks afresh at what the server knows, and leaves nothing in the user's home.
    os.environ["KUBECACHEDIR"] = str(KUBECTL_CACHE / str(os.getpid()))


def operator():
    """The one process, found again by its record."""
    return OperatorProcess(DIRECTORY / "operator")


def operator_behind():
    """That of test_stale, which sees late."""
    return OperatorProcess(operator().folder / "behind")


def prepare(process, binary):
    """With a line in its log for each run, also for those that change nothing: `assert_quiet` waits for them."""
    process.prepare(pathlib.Path(binary).resolve(), "--log-level", "debug")


def up(binary):
    clear()
    subprocess.run([ROOT / "tests/cluster/up", "--profile", "apiserver", *BESIDE], check=True)
    # Not 5432: the full cluster's PostgreSQL wants it.
    free = port(Settings(DIRECTORY, "apiserver"), "postgres")
    print(POSTGRES("up", "--port", str(free)).strip())
    enter()
    install.operator()
    process = operator()
    prepare(process, binary)
    process.start()
    print("operator: runs, its log is %s" % process.log_file)


def down():
    """Fails after a sanitizer's report on the operator, which nobody sees who only looks at what it does."""
    process = operator()
    process.stop()
    report = process.sanitizer_report()
    clear()
    if report:
        sys.exit("the operator ended with a sanitizer's report:\n" + report)


def clear():
    process = operator()
    process.stop()
    operator_behind().stop()  # a test that was killed left it
    POSTGRES("down")
    subprocess.run([ROOT / "tests/cluster/down", "--profile", "apiserver", *BESIDE], check=True)
    for folder in (process.folder, KUBECTL_CACHE):
        shutil.rmtree(folder, ignore_errors=True)
    if DIRECTORY.exists() and not any(DIRECTORY.iterdir()):
        DIRECTORY.rmdir()


if __name__ == "__main__":
    if sys.argv[1:2] == ["up"] and len(sys.argv) == 3:
        up(sys.argv[2])
    elif sys.argv[1:] == ["down"]:
        down()
    else:
        sys.exit(__doc__)
