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
import figures  # noqa: E402
import world  # noqa: E402
from local import postgres  # noqa: E402
from local.processes import Programs  # noqa: E402
from world import kubectl, run, wait_for  # noqa: E402

CHART = ROOT / "charts/djangodb-operator"
PARTS = ("crds/*", "gate.yaml", "rbac.yaml", "serviceaccount.yaml")


class ApiServer:
    """etcd, kube-apiserver and kube-controller-manager of their own; nothing of it is left behind."""

    def __init__(self, directory):
        self.directory = directory
        self.audit_log = directory / "log/audit.log"

    def __enter__(self):
        run(str(ROOT / "tests/cluster/up"), "--profile", "apiserver", "--dir", str(self.directory))
        os.environ.update(world.shell_exports(str(ROOT / "tests/cluster/env"), "--dir", str(self.directory)))
        kubectl("create", "namespace", world.OPERATOR_NAMESPACE)
        parts = [word for part in PARTS for word in ("--show-only", "templates/" + part)]
        world.apply(run("helm", "template", "--kube-version", "1.36.0", "djangodb-operator", str(CHART), "-n", world.OPERATOR_NAMESPACE, *parts))
        return self

    def __exit__(self, *_):
        run(str(ROOT / "tests/cluster/down"), "--dir", str(self.directory))

    def pids(self):
        programs = Programs(self.directory)
        return {name: programs.pid(name) for name in programs.names()}


class PostgresServer:
    """Fresh for each run. stop() keeps its files: making files right after many were removed is slow on ext4."""

    def __init__(self, directory, name):
        self._options = ("--dir", str(directory), "--name", name)
        self._server = postgres.Server(directory, name)
        self._seen = 0

    def __enter__(self):
        run(str(ROOT / "tests/cluster/postgres"), "up", *self._options)
        self.settings = world.shell_exports(str(ROOT / "tests/cluster/postgres"), "env", *self._options)
        self._log = self._server.folder / "postgres.log"
        return self

    def __exit__(self, *_):
        run(str(ROOT / "tests/cluster/postgres"), "stop", *self._options)

    def remove(self):
        run(str(ROOT / "tests/cluster/postgres"), "down", *self._options)

    def pid(self):
        return self._server.programs.pid("postgres")

    def mark(self):
        self._seen = self._log.stat().st_size

    def counts(self):
        """Logins and statements that the server logged since mark()."""
        with open(self._log, "rb") as log:
            log.seek(self._seen)
            text = log.read()
        return text.count(b"connection authorized:"), text.count(b"LOG:  execute ") + text.count(b"LOG:  statement: ")


class Operator:
    """The release binary under the chart's service account."""

    def __init__(self, binary, directory, *options):
        self._binary = binary
        self._directory = directory
        self._options = options
        self._programs = Programs(directory)

    def __enter__(self):
        self._directory.mkdir(parents=True, exist_ok=True)
        config = json.loads(kubectl("config", "view", "--raw", "-o", "json"))
        token = kubectl("-n", world.OPERATOR_NAMESPACE, "create", "token", "djangodb-operator", "--duration=2h").strip()
        config["users"] = [{"name": config["users"][0]["name"], "user": {"token": token}}]
        kubeconfig = self._directory / "kubeconfig"
        kubeconfig.touch(mode=0o600)
        kubeconfig.write_text(json.dumps(config))
        self._programs.start("operator", [
            self._binary, "--kubeconfig", kubeconfig, "--health-probe-bind-address", "127.0.0.1:0", *self._options])
        self._programs.wait_for("operator", lambda: "workers run" in self.log(), "the operator's caches")
        self.pid = self._programs.pid("operator")
        return self

    def __exit__(self, *_):
        self._programs.stop("operator")

    def log(self):
        return (self._programs.log / "operator.log").read_text()


def connect(server, namespace, sessions=4):
    """The server's Secrets and its PostgresServer, open for `namespace` with at most so many sessions of the operator;
    returns when the operator finds it Ready."""
    settings, space = server.settings, world.OPERATOR_NAMESPACE
    password = pathlib.Path(settings["DJDB_PG_ADMIN_PASSWORD_FILE"]).read_text().strip()
    authority = pathlib.Path(settings["DJDB_PG_CA"]).read_text()
    world.apply(world.secret("postgres-main-admin", space, username=settings["DJDB_PG_ADMIN_USER"], password=password))
    world.apply(world.secret("postgres-main-ca", space, ca_crt=authority))
    kubectl("create", "namespace", namespace)
    world.apply(json.dumps({
        "apiVersion": "djangodb.io/v1alpha1", "kind": "PostgresServer", "metadata": {"name": "main"},
        "spec": {"host": settings["DJDB_PG_HOST"], "port": int(settings["DJDB_PG_PORT"]),
                 "tls": {"mode": "VerifyFull", "caSecretRef": {"name": "postgres-main-ca"}},
                 "adminSecretRef": {"name": "postgres-main-admin"}, "allowedNamespaces": {"names": [namespace]},
                 "maxSessions": sessions},
    }))
    wait_for("PostgresServer to be Ready", lambda: world.condition(
        world.read("pgserver", "main"), "Ready").get("status") == "True", 60)


def databases(count, namespace, first=0):
    """A List of DjangoDatabases without apps, numbered from `first` up to `count`, as one file for kubectl apply."""
    items = [{
        "apiVersion": "djangodb.io/v1alpha1", "kind": "DjangoDatabase",
        "metadata": {"name": "tenant-%d" % number, "namespace": namespace},
        "spec": {"serverRef": {"name": "main"}, "database": {"name": "tenant_%d" % number}},
    } for number in range(first, count)]
    return json.dumps({"apiVersion": "v1", "kind": "List", "items": items})


def wait_until_idle(pid, seconds=120):
    """Until the process used no CPU for three seconds; returns when that began, in time.time()'s seconds."""
    deadline = time.monotonic() + seconds
    used, since = figures.cpu_of(pid), time.monotonic()
    while time.monotonic() - since < 3:
        if time.monotonic() > deadline:
            raise world.Unmet("process %d did not come to rest in %d s" % (pid, seconds))
        time.sleep(0.25)
        now = figures.cpu_of(pid)
        if now - used > 1.5 / figures.TICKS:
            used, since = now, time.monotonic()
    return time.time() - (time.monotonic() - since)
