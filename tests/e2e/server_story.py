"""PostgreSQL refuses the operator, or is not there: the status says so, nothing is lost, and all goes on by itself.

A wrong administrator's password, a password that is rotated, a CA that becomes a whole bundle, a minute without the
server before a migration, and a server that goes away in the midst of one.
"""

import base64
import pathlib
import secrets
import sys
import time

sys.path += [str(pathlib.Path(__file__).resolve().parents[1] / folder) for folder in ("support/python", "cluster")]
import operator_pod
import world
from install import Server
from moments import migration_waits_inside
from operator_pod import container, pod
from postgres import Postgres
from shop import Shop, remove as remove_shops
from story import require, show, step, tell
from wait import wait_for

# Its own, to be stopped.
POSTGRES = Postgres("weather")
SERVER = Server("weather", POSTGRES)
SHOP = Shop("weather", SERVER, replicas=1)
OTHER = Shop("weather-later", SERVER)
MINUTE = 60


def administrators_logins(since):
    """The attempts that PostgreSQL saw: one line for each that got as far as a name."""
    return POSTGRES.logged(since).count('password authentication failed for user "%s"' % POSTGRES.admin)


def wrong_password():
    step("The administrator's Secret holds a wrong password")
    since, pods, began = POSTGRES.mark(), SHOP.pods(), time.monotonic()
    with SHOP.requests() as requests:
        SERVER.admin_secret("wrong-" + secrets.token_urlsafe(12))
        wait_for(
            "PostgresServer to say AuthRejected", lambda: SERVER.condition("Ready").get("reason") == "AuthRejected", 30
        )
        found = SHOP.wait_for_condition("ServerReachable", "False", "AuthRejected", 30)
        show("after %.1f s it says: %s" % (time.monotonic() - began, found["message"]))
        logins_then, second_look = administrators_logins(since), time.monotonic() + 20
        wait_for("20 s to pass", lambda: time.monotonic() > second_look, 30)
        logins = administrators_logins(since)
        require("no storm of logins: at most one in 2 s", logins - logins_then <= 10, logins)
        require("the same Pods serve", SHOP.pods() == pods)
        SERVER.admin_secret(POSTGRES.admin_password)
        SHOP.wait_for_condition("Ready", "True")
        wait_for("PostgresServer to be Ready", lambda: SERVER.condition("Ready").get("status") == "True")
    show("%s; rejected logins: %d" % (requests, logins))
    require("no request failed", not requests.failures, requests.failures[:3])


def rotated_password():
    step("The administrator's password is changed, in the server and in the Secret, without any restart")
    restarts = container(pod())["restartCount"]
    fresh = secrets.token_urlsafe(24)
    POSTGRES.set_admins_password(fresh)
    POSTGRES.password_file.write_text(fresh)
    SERVER.admin_secret(fresh)
    OTHER.apply("namespace", "djangodatabase")
    OTHER.wait_for_condition("CredentialsSynced", "True")
    show("ok: a new database was made with the new password")
    require("the operator did not restart", container(pod())["restartCount"] == restarts)


def replace_pods(start):
    """`start` begins a rollout of what there is."""

    def now():
        return {*SHOP.pods(), *SHOP.pods("worker")}

    before = now()
    start()
    wait_for("all Pods to be new ones", lambda: len(now()) == len(before) and not now() & before)
    SHOP.wait_for_release("v1")


