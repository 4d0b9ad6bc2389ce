"""The operator as its users install it, by Helm with its own service account, and a PostgreSQL server for it."""

import pathlib

import world
from world import kubectl, wait_for

SPACE = world.OPERATOR_NAMESPACE
MANIFESTS = world.ROOT / "examples/shop/manifests"


def operator(*options):
    """Returns what Helm says."""
    return world.run(
        "helm", "-n", SPACE, "upgrade", "--install", "djangodb-operator", "--create-namespace",
        "--wait", "--timeout", "120s", str(world.ROOT / "charts/djangodb-operator"), *options,
    ).split("NOTES:")[0]


def admin_password():
    return pathlib.Path(world.environment("DJDB_PG_ADMIN_PASSWORD_FILE")).read_text().strip()


def admin_secret(password):
    world.apply(world.secret(
        "postgres-main-admin", SPACE, username=world.environment("DJDB_PG_ADMIN_USER"), password=password))


def server(namespaces, password=None):
    """The administrator's Secret, the CA, and the PostgresServer `main`, open to `namespaces`."""
    admin_secret(password or admin_password())
    authority = pathlib.Path(world.environment("DJDB_PG_CA")).read_text()
    world.apply(world.secret("postgres-main-ca", SPACE, ca_crt=authority))
    manifest = (MANIFESTS / "postgresserver.yaml").read_text()
    manifest = manifest.replace("5432", world.environment("DJDB_PG_PORT"))
    world.apply(manifest.replace("[shop]", "[%s]" % ", ".join(namespaces)))
    wait_for("PostgresServer ready", lambda: server_condition("Ready").get("status") == "True", 30)


def server_condition(kind):
    return world.condition(world.read("pgserver", "main"), kind)


def remove():
    """Idempotent: a second run starts from nothing too. Apps are removed before (shop.py)."""
    kubectl("delete", "pgserver", "--all", "--ignore-not-found", check=False)
    world.run("helm", "-n", SPACE, "uninstall", "djangodb-operator", "--wait", check=False)
    kubectl("delete", "namespace", SPACE, "--ignore-not-found", "--timeout=90s", check=False)
    world.sql("DROP DATABASE IF EXISTS djangodb_operator WITH (FORCE)")
