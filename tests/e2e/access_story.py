"""Databases that nobody loses or steals: few rights, drift, adoption, transfer and deletion, on a cluster.

A shop whose login reads and writes rows only is released twice, while a reader reads along; somebody changes roles by
hand; an old database is taken over with leave; a claim moves to another namespace; a database is kept, then dropped.
"""

import base64
import json
import pathlib
import subprocess
import sys

sys.path += [str(pathlib.Path(__file__).resolve().parents[1] / folder) for folder in ("support/python", "cluster")]
import operator_pod
import world
from install import Server
from postgres import Postgres
from shop import Shop, remove as remove_shops
from story import require, show, step, tell
from wait import wait_for

POSTGRES = Postgres()
SERVER = Server("market", POSTGRES)
MARKET = Shop("market", SERVER, replicas=1)
SECOND = Shop("market-second", SERVER, replicas=1)
LEGACY = Shop("legacy", SERVER, replicas=1)
SPACES = [shop.space for shop in (MARKET, SECOND, LEGACY)]
# What the market asks for beside the manifest of the sample app.
ACCESS = {
    "database": {
        "name": MARKET.database,
        "extensions": ["citext"],
        "schemas": ["reports"],
        "connectionLimit": 40,
        "timeZone": "Europe/Berlin",
    },
    "access": {"runtime": "ReadWrite", "readers": [{"name": "analysts"}]},
}


def patch(kind, name, spec, space=None):
    world.api().patch(kind, name, {"spec": spec}, space)


def login(shop, secret):
    """A function that runs SQL as the login of this Secret, over verified TLS; returns (succeeded, what it says)."""
    data = {key: base64.b64decode(value).decode() for key, value in shop.read("secret", secret)["data"].items()}

    def ask(statement):
        target = "host=%s hostaddr=127.0.0.1 port=%s dbname=%s user=%s sslmode=%s sslrootcert=%s" % (
            data["DB_HOST"],
            data["DB_PORT"],
            data["DB_NAME"],
            data["DB_USER"],
            data["DB_SSLMODE"],
            POSTGRES.authority,
        )
        done = subprocess.run(
            ["psql", "-XAtq", "-v", "ON_ERROR_STOP=1", target, "-c", statement],
            capture_output=True,
            text=True,
            env={"PATH": "/usr/bin:/bin", "PGPASSWORD": data["DB_PASSWORD"]},
            check=False,
        )
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
    return [event["note"] for event in shop.items("event") if word in event["reason"]]


def few_rights():
    step("A shop whose login reads and writes rows only, and a reader")
    MARKET.apply("namespace")
    resource = json.loads(
        world.run(
            "kubectl", "create", "--dry-run=client", "-o", "json", "-f", "-", stdin=MARKET.manifest("djangodatabase")
        )
    )
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
    require(
        "the schema is there and the owner's",
        MARKET.sql("SELECT pg_get_userbyid(nspowner) FROM pg_namespace WHERE nspname = 'reports'") == "market_owner",
    )
    require("its sessions begin in the time zone", allowed(app, "SHOW timezone") == "Europe/Berlin")


def reader_goes():
    step("The reader is no longer requested")
    patch("djdb", "shop", {"access": {"readers": []}}, MARKET.space)
    wait_for("its Secret to be gone", lambda: MARKET.read("secret", "shop-analysts") is None)
    require("and its login", POSTGRES.sql("SELECT count(*) FROM pg_roles WHERE rolname = 'market_ro_analysts'") == "0")
    MARKET.wait_for_condition("Ready", "True")


def drift():
    step("Somebody gives a login more than it should have")
    POSTGRES.sql('ALTER ROLE "market_a" CREATEDB; GRANT CONNECT ON DATABASE market TO PUBLIC')
    wait_for(
        "both to be taken away",
        lambda: (
            POSTGRES.sql("SELECT rolcreatedb FROM pg_roles WHERE rolname = 'market_a'") == "f"
            and POSTGRES.sql(
                "SELECT count(*) FROM pg_database, aclexplode(datacl) WHERE datname = 'market' AND grantee = 0"
            )
            == "0"
        ),
    )
    said = wait_for("an Event about it", lambda: event_with(MARKET, "Drift"))
    show(said[0])
    MARKET.wait_for_condition("InSync", "True")
    step("With mode Observe it is shown and left")
    patch("djdb", "shop", {"mode": "Observe"}, MARKET.space)
    MARKET.wait_for_condition("InSync", "True")
    POSTGRES.sql('ALTER ROLE "market_a" CREATEDB')
    MARKET.wait_for_condition("InSync", "False", "Drifted")
    show("\n".join(MARKET.resource()["status"]["drift"]))
    require("nobody changed it", POSTGRES.sql("SELECT rolcreatedb FROM pg_roles WHERE rolname = 'market_a'") == "t")
    patch("djdb", "shop", {"mode": "Apply"}, MARKET.space)
    MARKET.wait_for_condition("InSync", "True")
    MARKET.wait_for_condition("Ready", "True")