def grown_ca():
    step("The server's CA becomes a bundle of 220 kB, once Pods mount the Secret's ca.crt; all Pods are started again")
    today = SHOP.manifest("deployments")
    mount = "configMap:\n            name: shop-database-ca\n"
    require("the manifests mount the ConfigMap", today.count(mount) == 2)
    authority = POSTGRES.authority.read_text()
    bundle = authority * (220_000 // len(authority) + 1)
    with SHOP.requests() as requests:
        replace_pods(lambda: world.apply(today.replace(mount, "secret:\n            secretName: shop-database\n")))
        SERVER.change_ca(bundle)
        wait_for(
            "the ConfigMap to have it",
            lambda: SHOP.read("configmap", "shop-database-ca")["data"]["ca.crt"] == bundle,
        )
        found = wait_for(
            "the Deployments to be named",
            lambda: (lambda said: said if '"web"' in said and '"worker"' in said else None)(
                SHOP.condition("CredentialsSynced").get("message", "")
            ),
        )
        show("it says: " + found)
        held = base64.b64decode(SHOP.read("secret", "shop-database")["data"]["ca.crt"]).decode()
        require("the Secret has what it had", held == authority)
        replace_pods(lambda: SHOP.kubectl("rollout", "restart", "deployment/web", "deployment/worker"))
        replace_pods(lambda: world.apply(today))
    show(str(requests))
    require("no request failed", not requests.failures, requests.failures[:3])


def minute_without_server():
    step("PostgreSQL is stopped, two new images are asked for meanwhile, and it stays away for a minute")
    show(POSTGRES("stop"))
    stopped = time.monotonic()
    SHOP.upgrade("v2-broken")
    SHOP.upgrade("v2")
    found = SHOP.wait_for_condition("ServerReachable", "False")
    show("it says: " + found["message"])
    require("the reason is the server's", found["reason"] in ("TCPUnreachable", "ServerStarting"), found["reason"])
    wait_for("PostgresServer to say so too", lambda: SERVER.condition("Ready").get("status") == "False")
    held = [item["spec"].get("paused") for item in SHOP.items("deployment")]
    require("the new templates are held", held == [True, True], held)
    wait_for("the minute to pass", lambda: time.monotonic() > stopped + MINUTE, MINUTE + 1)


def server_goes_during_migration():
    step("It is back, and goes again while the migration of version 2 is inside its ALTER TABLE")
    show(POSTGRES("start"))
    with migration_waits_inside(SHOP) as reached:
        reached()
        show(POSTGRES("stop"))
    show(POSTGRES("start"))
    SHOP.wait_for_release("v2")


def nothing_was_lost(rows):
    require("no row was lost", int(SHOP.sql("select count(*) from orders_order")) >= rows)
    require("0002 is applied once", SHOP.times_applied("0002_reference") == 1)
    succeeded = {}
    for job in SHOP.jobs():
        version = job["metadata"]["annotations"]["djangodb.io/image"].rsplit(":", 1)[1]
        succeeded.setdefault(version, []).append(job["status"].get("succeeded", 0))
    show("attempts: " + ", ".join("%s %d" % (version, len(ends)) for version, ends in sorted(succeeded.items())))
    require(
        "one Job of each release succeeded, and the image that was replaced was never tried",
        # Version 1 was released twice: with another mount it is another release, and back again none.
        {version: sum(ends) for version, ends in succeeded.items()} == {"v1": 2, "v2": 1},
        succeeded,
    )
    # A Pod that is ending goes on answering until every proxy has heard of it.
    wait_for("the Pods of version 1 to be gone", lambda: len(SHOP.pods()) == 1)
    with SHOP.requests() as requests:
        wait_for("version 2 to answer 20 requests", lambda: requests.sent > 20, 30)
    require("version 2 serves", requests.versions == {"v2"} and not requests.failures, requests.failures[:3])


def main():
    world.enter()
    POSTGRES("up", "--port", "0")
    remove()
    step("Version 1")
    operator_pod.ensure()
    SERVER.make([SHOP.space, OTHER.space])
    SHOP.apply("namespace", "djangodatabase", "service", "deployments")
    SHOP.wait_for_release("v1")
    wrong_password()
    rotated_password()
    grown_ca()
    rows = int(SHOP.sql("select count(*) from orders_order"))
    minute_without_server()
    server_goes_during_migration()
    nothing_was_lost(rows)


def remove():
    POSTGRES("start")
    remove_shops(SHOP, OTHER)
    SERVER.remove()


if __name__ == "__main__":
    tell(main, remove)
