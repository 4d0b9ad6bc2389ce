"""The moments of a release at which the operator may die, each defined by what has happened in the world.

A moment waits, from before the user's change on, until the world has got there, and returns immediately: the
operator is then a few milliseconds further at most. Nothing in here sleeps for a guessed time.
"""

import contextlib
import json
import subprocess
import threading
import time

import world
from audit_log import AuditLog, answered
from wait import PATIENCE, Unmet


class Watch:
    """The changes of one kind in one namespace, as the API server tells them."""

    def __init__(self, group, kind, space):
        path = "/%s/namespaces/%s/%s?watch=true" % (group, space, kind)
        self._kubectl = subprocess.Popen(
            ["kubectl", "get", "--raw", path], stdout=subprocess.PIPE, stderr=subprocess.DEVNULL
        )

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self._kubectl.kill()
        self._kubectl.wait()

    def wait_for(self, matches, what, seconds=PATIENCE):
        watchdog = threading.Timer(seconds, self._kubectl.kill)
        watchdog.start()
        try:
            for line in self._kubectl.stdout:
                found = json.loads(line)["object"]
                if matches(found):
                    return found
        finally:
            watchdog.cancel()
        raise Unmet("waited %d s for %s" % (seconds, what))


def poll(postgres, statement, what, seconds=PATIENCE):
    """Asks the database every few milliseconds until it answers anything but nothing."""
    deadline = time.monotonic() + seconds
    with postgres.session(statement.database) as session:
        while time.monotonic() < deadline:
            if session.ask(statement.text):
                return
            time.sleep(0.002)
    raise Unmet("waited %d s until %s" % (seconds, what))


class Statement:
    def __init__(self, text, database="postgres"):
        self.text, self.database = text, database


class Moment:
    """`watch(shop)` is a context that is entered before the change and gives a function that returns at the moment."""

    def __init__(self, what, watch, deaths=1, sample=False):
        """`sample`: in `make test`; the others are in `make test-all`, `make simulate` has them all."""
        self.what, self.watch, self.deaths, self.sample = what, watch, deaths, sample


def on_audit(predicate):
    """predicate(shop) -> what the request must match"""

    @contextlib.contextmanager
    def watch(shop):
        with AuditLog(world.cluster_directory()).tail() as tail:
            yield lambda: tail.wait_for(predicate(shop), "the moment")

    return watch


def on_change(group, kind, matches):
    @contextlib.contextmanager
    def watch(shop):
        with Watch(group, kind, shop.space) as changes:
            yield lambda: changes.wait_for(matches, "the moment")

    return watch


def on_rows(statement):
    """statement(shop) -> a query that has rows at the moment and not before"""

    @contextlib.contextmanager
    def watch(shop):
        yield lambda: poll(shop.server.postgres, statement(shop), "the database shows the moment")

    return watch


@contextlib.contextmanager
def migration_waits_inside(shop):
    """The migration stands still in the midst of its ALTER TABLE until the operator died: a reader holds a lock."""
    with shop.server.postgres.session(shop.database) as reader:
        reader.ask("BEGIN")
        reader.ask("LOCK TABLE orders_order IN ACCESS SHARE MODE")
        yield lambda: poll(
            shop.server.postgres,
            Statement(
                "SELECT 1 FROM pg_stat_activity WHERE datname = '%s' AND usename = '%s_migrate'"
                " AND wait_event_type = 'Lock' AND query LIKE 'ALTER TABLE%%'" % (shop.database, shop.database)
            ),
            "the migration is inside its ALTER TABLE",
        )


@contextlib.contextmanager
def create_database_waits(shop):
    """CREATE DATABASE stands still until the operator died; the server then finishes it for nobody."""
    with shop.server.postgres.session() as holder:
        holder.ask("BEGIN")
        holder.ask("LOCK TABLE pg_database IN SHARE MODE")
        yield lambda: poll(
            shop.server.postgres,
            Statement(
                "SELECT 1 FROM pg_stat_activity WHERE query LIKE 'CREATE DATABASE \"%s\"%%'"
                " AND wait_event_type = 'Lock'" % shop.database
            ),
            "CREATE DATABASE is being carried out",
        )


def users_first_change(shop):
    return lambda request: (
        request.resource == "deployments"
        and request.verb == "patch"
        and request.space == shop.space
        and request.user == "djdb-admin"
    )


