"""Passwords with a mark go through a whole life of an app; afterwards nothing but Secrets holds one, in any spelling.

The operator logs at its most talkative. Searched are its log, the migration Pods' logs, Events and every other
resource of every namespace, the API server's audit log, and PostgreSQL's log, which is also searched for verifiers.
PostgreSQL logs definitions as well (log_statement = ddl): the strictest setting in common use.
"""

import base64
import json
import pathlib
import sys
import urllib.parse

sys.path += [str(pathlib.Path(__file__).resolve().parents[1] / folder) for folder in ("support/python", "cluster")]
import operator_pod
import world
from audit_log import OPERATOR, AuditLog
from install import Server
from postgres import Postgres
from shop import Shop, remove as remove_shops
from story import require, step, tell
from world import kubectl

POSTGRES = Postgres("vault")
SERVER = Server("vault", POSTGRES)
SHOP = Shop("vault", SERVER, replicas=1)
# Every spelling of it differs from the others.
ADMINS_PASSWORD = 'canary/admin+%41 "right"'
WRONG_PASSWORD = 'canary/admin+%42 "wrong"'
VERIFIER = "SCRAM-SHA-256$"


def spellings(secret):
    """Plain, in JSON, URL-quoted, and base64 wherever it stands in what was encoded."""
    plain = secret.encode()
    found = {
        secret,
        json.dumps(secret)[1:-1],
        urllib.parse.quote(secret),
        urllib.parse.quote(secret, safe=""),
        urllib.parse.quote_plus(secret),
    }
    for before in range(3):
        encoded = base64.b64encode(b"\0" * before + plain)
        # Without the characters at either end that carry bits of its neighbours.
        found.add(encoded[(before * 8 + 5) // 6 : len(encoded) - 4 if (before + len(plain)) % 3 else None].decode())
    return found


def life_of_an_app():
    step("An app is made, released, fails a release, meets a wrong administrator's password, and is deleted")
    SHOP.apply("namespace", "djangodatabase", "service", "deployments")
    SHOP.wait_for_release("v1")
    SHOP.upgrade("v2-broken")
    SHOP.wait_for_condition("MigrationsApplied", "False", "MigrationFailed")
    SERVER.admin_secret(WRONG_PASSWORD)
    SHOP.wait_for_condition("ServerReachable", "False", "AuthRejected")
    SERVER.admin_secret(ADMINS_PASSWORD)
    SHOP.wait_for_condition("ServerReachable", "True")


def passwords():
    """Name -> password: ours, and those that the operator made."""
    found = {"the administrator's": ADMINS_PASSWORD, "the wrong one": WRONG_PASSWORD}
    stored = "djangodb-" + SHOP.resource()["metadata"]["uid"]
    ours, app = world.OPERATOR_NAMESPACE, SHOP.space
    for space, name in ((ours, stored), (app, "shop-database"), (app, "shop-migrate")):
        for key, value in world.read("secret", name, space)["data"].items():
            if key in ("runtime", "migrate", "DB_PASSWORD"):
                found["%s of Secret %s" % (key, name)] = base64.b64decode(value).decode()
    return found


def all_resources():
    kinds = kubectl("api-resources", "--verbs=list", "-o", "name").split()
    kinds.remove("secrets")
    return kubectl("get", "-A", "-o", "json", ",".join(kinds), check=False)


def logs_of_jobs():
    return "".join(SHOP.kubectl("logs", "job/" + job["metadata"]["name"]) for job in SHOP.items("job"))


def places(postgres_from):
    audited = AuditLog(world.cluster_directory()).path.read_text(errors="replace")
    # Each with a word that shows that it is what it is called.
    return {
        "the operator's log": (operator_pod.log(), "caches are filled"),
        "the migration Pods' logs": (logs_of_jobs(), "orders"),
        "all resources but Secrets": (all_resources(), "MigrationFailed"),
        "the API server's audit log": (audited, OPERATOR),
        "PostgreSQL's log": (POSTGRES.logged(postgres_from), 'CREATE DATABASE "%s"' % SHOP.database),
    }


def search(postgres_from):
    step("Searching for them")
    found = places(postgres_from)
    for place, (text, word) in found.items():
        require("%s was read (%d kB)" % (place, len(text) // 1024), word in text, text[-500:])
        leaked = [name for name, secret in passwords().items() if any(one in text for one in spellings(secret))]
        require("no password in it", not leaked, leaked)
    for place, (text, _) in found.items():
        require("no verifier in " + place, VERIFIER not in text)


def the_search_finds():
    """A search that can't find is worth nothing: each spelling is found in what Secrets and an app's URL hold."""
    secrets = kubectl("get", "secrets", "-A", "-o", "json")
    for name, secret in passwords().items():
        if secret != WRONG_PASSWORD:
            require("found where it belongs, " + name, any(one in secrets for one in spellings(secret)))


def main():
    world.enter()
    POSTGRES("up", "--port", "0")
    remove()
    step("A talkative operator, and a PostgreSQL with a marked administrator's password")
    operator_pod.ensure()
    POSTGRES.sql("ALTER SYSTEM SET log_statement = 'ddl'")
    POSTGRES.sql("SELECT pg_reload_conf()")
    start = POSTGRES.mark()
    POSTGRES.set_admins_password(ADMINS_PASSWORD)
    SERVER.make([SHOP.space], password=ADMINS_PASSWORD)
    life_of_an_app()
    the_search_finds()
    search(start)


def remove():
    remove_shops(SHOP)
    SERVER.remove()


if __name__ == "__main__":
    tell(main, remove)
