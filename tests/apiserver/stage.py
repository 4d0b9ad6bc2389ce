#!/usr/bin/env python3
"""The suite's stage: an API server without a node, a PostgreSQL, and the operator's binary beside them.

usage: stage.py up BINARY | down

The operator is installed by Helm and runs as a process of this machine, under its own service account's token: what it
may not do in a cluster it may not do here. Its Deployment has no node to start a Pod on. `up` always begins anew, so
that a run that crashed leaves nothing to trip over. It never touches a cluster of the user's.
"""

import functools
import json
import os
import pathlib
import shutil
import subprocess
import sys
import urllib.error
import urllib.request

sys.dont_write_bytecode = True
ROOT = pathlib.Path(__file__).resolve().parents[2]
sys.path += [str(ROOT / "tests/cluster"), str(ROOT / "tests/support/python")]

import world  # noqa: E402
from local.processes import Programs  # noqa: E402
from local.settings import Settings, default_directory, port  # noqa: E402

DIRECTORY = default_directory() / "apiserver-suite"
OPERATOR_SPACE = world.OPERATOR_NAMESPACE
ACCOUNT = "djangodb-operator"
KUBECTL_CACHE = DIRECTORY / "kubectl"
BESIDE = ("--dir", str(DIRECTORY))
# The suite alters the gate and restarts the operator: never on a cluster that somebody uses.
os.environ.pop("DJDB_CLUSTER", None)

KUBECONFIG = """\
apiVersion: v1
kind: Config
current-context: operator
clusters:
- name: suite
  cluster:
    server: {server}
    certificate-authority: {authority}
users:
- name: operator
  user:
    tokenFile: {token}
contexts:
- name: operator
  context:
    cluster: suite
    user: operator
"""


@functools.cache
def enter():
    """Points kubectl, helm and psql of this process at the stage."""
    os.environ.update(world.shell_exports(str(ROOT / "tests/cluster/env"), *BESIDE))
    os.environ.update(world.shell_exports(str(ROOT / "tests/cluster/postgres"), "env", *BESIDE))
    # Each process looks afresh at what the server knows, and leaves nothing in the user's home.
    os.environ["KUBECACHEDIR"] = str(KUBECTL_CACHE / str(os.getpid()))


class Operator:
    """The one process, found again by its record."""

    def __init__(self):
        self.folder = DIRECTORY / "operator"
        self._programs = Programs(self.folder)

    def install(self, binary):
        """Installs the chart and writes what the process needs to run as the chart's service account."""
        chart = str(ROOT / "charts/djangodb-operator")
        world.run("helm", "install", ACCOUNT, chart, "--namespace", OPERATOR_SPACE, "--create-namespace")
        self.folder.mkdir(parents=True, exist_ok=True)
        token = self.folder / "token"
        token.touch(mode=0o600)
        token.write_text(world.kubectl("-n", OPERATOR_SPACE, "create", "token", ACCOUNT, "--duration=8h"))
        server = next(line for line in (DIRECTORY / "kubeconfig").read_text().splitlines() if "server:" in line)
        (self.folder / "kubeconfig").write_text(
            KUBECONFIG.format(server=server.split()[1], authority=DIRECTORY / "certificates/ca.crt", token=token))
        probes = port(Settings(DIRECTORY, "apiserver"), "operator-probes")
        (self.folder / "command.json").write_text(json.dumps([
            str(binary), "--kubeconfig", str(self.folder / "kubeconfig"), "--namespace", OPERATOR_SPACE,
            "--service-account", ACCOUNT, "--health-probe-bind-address", "127.0.0.1:%d" % probes]))

    def start(self):
        command = json.loads((self.folder / "command.json").read_text())
        self._programs.start("operator", command)
        self._programs.wait_for("operator", lambda: self._is_ready(command[-1]), "the operator's /readyz", 30)

    def stop(self):
        self._programs.stop("operator")

    def log(self):
        return (self._programs.log / "operator.log").read_text(errors="replace")

    @staticmethod
    def _is_ready(address):
        opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
        try:
            return opener.open("http://%s/readyz" % address, timeout=2).status == 200
        except (urllib.error.URLError, OSError):
            return False


def up(binary):
    down()
    subprocess.run([ROOT / "tests/cluster/up", "--profile", "apiserver", *BESIDE], check=True)
    # Not 5432: the full cluster's PostgreSQL wants it.
    free = port(Settings(DIRECTORY, "apiserver"), "postgres")
    subprocess.run([ROOT / "tests/cluster/postgres", "up", *BESIDE, "--port", str(free)], check=True)
    enter()
    operator = Operator()
    operator.install(pathlib.Path(binary).resolve())
    operator.start()
    print("operator: runs, its log is %s" % (operator.folder / "log/operator.log"))


def down():
    operator = Operator()
    operator.stop()
    subprocess.run([ROOT / "tests/cluster/postgres", "down", *BESIDE], check=True)
    subprocess.run([ROOT / "tests/cluster/down", "--profile", "apiserver", *BESIDE], check=True)
    for folder in (operator.folder, KUBECTL_CACHE):
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
