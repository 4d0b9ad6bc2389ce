"""Databases that nobody can lose or steal: logins with few rights, drift, adoption, transfer and deletion, on a cluster.

A shop whose login reads and writes rows only is released twice, while a reader reads along; somebody changes roles by
hand; an old database is taken over with leave; a claim moves to another namespace; a database is kept, then dropped.
"""

import base64
import json
import pathlib
import subprocess
import sys

sys.path.append(str(pathlib.Path(__file__).resolve().parents[1] / "support/python"))
import install  # noqa: E402
import world  # noqa: E402
from shop import Shop, remove as remove_shops  # noqa: E402
from story import require, show, step, tell  # noqa: E402
from world import wait_for  # noqa: E402

MARKET = Shop("market", replicas=1)
SECOND = Shop("market-second", replicas=1)
LEGACY = Shop("legacy", replicas=1)
SPACES = [shop.space for shop in (MARKET, SECOND, LEGACY)]
# What the market asks for beside the manifest of the sample app.
ACCESS = {
    "database": {"name": MARKET.database, "extensions": ["citext"], "schemas": ["reports"], "connectionLimit": 40,
                 "timeZone": "Europe/Berlin"},
    "access": {"runtime": "ReadWrite", "readers": [{"name": "analysts"}]},
}


def patch(kind, name, spec, space="default"):
    world.kubectl("-n", space, "patch", kind, name, "--type=merge", "-p", json.dumps({"spec": spec}))


def login(shop, secret):
    """A function that runs SQL as the login of this Secret, over verified TLS; returns (succeeded, what it says)."""
    data = {key: base64.b64decode(value).decode() for key, value in shop.read("secret", secret)["data"].items()}

    def ask(statement):
        target = "host=%s hostaddr=127.0.0.1 port=%s dbname=%s user=%s sslmode=%s sslrootcert=%s" % (
            data["DB_HOST"], data["DB_PORT"], data["DB_NAME"], data["DB_USER"], data["DB_SSLMODE"],
            world.environment("DJDB_PG_CA"))
        done = subprocess.run(
            ["psql", "-XAtq", "-v", "ON_ERROR_STOP=1", target, "-c", statement], capture_output=True, text=True,
            env={"PATH": "/usr/bin:/bin", "PGPASSWORD": data["DB_PASSWORD"]}, check=False)
        return done.returncode == 0, (done.stdout + done.stderr).strip()

    ask.user = data["DB_USER"]
    return ask


def refused(ask, statement, state="permission denied"):
    succeeded, said = ask(statement)
    require("%s may not: %s" % (ask.user, statement), not succeeded and state in said, said)


def allowed(ask, statement):
    succeeded, said = ask(statement)
    require("%s may: %s" % (ask.user, statement), succeeded, said)
    return said


def event_with(shop, word):
    return [event["note"] for event in shop.items("events.events.k8s.io") if word in event["reason"]]


def few_rights():
    step("A shop whose login reads and writes rows only, and a reader")
    MARKET.apply("namespace")
    resource = json.loads(world.run("kubectl", "create", "--dry-run=client", "-o", "json", "-f", "-",
                                    stdin=MARKET.manifest("djangodatabase")))
    resource["spec"].update(ACCESS)
    world.apply(json.dumps(resource))
    MARKET.apply("service", "deployments")
    MARKET.wait_for_release("v1")
    app, reader = login(MARKET, "shop-database"), login(MARKET, "shop-analysts")
    with MARKET.requests() as requests:
        MARKET.upgrade("v2")
        MARKET.wait_for_release("v2")
        allowed(reader, "SELECT count(*) FROM orders_order")
    show(str(requests))
    require("no request failed", not requests.failures and requests.sent > 0, requests.failures[:3])
    refused(app, "CREATE TABLE planted (id int)")
    refused(app, "ALTER TABLE orders_order ADD planted int", "must be owner")
    refused(app, "DELETE FROM django_migrations")
    refused(reader, "DELETE FROM orders_order", "")
    refused(reader, "BEGIN READ WRITE; DELETE FROM orders_order")
    require("the extension is there", MARKET.sql("SELECT count(*) FROM pg_extension WHERE extname = 'citext'") == "1")
    require("the schema is there and the owner's", MARKET.sql(
        "SELECT pg_get_userbyid(nspowner) FROM pg_namespace WHERE nspname = 'reports'") == "market_owner")
    require("its sessions begin in the time zone", allowed(app, "SHOW timezone") == "Europe/Berlin")


def reader_goes():
    step("The reader is asked for no more")
    patch("djdb", "shop", {"access": {"readers": []}}, MARKET.space)
    wait_for("its Secret to be gone", lambda: MARKET.read("secret", "shop-analysts") is None, 60)
    require("and its login", world.sql(
        "SELECT count(*) FROM pg_roles WHERE rolname = 'market_ro_analysts'") == "0")
    MARKET.wait_for_condition("Ready", "True", seconds=60)


