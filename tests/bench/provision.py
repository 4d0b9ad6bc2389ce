"""One run: so many DjangoDatabases from kubectl apply to their published Secrets, and the same SQL by bare libpq."""

import collections
import dataclasses
import json
import os
import subprocess
import time

import environment
import figures
import world
from wait import Unmet, wait_for

NAMESPACE = "bench"
DEADLINE = 600


@dataclasses.dataclass
class Run:
    """Seconds, counts, and who used the CPU meanwhile."""

    seconds: float
    logins: int
    statements: int
    cpu: dict  # program -> seconds
    others: float  # share of the machine's cores that other work had
    calls: collections.Counter = dataclasses.field(default_factory=collections.Counter)
    applied: float = 0.0  # when the API server had taken the last resource
    ready: list = dataclasses.field(default_factory=list)  # of each resource, how long after its own Secret


class Meter:
    """CPU of named processes between its making and stop()."""

    def __init__(self, pids):
        self._pids = pids
        self._before = {name: figures.cpu_of(pid) for name, pid in pids.items()}
        self._machine = figures.cpu_of_machine()
        self._start = time.monotonic()

    def stop(self, **ended):
        """@param ended: CPU of processes that ran in between and are gone"""
        span = time.monotonic() - self._start
        cpu = {name: figures.cpu_of(pid) - self._before[name] for name, pid in self._pids.items()} | ended
        rest = figures.cpu_of_machine() - self._machine - sum(cpu.values())
        return cpu, max(0.0, rest / span / os.cpu_count())


def by_libpq(program, server, count, connections):
    with server:
        server.begin_count()
        meter = Meter({"postgres": server.pid()})
        seconds, client = _end(_bare(program, server, count, connections))
        cpu, others = meter.stop(client=client)
        return Run(seconds, *server.counts(), cpu, others)


def by_libpq_and_api(program, cluster, server, count, connections, manifest):
    """With the calls to the API server that can't be avoided, from the start of kubectl apply on."""
    manifest.write_text(environment.databases(count, NAMESPACE))
    with server:
        server.begin_count()
        meter = Meter({"postgres": server.pid(), **cluster.pids()})
        began = time.monotonic()
        kubectl = subprocess.Popen(["kubectl", "apply", "--server-side", "-f", manifest], stdout=subprocess.DEVNULL)
        _, client = _end(_bare(program, server, count, connections, os.environ["KUBECONFIG"]))
        seconds = time.monotonic() - began
        _, apply = _end(kubectl)
        cpu, others = meter.stop(client=client, kubectl=apply)
        return Run(seconds, *server.counts(), cpu, others)


def _bare(program, server, count, connections, *kubeconfig):
    return subprocess.Popen(
        [program, str(count), str(connections), *kubeconfig],
        env={**os.environ, **server.settings},
        stdout=subprocess.PIPE,
        text=True,
    )


def _end(process):
    """What it said, if it is a number, and the CPU seconds that it took."""
    said = process.stdout.read() if process.stdout else ""
    if process.stdout:
        process.stdout.close()
    _, status, usage = os.wait4(process.pid, 0)
    process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode != 0:
        raise Unmet("%s failed; its message is above" % process.args[0])
    return float(said or 0), usage.ru_utime + usage.ru_stime


def by_operator(cluster, server, operator, count, manifest, first=0):
    """Resources `first` up to `count`. The server is connected and the operator at rest."""
    manifest.write_text(environment.databases(count, NAMESPACE, first))
    count -= first
    calls, published, said = collections.Counter(), {}, {}
    with cluster.audit_log.tail() as log:
        server.begin_count()
        meter = Meter({"operator": operator.pid, "postgres": server.pid(), **cluster.pids()})
        began = time.time()
        process = subprocess.Popen(["kubectl", "apply", "--server-side", "-f", manifest], stdout=subprocess.DEVNULL)
        last = applied = began
        while len(published) < count:
            if time.time() - began > DEADLINE + count:
                raise Unmet(
                    "only %d of %d Secrets after %d s:\n%s"
                    % (len(published), count, DEADLINE + count, operator.log()[-2000:])
                )
            time.sleep(0.1)
            for request in log.requests():
                if request.by_operator and request.verb != "watch":
                    calls[request.verb + " " + request.resource] += 1
                if (
                    request.verb in ("create", "patch")
                    and request.resource == "djangodatabases"
                    and not request.by_operator
                ):
                    applied = max(applied, request.answered)
                if _publishes(request):
                    published.setdefault(request.name, request.answered)
                    last = max(last, published[request.name])
                _note_status(request, said)
        cpu, others = meter.stop(kubectl=_end(process)[1])
        logins, statements = server.counts()
        wait_for("all of them to be Ready", _all_are_ready, DEADLINE + count, 0.5)
        for request in log.requests():
            _note_status(request, said)
    ready = [said[secret.removesuffix("-database")] - at for secret, at in published.items()]
    return Run(last - began, logins, statements, cpu, others, calls, applied - began, ready)


def _all_are_ready():
    items = json.loads(world.kubectl("-n", NAMESPACE, "get", "djdb", "-o", "json"))["items"]
    return all(
        any(c["type"] == "Ready" and c["status"] == "True" for c in item.get("status", {}).get("conditions", []))
        for item in items
    )


def _note_status(request, said):
    """The last write of a resource's status is the one that says Ready."""
    if request.by_operator and request.resource == "djangodatabases/status" and request.succeeded:
        said[request.name] = max(request.answered, said.get(request.name, 0))


def _publishes(request):
    return (
        request.by_operator
        and request.space == NAMESPACE
        and request.resource == "secrets"
        and request.verb in ("create", "patch")
        and request.succeeded
    )
