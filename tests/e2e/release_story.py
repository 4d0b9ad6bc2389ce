"""The main job, end to end: from nothing to serving, from version 1 to 2 under requests, and a migration that fails.

usage: release_story.py [--demo]      prints each step as it happens; exits 1 at the first thing that is not as claimed

Needs the cluster, PostgreSQL and the images (make demo and make test bring them). Installs the operator with Helm and
its own service account; drives everything by kubectl. Leaves it running with --demo, removes it otherwise.
"""

import pathlib
import subprocess
import sys

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent))
import world  # noqa: E402
from world import Unmet, kubectl, wait_for, wait_for_condition  # noqa: E402

MANIFESTS = world.ROOT / "examples/shop/manifests"


def step(text):
    print("\n== " + text, flush=True)


def show(text):
    print("   " + text.rstrip().replace("\n", "\n   "), flush=True)


def require(claim, holds):
    if not holds:
        raise Unmet("not as claimed: " + claim)
    show("ok: " + claim)


def remove_everything():
    """Idempotent: a second run starts from nothing too."""
    kubectl("-n", "shop", "delete", "deployment", "--all", "--ignore-not-found", check=False)
    kubectl("-n", "shop", "annotate", "djdb", "--all", "djangodb.io/orphan=true", "--overwrite", check=False)
    kubectl("delete", "namespace", "shop", "--ignore-not-found", "--timeout=90s", check=False)
    kubectl("delete", "pgserver", "--all", "--ignore-not-found", check=False)
    world.run("helm", "-n", world.OPERATOR_NAMESPACE, "uninstall", "djangodb-operator", "--wait", check=False)
    kubectl("delete", "namespace", world.OPERATOR_NAMESPACE, "--ignore-not-found", "--timeout=90s", check=False)
    for database in ("shop", "djangodb_operator"):
        world.sql('DROP DATABASE IF EXISTS "%s" WITH (FORCE)' % database)
    for role in ("shop_a", "shop_b", "shop_migrate", "shop_owner"):
        world.sql('DROP ROLE IF EXISTS "%s"' % role)


def install_operator():
    step("Installing the operator with Helm")
    show(world.run(
        "helm", "-n", world.OPERATOR_NAMESPACE, "upgrade", "--install", "djangodb-operator", "--create-namespace",
        "--wait", "--timeout", "120s", str(world.ROOT / "charts/djangodb-operator"),
    ).split("NOTES:")[0])


def connect_the_server():
    step("Telling it of the PostgreSQL server: a Secret with the administrator, one with the CA, a PostgresServer")
    import os

    password = pathlib.Path(os.environ["DJDB_PG_ADMIN_PASSWORD_FILE"]).read_text().strip()
    authority = pathlib.Path(os.environ["DJDB_PG_CA"]).read_text()
    space = world.OPERATOR_NAMESPACE
    world.apply(world.secret("postgres-main-admin", space, username=os.environ["DJDB_PG_ADMIN_USER"], password=password))
    world.apply(world.secret("postgres-main-ca", space, ca_crt=authority))
    manifest = (MANIFESTS / "postgresserver.yaml").read_text().replace("5432", os.environ["DJDB_PG_PORT"])
    world.apply((MANIFESTS / "namespace.yaml").read_text())
    world.apply(manifest)
    wait_for("PostgresServer ready", lambda: world.condition(world.read("pgserver", "main"), "Ready").get("status") == "True", 30)
    show(kubectl("get", "pgserver"))


def first_version():
    step("kubectl apply: the DjangoDatabase, two labelled Deployments of version 1, a Service")
    for name in ("djangodatabase", "deployments", "service"):
        show(world.apply((MANIFESTS / (name + ".yaml")).read_text()))
    wait_for_condition("Ready", "True", "Ready")
    wait_for("web rolled out", lambda: (world.read("deployment", "web") or {}).get("status", {}).get("readyReplicas") == 2)
    show(kubectl("-n", "shop", "get", "djdb,deployments,jobs"))
    require("version 1 is migrated", world.sql("select count(*) from django_migrations where app = 'orders'", "shop") == "1")
    require("the owner of the database is not the app", world.sql(
        "select pg_get_userbyid(datdba) from pg_database where datname = 'shop'") == "djdb_admin")


def service_address():
    return world.read("service", "web")["spec"]["clusterIP"]


