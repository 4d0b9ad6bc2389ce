"""What it costs to look at all resources again when nothing has changed: after a start, and at rest."""

import time

import environment
import figures
import provision
import world
from wait import Unmet

WINDOW = 120  # seconds at rest


class Look:
    """Counts between its making and line(): statements, logins, CPU, and writes to the API server."""

    def __init__(self, log, server, operator):
        self._log, self._server = log, server
        list(log.requests())
        server.begin_count()
        self._meter = provision.Meter({"operator": operator.pid, "postgres": server.pid()})

    def line(self, name, seconds):
        cpu, others = self._meter.stop()
        writes = [request for request in self._log.requests() if request.by_operator and request.is_write]
        logins, statements = self._server.counts()
        return (
            "  %-22s %6.1f s; %d statements, %d logins, %d writes to the API server; CPU s: PostgreSQL %.2f, "
            "operator %.2f; other work had %.0f %% of the cores"
            % (name, seconds, statements, logins, len(writes), cpu["postgres"], cpu["operator"], 100 * others)
        )


def measure(binary, directory, cluster, server, counts):
    """Yields lines for people. One operator makes the databases, then a new one finds all of them as they should be."""
    made = 0
    for count in counts:
        with environment.operator(binary, directory / "operator") as operator:
            if made == 0:
                environment.connect(server, provision.NAMESPACE)
            run = provision.by_operator(cluster, server, operator, count, directory / "databases.json", first=made)
            yield "  %d made in %.0f s" % (count - made, run.seconds)
            made = count
            environment.wait_until_idle(operator.pid, 600)
        with cluster.audit_log.tail() as log, environment.operator(binary, directory / "operator") as operator:
            began = time.time()
            look = Look(log, server, operator)
            ended = environment.wait_until_idle(operator.pid, 600)
            yield look.line("%d, after a start" % count, ended - began)
            look = Look(log, server, operator)
            time.sleep(WINDOW)
            yield look.line("%d, at rest" % count, WINDOW)
            yield "  %d: RSS %.1f MiB, highest %.1f MiB, threads %d, descriptors %d" % (
                (count, *figures.memory_and_handles(operator.pid))
            )
            if world.read("djdb", "tenant-%d" % (count - 1), provision.NAMESPACE) is None:
                raise Unmet("the last resource is gone")
