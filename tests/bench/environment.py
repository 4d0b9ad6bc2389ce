"""What a measurement runs in: an API server without a node, a PostgreSQL, and the operator as a process of this machine
that comes in as its own service account, under the chart's own rights and gate."""

import json
import os
import pathlib
import sys
import time

sys.dont_write_bytecode = True
ROOT = pathlib.Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "tests/support/python"))
sys.path.insert(0, str(ROOT / "tests/cluster"))
import figures
import install
import world
from audit_log import AuditLog
from local import postgres as postgres_server
from local.processes import Programs
from operator_process import OperatorProcess
from postgres import Postgres
from wait import Unmet
from world import run


class ApiServer:
    """etcd, kube-apiserver and kube-controller-manager of their own; nothing of it is left behind."""

    def __init__(self, directory):
        self.directory = directory

    def __enter__(self):
        run(str(ROOT / "tests/cluster/up"), "--profile", "apiserver", "--dir", str(self.directory))
        os.environ.update(world.shell_exports(str(ROOT / "tests/cluster/env"), "--dir", str(self.directory)))
        install.operator()
        return self

    def __exit__(self, *_):
        run(str(ROOT / "tests/cluster/down"), "--dir", str(self.directory))

    @property
    def audit_log(self):
        return AuditLog(self.directory)

    def pids(self):
        programs = Programs(self.directory)
        return {name: programs.pid(name) for name in programs.names()}


class PostgresServer(Postgres):
    """Fresh for each run. stop() keeps its files: making files right after many were removed is slow on ext4."""

    def __init__(self, directory, name):
        super().__init__(name, directory)
        self._programs = postgres_server.Server(directory, name).programs
        self._seen = 0

    def __enter__(self):
        self("up")
        return self

    def __exit__(self, *_):
        self("stop")

    def remove(self):
        self("down")

    def pid(self):
        return self._programs.pid("postgres")

    def begin_count(self):
        self._seen = self.mark()

    def counts(self):
        """Logins and statements that the server logged since begin_count()."""
        text = self.logged(self._seen)
        return text.count("connection authorized:"), text.count("LOG:  execute ") + text.count("LOG:  statement: ")


def operator(binary, directory, *options):
    """The release binary under the chart's service account, to be entered."""
    process = OperatorProcess(directory)
    process.prepare(binary, *options)
    return process


def connect(server, namespace, sessions=4, name="main"):
    """Its PostgresServer, open for `namespace` with at most so many sessions of the operator."""
    world.kubectl("create", "namespace", namespace)
    install.Server(name, server).make([namespace], host="localhost", maxSessions=sessions)


def databases(count, namespace, first=0):
    """A List of DjangoDatabases without apps, numbered from `first` up to `count`, as one file for kubectl apply."""
    items = [
        {
            "apiVersion": "djangodb.io/v1alpha1",
            "kind": "DjangoDatabase",
            "metadata": {"name": "tenant-%d" % number, "namespace": namespace},
            "spec": {"serverRef": {"name": "main"}, "database": {"name": "tenant_%d" % number}},
        }
        for number in range(first, count)
    ]
    return json.dumps({"apiVersion": "v1", "kind": "List", "items": items})


def wait_until_idle(pid, seconds=120):
    """Until the process used less than a tenth of a core for three seconds; returns when these began, as time.time().

    What rests is never quite idle: each settled resource's Secret is asked for now and then.
    """
    deadline = time.monotonic() + seconds
    while True:
        used, began = figures.cpu_of(pid), time.time()
        time.sleep(3)
        if figures.cpu_of(pid) - used < 0.3:
            return began
        if time.monotonic() > deadline:
            raise Unmet("process %d did not come to rest in %d s" % (pid, seconds))