def drift():
    step("Somebody gives a login more than it should have")
    world.sql('ALTER ROLE "market_a" CREATEDB; GRANT CONNECT ON DATABASE market TO PUBLIC')
    wait_for("both to be taken away", lambda: world.sql(
        "SELECT rolcreatedb FROM pg_roles WHERE rolname = 'market_a'") == "f" and world.sql(
        "SELECT count(*) FROM pg_database, aclexplode(datacl) WHERE datname = 'market' AND grantee = 0") == "0", 90)
    said = wait_for("an Event about it", lambda: event_with(MARKET, "Drift"), 30)
    show(said[0])
    MARKET.wait_for_condition("InSync", "True", seconds=60)
    step("With mode Observe it is shown and left")
    patch("djdb", "shop", {"mode": "Observe"}, MARKET.space)
    MARKET.wait_for_condition("InSync", "True", seconds=60)
    world.sql('ALTER ROLE "market_a" CREATEDB')
    MARKET.wait_for_condition("InSync", "False", "Drifted", 90)
    show("\n".join(MARKET.resource()["status"]["drift"]))
    require("nobody changed it", world.sql("SELECT rolcreatedb FROM pg_roles WHERE rolname = 'market_a'") == "t")
    patch("djdb", "shop", {"mode": "Apply"}, MARKET.space)
    MARKET.wait_for_condition("InSync", "True", seconds=60)
    MARKET.wait_for_condition("Ready", "True", seconds=60)


def adoption():
    step("An old database, without leave and with it")
    world.sql("CREATE ROLE legacy_app LOGIN; GRANT legacy_app TO %s" % world.environment("DJDB_PG_ADMIN_USER"))
    world.sql("CREATE DATABASE legacy OWNER legacy_app")
    LEGACY.sql("SET ROLE legacy_app; CREATE TABLE notes AS SELECT 42 AS n; CREATE VIEW seen AS SELECT n FROM notes;"
               "CREATE FUNCTION twice(int) RETURNS int LANGUAGE sql AS 'SELECT $1 * 2'")
    LEGACY.apply("namespace", "djangodatabase", "service", "deployments")
    show(LEGACY.wait_for_condition("Claimed", "False", "AdoptionNotGranted", 60)["message"])
    patch("pgserver", "main", {"grants": {"adopt": [
        {"database": LEGACY.database, "namespace": LEGACY.space, "name": "shop"}]}})
    LEGACY.wait_for_release("v1")
    require("its rows are there", LEGACY.sql("SELECT n FROM notes") == "42")
    require("all in it is the owner role's", LEGACY.sql(
        "SELECT DISTINCT pg_get_userbyid(relowner) FROM pg_class WHERE relname IN ('notes', 'seen', 'orders_order')"
    ) == "legacy_owner")
    require("the database is the administrator's", world.sql(
        "SELECT pg_get_userbyid(datdba) FROM pg_database WHERE datname = 'legacy'")
        == world.environment("DJDB_PG_ADMIN_USER"))


def transfer():
    step("Another namespace wants the market's database, without leave and with it")
    SECOND.apply("namespace")
    manifest = SECOND.manifest("djangodatabase").replace("name: " + SECOND.database, "name: " + MARKET.database)
    world.apply(manifest)
    show(SECOND.wait_for_condition("Claimed", "False", "OwnershipConflict", 60)["message"])
    rows = MARKET.sql("SELECT count(*) FROM orders_order")
    patch("pgserver", "main", {"grants": {"transfer": [
        {"database": MARKET.database, "namespace": SECOND.space, "name": "shop"}]}})
    SECOND.wait_for_condition("CredentialsSynced", "True", seconds=90)
    MARKET.wait_for_condition("Claimed", "False", "OwnershipConflict", 90)
    allowed(login(SECOND, "shop-database"), "SELECT 1")
    require("its rows are there", MARKET.sql("SELECT count(*) FROM orders_order") == rows)
    step("The former resource is deleted: nothing happens to the database")
    MARKET.kubectl("delete", "djdb", "shop", "--timeout=60s")
    allowed(login(SECOND, "shop-database"), "SELECT count(*) FROM orders_order")


def deletion():
    step("Deleted with its whole namespace, and kept: the server does not allow more")
    patch("djdb", "shop", {"deletion": {"policy": "Delete"}}, SECOND.space)
    SECOND.kubectl("delete", "namespace", SECOND.space, "--timeout=120s")
    require("the database is there", world.sql("SELECT 1 FROM pg_database WHERE datname = 'market'") == "1")
    require("its logins are gone", world.sql(
        "SELECT count(*) FROM pg_roles WHERE rolcanlogin AND rolname LIKE 'market%'") == "0")
    step("The same name again: attached again, with its rows, and dropped with leave")
    SECOND.apply("namespace")
    world.apply(SECOND.manifest("djangodatabase").replace("name: " + SECOND.database, "name: " + MARKET.database))
    SECOND.wait_for_condition("CredentialsSynced", "True", seconds=90)
    allowed(login(SECOND, "shop-database"), "SELECT count(*) FROM orders_order")
    patch("pgserver", "main", {"deletion": {"allowDrop": True}})
    patch("djdb", "shop", {"deletion": {"policy": "Delete"}}, SECOND.space)
    wait_for("the policy to be seen", lambda: SECOND.resource()["status"]["observedGeneration"] ==
             SECOND.resource()["metadata"]["generation"], 60)
    SECOND.kubectl("delete", "djdb", "shop", "--timeout=60s")
    require("the database is gone", world.sql("SELECT count(*) FROM pg_database WHERE datname = 'market'") == "0")
    require("and its roles", world.sql("SELECT count(*) FROM pg_roles WHERE rolname LIKE 'market%'") == "0")
    require("and its claim", world.sql(
        "SELECT count(*) FROM djangodb.claim WHERE database = 'market'", "djangodb_operator") == "0")


def main():
    world.enter()
    remove()
    step("Installing the operator and its server")
    install.operator()
    install.server(SPACES)
    few_rights()
    reader_goes()
    drift()
    adoption()
    transfer()
    deletion()


def remove():
    remove_shops(MARKET, SECOND, LEGACY)
    world.sql("DROP ROLE IF EXISTS legacy_app")
    install.remove()


if __name__ == "__main__":
    tell(main, remove)