def adoption():
    step("An old database, without leave and with it")
    POSTGRES.sql("CREATE ROLE legacy_app LOGIN; GRANT legacy_app TO %s" % POSTGRES.admin)
    POSTGRES.sql("CREATE DATABASE legacy OWNER legacy_app")
    LEGACY.sql(
        "SET ROLE legacy_app; CREATE TABLE notes AS SELECT 42 AS n; CREATE VIEW seen AS SELECT n FROM notes;"
        "CREATE FUNCTION twice(int) RETURNS int LANGUAGE sql AS 'SELECT $1 * 2'"
    )
    LEGACY.apply("namespace", "djangodatabase", "service", "deployments")
    show(LEGACY.wait_for_condition("Claimed", "False", "AdoptionNotGranted")["message"])
    patch(
        "pgserver",
        SERVER.name,
        {"grants": {"adopt": [{"database": LEGACY.database, "namespace": LEGACY.space, "name": "shop"}]}},
    )
    LEGACY.wait_for_release("v1")
    require("its rows are there", LEGACY.sql("SELECT n FROM notes") == "42")
    require(
        "all in it is the owner role's",
        LEGACY.sql(
            "SELECT DISTINCT pg_get_userbyid(relowner) FROM pg_class WHERE relname IN ('notes', 'seen', 'orders_order')"
        )
        == "legacy_owner",
    )
    require(
        "the database is the administrator's",
        POSTGRES.sql("SELECT pg_get_userbyid(datdba) FROM pg_database WHERE datname = 'legacy'") == POSTGRES.admin,
    )


def transfer():
    step("Another namespace wants the market's database, without leave and with it")
    SECOND.apply("namespace")
    manifest = SECOND.manifest("djangodatabase").replace("name: " + SECOND.database, "name: " + MARKET.database)
    world.apply(manifest)
    show(SECOND.wait_for_condition("Claimed", "False", "OwnershipConflict")["message"])
    rows = MARKET.sql("SELECT count(*) FROM orders_order")
    patch(
        "pgserver",
        SERVER.name,
        {"grants": {"transfer": [{"database": MARKET.database, "namespace": SECOND.space, "name": "shop"}]}},
    )
    SECOND.wait_for_condition("CredentialsSynced", "True")
    MARKET.wait_for_condition("Claimed", "False", "OwnershipConflict")
    allowed(login(SECOND, "shop-database"), "SELECT 1")
    require("its rows are there", MARKET.sql("SELECT count(*) FROM orders_order") == rows)
    step("The former resource is deleted: nothing happens to the database")
    MARKET.kubectl("delete", "djdb", "shop", "--timeout=60s")
    allowed(login(SECOND, "shop-database"), "SELECT count(*) FROM orders_order")


def deletion():
    step("Deleted with its whole namespace, and kept: the server does not allow more")
    patch("djdb", "shop", {"deletion": {"policy": "Delete"}}, SECOND.space)
    SECOND.kubectl("delete", "namespace", SECOND.space, "--timeout=120s")
    require("the database is there", POSTGRES.sql("SELECT 1 FROM pg_database WHERE datname = 'market'") == "1")
    require(
        "its logins are gone",
        POSTGRES.sql("SELECT count(*) FROM pg_roles WHERE rolcanlogin AND rolname LIKE 'market%'") == "0",
    )
    step("The same name again: attached again, with its rows, and dropped with leave")
    SECOND.apply("namespace")
    world.apply(SECOND.manifest("djangodatabase").replace("name: " + SECOND.database, "name: " + MARKET.database))
    SECOND.wait_for_condition("CredentialsSynced", "True")
    allowed(login(SECOND, "shop-database"), "SELECT count(*) FROM orders_order")
    patch("pgserver", SERVER.name, {"deletion": {"allowDrop": True}})
    patch("djdb", "shop", {"deletion": {"policy": "Delete"}}, SECOND.space)
    wait_for(
        "the policy to be seen",
        lambda: SECOND.resource()["status"]["observedGeneration"] == SECOND.resource()["metadata"]["generation"],
    )
    SECOND.kubectl("delete", "djdb", "shop", "--timeout=60s")
    require("the database is gone", POSTGRES.sql("SELECT count(*) FROM pg_database WHERE datname = 'market'") == "0")
    require("and its roles", POSTGRES.sql("SELECT count(*) FROM pg_roles WHERE rolname LIKE 'market%'") == "0")
    require(
        "and its claim",
        POSTGRES.sql("SELECT count(*) FROM djangodb.claim WHERE database = 'market'", "djangodb_operator") == "0",
    )


def main():
    world.enter()
    remove()
    operator_pod.ensure()
    SERVER.make(SPACES)
    few_rights()
    reader_goes()
    drift()
    adoption()
    transfer()
    deletion()


def remove():
    remove_shops(MARKET, SECOND, LEGACY)
    POSTGRES.sql("DROP ROLE IF EXISTS legacy_app")
    SERVER.remove()


if __name__ == "__main__":
    tell(main, remove)
