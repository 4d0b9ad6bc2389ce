"""The operator is killed by SIGKILL at every moment of a release that has a name; only its restart count shows it.

Sixteen apps' worth of moments in ten apps: five deaths while the databases are made, ten (and two in recovery) while
version 2 is released, each app in a namespace of its own. An eleventh app is left undisturbed. Afterwards all of them
must have the same Deployments, Jobs, Secrets, roles, grants, ledger rows and schema; each migration ran once, and no
request through a Service failed.
"""

import concurrent.futures
import pathlib
import sys

sys.path.append(str(pathlib.Path(__file__).resolve().parents[1] / "support/python"))
import audit  # noqa: E402
import end_state  # noqa: E402
import install  # noqa: E402
import moments  # noqa: E402
import world  # noqa: E402
from operator_pod import Operator  # noqa: E402
from shop import Shop, remove as remove_shops  # noqa: E402
from story import require, show, step, tell  # noqa: E402
from world import wait_for  # noqa: E402

VICTIMS = [Shop("kill-%02d" % number, replicas=1) for number in range(1, len(moments.UPGRADE) + 1)]
CALM = Shop("kill-00", replicas=1)


def last_write(events, shop):
    writes = [event for event in events if audit.user(event) == audit.OPERATOR and audit.is_write(event)
              and audit.target(event) != "events" and audit.space(event) in (shop.space, world.OPERATOR_NAMESPACE)]
    return audit.describe(writes[-1]) if writes else "nothing"


def die_at(moment, shop, operator, change):
    """Kills the operator at `moment` of what `change` brings about."""
    with audit.Tail() as seen, moment.watch(shop) as reached, concurrent.futures.ThreadPoolExecutor(1) as user:
        changed = user.submit(change)
        reached()
        operator.kill()
        changed.result()
        show("killed when %s; its last write was: %s" % (moment.what, last_write(seen.new(), shop)))
    for death in range(1, moment.deaths):
        with audit.Tail() as tail:
            operator.wait_until_replaced()
            if death == 1:
                tail.wait_for(audit.by_operator("list", "djangodatabases", ""), "the operator to list its resources")
            else:
                tail.wait_for(audit.by_operator("get", "secrets", shop.space), "the operator to visit the app")
        operator.kill()
        show("killed again when it %s" % ("has listed its resources", "visits the app")[death - 1])
    operator.wait_until_replaced()
    operator.wait_until_ready()


def times_executed(shop, since):
    """How often the server was told to add the column of version 2, in its own log's words."""
    with open(world.postgres_log(), errors="replace") as log:
        log.seek(since)
        return sum("@%s " % shop.database in line and 'ADD COLUMN "reference"' in line for line in log)


def provision(operator):
    step("Apps from nothing: the operator dies while %d of them are made" % len(moments.PROVISIONING))
    for shop in (CALM, *VICTIMS):
        shop.apply("namespace")
    for moment, shop in zip(moments.PROVISIONING, VICTIMS):
        die_at(moment, shop, operator, lambda shop=shop: shop.apply("djangodatabase"))
        shop.wait_for_condition("CredentialsSynced", "True")
    for shop in (CALM, *VICTIMS):
        shop.apply("djangodatabase", "service", "deployments")
    for shop in (CALM, *VICTIMS):
        shop.wait_for_release("v1", 240)
    show("version 1 serves in %d namespaces" % (len(VICTIMS) + 1))


def release(shop, change):
    """Version 2 under requests; `change` sees to it that it is asked for, and to deaths."""
    since = world.postgres_log().stat().st_size
    with audit.Tail() as seen, shop.requests() as requests:
        change()
        shop.wait_for_release("v2")
        wait_for("version 2 to answer", lambda: "v2" in requests.versions, 30)
        started = [event for event in seen.new() if audit.by_operator("create", "jobs", shop.space)(event)]
    show(str(requests))
    require("no request failed", not requests.failures, requests.failures[:3])
    require("both versions answered", requests.versions == {"v1", "v2"}, requests.versions)
    require("one Job was made", len(started) == 1, [audit.describe(event) for event in started])
    require("0002 is applied once", shop.times_applied("0002_reference") == 1)
    executed = times_executed(shop, since)
    require("the server added its column once", executed == 1, executed)


def main():
    world.enter()
    remove()
    step("Installing the operator")
    install.operator()
    install.server([shop.space for shop in (CALM, *VICTIMS)])
    operator = Operator()
    provision(operator)
    step("An undisturbed release, to compare with")
    release(CALM, lambda: CALM.upgrade("v2"))
    wanted = end_state.read(CALM)
    for number, (moment, shop) in enumerate(zip(moments.UPGRADE, VICTIMS), 1):
        step("Release %d of %d" % (number, len(VICTIMS)))
        release(shop, lambda: die_at(moment, shop, operator, lambda: shop.upgrade("v2")))
        found = end_state.read(shop)
        require("the end is that of the undisturbed release", found == wanted, end_state.differences(found, wanted))
    show("the operator ended %d times by SIGKILL and never by itself" % operator.restarts)


def remove():
    remove_shops(CALM, *VICTIMS)
    install.remove()


if __name__ == "__main__":
    tell(main, remove)