def failing_version():
    step("A version whose migration fails: the old Pods go on serving")
    pods_before = kubectl("-n", "shop", "get", "pods", "-l", "app=web", "-o", "name")
    world.set_image("v2-broken")
    found = wait_for_condition("Stalled", "True", "MigrationFailed")
    show(found["message"])
    require("the same Pods serve", kubectl("-n", "shop", "get", "pods", "-l", "app=web", "-o", "name") == pods_before)
    require("the schema is as it was", world.sql(
        "select count(*) from pg_attribute where attrelid = 'orders_order'::regclass and attname = 'reference'", "shop") == "0")


def second_version():
    step("kubectl set image: version 2, under requests")
    before = int(world.sql("select count(*) from orders_order", "shop"))
    world.set_image("v2")
    wait_for("version 2 everywhere", lambda: (world.read("djdb", "shop")["status"].get("release") or {}).get("current")
             == "localhost/shop:v2")
    wait_for_condition("Ready", "True", "Ready")
    after = int(world.sql("select count(*) from orders_order", "shop"))
    show("rows before: %d, after: %d" % (before, after))
    require("no row was lost", after >= before)
    require("the migration ran once", world.sql(
        "select count(*) from django_migrations where app = 'orders' and name = '0002_reference'", "shop") == "1")
    require("the data step filled every row that was there", world.sql(
        "select count(*) from orders_order where reference is null and id <= %d" % before, "shop") == "0")


def settled_means_silent():
    step("A settled resource is not written")
    first = world.read("djdb", "shop")["metadata"]["resourceVersion"]
    kubectl("-n", "shop", "annotate", "service", "web", "demo=touched", "--overwrite")
    subprocess.run(["sleep", "3"], check=True)
    require("no write in 3 s", world.read("djdb", "shop")["metadata"]["resourceVersion"] == first)


def no_secret_leaks():
    step("No password in the operator's log, Events, status, Jobs, or the server's log")
    import base64
    import os

    data = world.read("secret", "shop-database")["data"]
    password = base64.b64decode(data["DB_PASSWORD"]).decode()
    places = {
        "the operator's log": kubectl("-n", world.OPERATOR_NAMESPACE, "logs", "deployment/djangodb-operator"),
        "Events": kubectl("-n", "shop", "get", "events", "-o", "json"),
        "resources and Jobs": kubectl("-n", "shop", "get", "djdb,jobs,deployments", "-o", "json"),
    }
    log = pathlib.Path(os.environ["DJDB_PG_CA"]).parent / "log"
    files = [log] if log.is_file() else [path for path in log.rglob("*") if path.is_file()]
    places["the server's log"] = "".join(path.read_text(errors="replace") for path in files)
    require("the server's log was found", "CREATE ROLE" in places["the server's log"])
    for place, text in places.items():
        require("nothing in " + place, password not in text and base64.b64encode(password.encode()).decode() not in text)


def main():
    demo = "--demo" in sys.argv
    world.enter()
    step("Starting from nothing")
    remove_everything()
    install_operator()
    connect_the_server()
    first_version()
    with world.Requests(service_address()) as requests:
        failing_version()
        second_version()
    show("requests: %d, failed: %d, answered by %s" % (
        requests.sent, len(requests.failures), ", ".join(sorted(requests.versions))))
    require("no request failed %s" % requests.failures[:3], not requests.failures)
    require("both versions answered", requests.versions >= {"v1", "v2"})
    settled_means_silent()
    no_secret_leaks()
    show(kubectl("-n", "shop", "get", "djdb", "-o", "wide"))
    if demo:
        step("Try next")
        show("kubectl -n shop describe djdb shop\nkubectl -n shop get events --sort-by=.lastTimestamp\n"
             "kubectl -n shop set image deployment/web app=localhost/shop:v1     (one only: ImagesDiverge)\n"
             "kubectl explain djdb.spec.app")
    else:
        remove_everything()
    print("\n1 passed, 0 failed")


if __name__ == "__main__":
    try:
        main()
    except Unmet as error:
        print("\n" + str(error), file=sys.stderr)
        print(kubectl("-n", world.OPERATOR_NAMESPACE, "logs", "deployment/djangodb-operator", "--tail=30", check=False),
              file=sys.stderr)
        sys.exit(1)
