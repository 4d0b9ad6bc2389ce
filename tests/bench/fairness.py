"""How long a newcomer on a healthy server waits, alone, and while another server makes everybody wait."""

import statistics
import time

import environment
import figures
import world
from wait import wait_for

SPACE = "fair"
SICK_SPACE = "sick"
SICK_TENANTS = 200
NEWCOMERS = 10
CROWD = 20


def _resource(name, space, server):
    return {
        "apiVersion": "djangodb.io/v1alpha1",
        "kind": "DjangoDatabase",
        "metadata": {"name": name, "namespace": space},
        "spec": {"serverRef": {"name": server}, "database": {"name": name.replace("-", "_")}},
    }


def _until_published(names):
    """Seconds from the first creation to the last Secret."""
    began = time.monotonic()
    for name in names:
        world.api().create("djdb", _resource(name, SPACE, "main"))
    for name in names:
        wait_for("the Secret of " + name, lambda n=name: world.read("secret", n + "-database", SPACE), 900, 0.02)
    return time.monotonic() - began


def _newcomers(word):
    """(of one after the other, of a crowd)"""
    singles = [_until_published(["%s-%d" % (word, number)]) for number in range(NEWCOMERS)]
    return singles, _until_published(["%s-crowd-%d" % (word, number) for number in range(CROWD)])


def _line(name, singles, crowd):
    return "  %-28s %s s each, one after the other (min / median / max); %d at once %.2f s" % (
        name,
        figures.spread(singles),
        CROWD,
        crowd,
    )


def measure(binary, directory, healthy, sick):
    """Yields lines for people."""
    with environment.operator(binary, directory / "operator") as operator:
        environment.connect(healthy, SPACE)
        environment.connect(sick, SICK_SPACE, name="sick")
        world.api().create("djdb", _resource("first", SICK_SPACE, "sick"))
        wait_for("the ledger", lambda: world.read("secret", "first-database", SICK_SPACE))
        environment.wait_until_idle(operator.pid)
        alone, crowd = _newcomers("alone")
        yield _line("alone", alone, crowd)
        with sick.session("djangodb_operator") as holder:
            holder.ask("BEGIN")
            holder.ask("LOCK TABLE djangodb.claim IN ACCESS EXCLUSIVE MODE")
            for number in range(SICK_TENANTS):
                world.api().create("djdb", _resource("held-%d" % number, SICK_SPACE, "sick"))
            wait_for("workers that wait", lambda: int(sick.sql("SELECT count(*) FROM pg_locks WHERE NOT granted")) >= 2)
            beside, crowd_beside = _newcomers("beside")
            yield _line("beside %d that wait" % SICK_TENANTS, beside, crowd_beside)
            time.sleep(120)  # what each run was like is known of most by now
            later, crowd_later = _newcomers("later")
            yield _line("the same, later", later, crowd_later)
            holder.ask("ROLLBACK")
        yield "  the medians beside it are %.2f and %.2f times that alone, of the crowds %.2f and %.2f times" % (
            statistics.median(beside) / statistics.median(alone),
            statistics.median(later) / statistics.median(alone),
            crowd_beside / crowd,
            crowd_later / crowd,
        )
