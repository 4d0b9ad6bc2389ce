"""The main job, end to end: from nothing to serving, from version 1 to 2 under requests, and a migration that fails.

usage: release_story.py [--demo]      exits 1 at the first thing that is not as claimed

Needs the cluster, PostgreSQL and the images (make demo and make test bring them). Drives everything by kubectl. With
--demo it installs the operator with Helm and its own service account, and leaves all of it running; otherwise it uses
the operator that the stories share, and removes its app.
"""

import base64
import json
import pathlib
import sys
import time

sys.path += [str(pathlib.Path(__file__).resolve().parents[1] / folder) for folder in ("support/python", "cluster")]
import install
import operator_pod
import world
from shop import Shop, image, remove as remove_shops
from story import require, show, step, tell
from world import kubectl

SHOP = Shop()
DEMO = "--demo" in sys.argv


def remove_app():
    """Idempotent: a second run starts from nothing too."""
    remove_shops(SHOP)
    SHOP.server.remove()


def install_operator():
    step("Starting from nothing")
    remove_app()
    operator_pod.remove()
    step("Installing the operator with Helm")
    show(install.operator_pod())


def connect_the_server():
    step("Telling it of the PostgreSQL server: a Secret with the administrator, one with the CA, a PostgresServer")
    SHOP.apply("namespace")
    SHOP.server.make([SHOP.space])
    show(kubectl("get", "pgserver", SHOP.server.name))


def first_version():
    step("kubectl apply: the DjangoDatabase, two labelled Deployments of version 1, a Service")
    for name in ("djangodatabase", "deployments", "service"):
        show(SHOP.apply(name))
    SHOP.wait_for_release("v1")
    show(SHOP.kubectl("get", "djdb,deployments,jobs"))
    require("version 1 is migrated", SHOP.times_applied("0001_initial") == 1)
    require(
        "the owner of the database is not the app",
        SHOP.server.postgres.sql("select pg_get_userbyid(datdba) from pg_database where datname = 'shop'")
        == "djdb_admin",
    )


def failing_version():
    step("kubectl set image: a version whose migration fails. The old Pods go on serving")
    pods_before = SHOP.pods()
    SHOP.upgrade("v2-broken")
    found = SHOP.wait_for_condition("Stalled", "True", "MigrationFailed")
    show(SHOP.kubectl("get", "djdb"))
    show("it says: " + found["message"])
    require("the same Pods serve", SHOP.pods() == pods_before)
    require(
        "the schema is as it was",
        SHOP.sql(
            "select count(*) from pg_attribute where attrelid = 'orders_order'::regclass and attname = 'reference'"
        )
        == "0",
    )


def second_version():
    step("kubectl set image: version 2 with a migration, while requests keep coming")
    before = int(SHOP.sql("select count(*) from orders_order"))
    SHOP.upgrade("v2")
    SHOP.wait_for_release("v2")
    after = int(SHOP.sql("select count(*) from orders_order"))
    show("rows before: %d, after: %d" % (before, after))
    require("no row was lost", after >= before)
    require("the migration ran once", SHOP.times_applied("0002_reference") == 1)
    require(
        "the data step filled every row that was there",
        SHOP.sql("select count(*) from orders_order where reference is null and id <= %d" % before) == "0",
    )


def step_of(record, kind):
    return next(found for found in record["status"]["steps"] if found["kind"] == kind)


def passwords():
    return {
        base64.b64decode(secret["data"]["DB_PASSWORD"]).decode()
        for secret in SHOP.items("secret")
        if "DB_PASSWORD" in secret.get("data", {})
    }


def records():
    """The last one of each image. The first may have two: `web` alone is a release until `worker` is there too."""
    return {record["spec"]["image"]: record for record in SHOP.releases()}


def each_release_is_recorded():
    step("kubectl get djrel: what each release did")
    show(SHOP.kubectl("get", "djrel"))
    found = records()
    outcomes = {name: record["status"]["outcome"] for name, record in found.items()}
    require(
        "each has one, with its outcome",
        outcomes == {image("v1"): "Succeeded", image("v2-broken"): "Superseded", image("v2"): "Succeeded"},
        outcomes,
    )
    failed, last = found[image("v2-broken")], found[image("v2")]
    require("the failed one has the Job's answer", not json.loads(step_of(failed, "Migration")["answer"])["ok"])
    require("and its log", "MigrationFailed" in step_of(failed, "Migration")["log"], step_of(failed, "Migration"))
    require("the last one names what it applied", "orders.0002_reference" in last["status"]["applied"], last["status"])
    require("the pre-flight's answer is whole", "ms" in json.loads(step_of(last, "Preflight")["answer"]))
    kept = {kept["metadata"]["name"] for kept in SHOP.items("replicaset")}
    require(
        "what rolled out was proven, by its path too: it has no table of Django's own to write a row to",
        json.loads(step_of(last, "Verification")["answer"])["proves"] == ["read", "http"],
        step_of(last, "Verification"),
    )
    require("it names the ReplicaSets", step_of(last, "Rollout")["replicaSet"] in kept, step_of(last, "Rollout"))
    require("no password is in them", not any(word in json.dumps(found) for word in passwords()))


def going_back():
    step("kubectl set image: back to version 1, which does not know what version 2 has migrated. It is held")
    pods_before = SHOP.pods()
    SHOP.upgrade("v1")
    found = SHOP.wait_for_condition("PlanApproved", "False", "RollbackUnsafe")
    show("it says: " + found["message"])
    require("it names the migration", "orders.0002_reference" in found["message"])
    require("the same Pods serve", SHOP.pods() == pods_before)
    SHOP.upgrade("v2")
    SHOP.wait_for_release("v2")
    require("version 2 opens as it was", SHOP.pods() == pods_before)


def settled_means_silent():
    step("A settled resource is not written")
    first = SHOP.resource()["metadata"]["resourceVersion"]
    SHOP.kubectl("annotate", "service", "web", "demo=touched", "--overwrite")
    time.sleep(3)
    require("no write in 3 s", SHOP.resource()["metadata"]["resourceVersion"] == first)


def upgrade_under_requests():
    with SHOP.requests(pause=0.03) as requests:
        failing_version()
        second_version()
    show(str(requests))
    require("no request failed", not requests.failures, requests.failures[:3])
    require("both versions answered", requests.versions >= {"v1", "v2"}, requests.versions)


def try_next():
    step("What it is now, and what to try next")
    show(SHOP.kubectl("get", "djdb", "-o", "wide"))
    show(
        'eval "$(tests/cluster/env)"                   # kubectl and its configuration for this shell\n'
        "kubectl -n shop describe djdb shop            # conditions and Events\n"
        "kubectl -n shop set image deployment/web app=%s   # one of two only: ImagesDiverge, held\n"
        "kubectl -n shop get djrel %s -o yaml      # what the release that failed did and said\n"
        "kubectl explain djdb.spec.app\n"
        "make cluster-down                             # stops all that this started"
        % (image("v1"), records()[image("v2-broken")]["metadata"]["name"])
    )


def main():
    world.enter()
    if DEMO:
        install_operator()
    else:
        remove_app()
        operator_pod.ensure()
    connect_the_server()
    first_version()
    upgrade_under_requests()
    each_release_is_recorded()
    going_back()
    settled_means_silent()


if __name__ == "__main__":
    if DEMO:
        tell(lambda: (main(), try_next()))
    else:
        tell(main, remove_app)