def job_made(shop, kind):
    """Its name says which kind it is."""
    made = answered("create", "jobs", shop.space)
    return lambda request: made(request) and "-%s-" % kind in request.name


def has_ended_well(kind):
    """A Job's Pod whose container ended well; the operator does not wait for the Job to be Complete."""
    return lambda pod: (
        pod["metadata"].get("labels", {}).get("djangodb.io/job-kind") == kind
        and pod["spec"]["containers"][0]["image"].endswith(":v2")
        and any(
            container["state"].get("terminated", {}).get("exitCode") == 0
            for container in pod["status"].get("containerStatuses", ())
        )
    )


def is_half_rolled(deployment):
    status = deployment["status"]
    return status.get("updatedReplicas", 0) > 0 and status.get("replicas", 0) > status["updatedReplicas"]


def is_rolled(deployment):
    status, wanted = deployment["status"], deployment["spec"]["replicas"]
    image = deployment["spec"]["template"]["spec"]["containers"][0]["image"]
    return (
        image.endswith(":v2")
        and not deployment["spec"].get("paused")
        and status.get("observedGeneration") == deployment["metadata"]["generation"]
        and all(status.get(count) == wanted for count in ("updatedReplicas", "availableReplicas", "replicas"))
    )


def once_all(names, matches):
    """True at the change with which the last of `names` matches."""
    missing = set(names)

    def matcher(found):
        if matches(found):
            missing.discard(found["metadata"]["name"])
        return not missing

    return matcher


# While the database of an app is made, and its first version comes up.
PROVISIONING = [
    Moment(
        "the passwords are stored, no role has them",
        on_audit(
            lambda shop: (
                lambda request: (
                    answered("create patch", "secrets", world.OPERATOR_NAMESPACE)(request)
                    and request.name.startswith("djangodb-")
                )
            )
        ),
    ),
    Moment(
        "the roles exist, the database does not",
        on_rows(lambda shop: Statement("SELECT 1 FROM pg_roles WHERE rolname = '%s_owner'" % shop.database)),
    ),
    Moment("CREATE DATABASE is being carried out", create_database_waits, sample=True),
    Moment(
        "the database exists, its grants do not",
        on_rows(lambda shop: Statement("SELECT 1 FROM pg_database WHERE datname = '%s'" % shop.database)),
    ),
    Moment(
        "the app's Secret is published",
        on_audit(lambda shop: answered("create patch", "secrets", shop.space, "shop-database")),
    ),
]

# From the user's new image until nothing but it runs.
UPGRADE = [
    Moment("the first Deployment is held, the second has its old image", on_audit(users_first_change)),
    Moment("the probe exists", on_audit(lambda shop: job_made(shop, "probe"))),
    Moment("the probe has ended well, nothing migrates", on_change("api/v1", "pods", has_ended_well("probe"))),
    Moment(
        "the migration's Secret is found as it should be, no Job migrates",
        on_audit(lambda shop: answered("get", "secrets", shop.space, "shop-migrate")),
    ),
    Moment("the migration Job exists", on_audit(lambda shop: job_made(shop, "migrate"))),
    Moment("the migration is in the midst of its ALTER TABLE", migration_waits_inside, sample=True),
    Moment("its container has ended, nothing is recorded", on_change("api/v1", "pods", has_ended_well("migrate"))),
    Moment(
        "the template is in the ledger, the gate is closed",
        on_rows(
            lambda shop: Statement(
                "SELECT 1 FROM djangodb.passed_template WHERE database = '%s' AND image = 'localhost/shop:v2'"
                % shop.database,
                "djangodb_operator",
            )
        ),
    ),
    Moment(
        "the first gate is open, the second is closed",
        on_audit(lambda shop: answered("patch", "deployments", shop.space)),
        sample=True,
    ),
    Moment("old and new Pods run side by side", on_change("apis/apps/v1", "deployments", is_half_rolled)),
    Moment(
        "all has rolled, the status does not say so",
        on_change("apis/apps/v1", "deployments", once_all(["web", "worker"], is_rolled)),
    ),
    Moment(
        "the migration Job exists, and twice more while it recovers",
        on_audit(lambda shop: job_made(shop, "migrate")),
        deaths=3,
        sample=True,
    ),
]
