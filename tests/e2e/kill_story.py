"""The operator is killed by SIGKILL at moments of a release that have names; only its restart count shows it.

usage: kill_story.py [--all]      a sample of the moments; with --all every one, which takes four times as long

Each death while version 2 is released is an app's of its own, in a namespace of its own; the deaths while databases are
made are some of the same apps'. One more app is left undisturbed. Afterwards all of them must have the same
Deployments, Jobs, Secrets, roles, grants, ledger rows and schema; each migration ran once, and no request through a
Service failed.
"""

import concurrent.futures
import pathlib
import sys

sys.path += [str(pathlib.Path(__file__).resolve().parents[1] / folder) for folder in ("support/python", "cluster")]
import end_state
import moments
import operator_pod
import world
from audit_log import AuditLog, answered
from install import Server
from operator_pod import Operator
from postgres import Postgres
from shop import Shop, remove as remove_shops
from story import require, show, step, tell
from wait import wait_for

ALL = "--all" in sys.argv
PROVISIONING, UPGRADE = (
    [moment for moment in chosen if ALL or moment.sample] for chosen in (moments.PROVISIONING, moments.UPGRADE)
)
SERVER = Server("kill", Postgres())
VICTIMS = [Shop("kill-%02d" % number, SERVER, replicas=1) for number in range(1, len(UPGRADE) + 1)]
CALM = Shop("kill-00", SERVER, replicas=1)


def tail():
    return AuditLog(world.cluster_directory()).tail()


def last_write(requests, shop):
    writes = [
        request
        for request in requests
        if request.by_operator
        and request.is_write
        and request.resource != "events"
        and request.space in (shop.space, world.OPERATOR_NAMESPACE)
    ]
    return writes[-1] if writes else "nothing"


def die_at(moment, shop, operator, change):
    """Kills the operator at `moment` of what `change` brings about."""
    with tail() as seen, moment.watch(shop) as reached, concurrent.futures.ThreadPoolExecutor(1) as user:
        changed = user.submit(change)
        reached()
        operator.kill()
        changed.result()
        show("killed when %s; its last write was: %s" % (moment.what, last_write(seen.requests(), shop)))
    for death in range(1, moment.deaths):
        with tail() as seen:
            operator.wait_until_replaced()
            if death == 1:
                seen.wait_for(answered("list", "djangodatabases", ""), "the operator to list its resources")
            else:
                seen.wait_for(answered("get", "secrets", shop.space), "the operator to visit the app")
        operator.kill()
        show("killed again when it %s" % ("has listed its resources", "visits the app")[death - 1])
    operator.wait_until_replaced()
    operator.wait_until_ready()


def times_executed(shop, since):
    """How often the server was told to add the column of version 2, in its own log's words."""
    return sum(
        "@%s " % shop.database in line and 'ADD COLUMN "reference"' in line
        for line in SERVER.postgres.logged(since).splitlines()
    )


def provision(operator):
    step("Apps from nothing: the operator dies while %d of them are made" % len(PROVISIONING))
    for shop in (CALM, *VICTIMS):
        shop.apply("namespace")
    for moment, shop in zip(PROVISIONING, VICTIMS, strict=False):
        die_at(moment, shop, operator, lambda shop=shop: shop.apply("djangodatabase"))
        shop.wait_for_condition("CredentialsSynced", "True")
    for shop in (CALM, *VICTIMS):
        shop.apply("djangodatabase", "service", "deployments")
    for shop in (CALM, *VICTIMS):
        shop.wait_for_release("v1")
    show("version 1 serves in %d namespaces" % (len(VICTIMS) + 1))


def release(shop, change):
    """Version 2 under requests; `change` sees to it that it is asked for, and to deaths."""
    since = SERVER.postgres.mark()
    with tail() as seen, shop.requests(pause=0.03) as requests:
        change()
        shop.wait_for_release("v2")
        wait_for("version 2 to answer", lambda: "v2" in requests.versions)
        asked = list(seen.requests())
    show(str(requests))
    require("no request failed", not requests.failures, requests.failures[:3])
    require("both versions answered", requests.versions == {"v1", "v2"}, requests.versions)
    for kind in ("probe", "migrate"):
        started = list(filter(moments.job_made(shop, kind), asked))
        require("one Job to %s was made" % kind, len(started) == 1, list(map(str, started)))
    require("0002 is applied once", shop.times_applied("0002_reference") == 1)
    executed = times_executed(shop, since)
    require("the server added its column once", executed == 1, executed)


def main():
    world.enter()
    remove()
    operator_pod.ensure()
    SERVER.make([shop.space for shop in (CALM, *VICTIMS)])
    operator = Operator()
    provision(operator)
    step("An undisturbed release, to compare with")
    release(CALM, lambda: CALM.upgrade("v2"))
    wanted = end_state.read(CALM)
    for number, (moment, shop) in enumerate(zip(UPGRADE, VICTIMS, strict=True), 1):
        step("Release %d of %d" % (number, len(VICTIMS)))
        release(shop, lambda: die_at(moment, shop, operator, lambda: shop.upgrade("v2")))
        found = end_state.read(shop)
        require("the end is that of the undisturbed release", found == wanted, end_state.differences(found, wanted))
    show("the operator ended %d times by SIGKILL and never by itself" % operator.restarts)


def remove():
    remove_shops(CALM, *VICTIMS)
    SERVER.remove()


if __name__ == "__main__":
    tell(main, remove)
