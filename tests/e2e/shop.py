"""The sample app in a namespace of its own, from the manifests of examples/shop, and requests to it."""

import json
import threading
import urllib.request

import world
from install import Server
from postgres import Postgres
from wait import PATIENCE, Unmet, wait_for
from world import kubectl

MANIFESTS = world.ROOT / "examples/shop/manifests"
LEDGER = "djangodb_operator"
# The cluster's PostgreSQL under the name that the manifests have for it. A story whose apps run beside others' makes a
# PostgresServer of its own for it; one that stops the server or changes its administrator, a PostgreSQL of its own.
MAIN = Server("main", Postgres())


def image(version):
    return "localhost/shop:" + version


class Shop:
    """Namespace and database have its name; everything in the namespace has the names of the manifests."""

    def __init__(self, space="shop", server=MAIN, replicas=2):
        self.space = space
        self.server = server
        self.database = space.replace("-", "_")
        self.replicas = replicas

    def manifest(self, name):
        text = (MANIFESTS / (name + ".yaml")).read_text().replace("namespace: shop", "namespace: " + self.space)
        if name == "namespace":
            text = text.replace("name: shop", "name: " + self.space)
        text = text.replace("  serverRef:\n    name: main", "  serverRef:\n    name: " + self.server.name)
        text = text.replace("  database:\n    name: shop", "  database:\n    name: " + self.database)
        return text.replace("replicas: 2", "replicas: %d" % self.replicas)

    def apply(self, *names):
        return "".join(world.apply(self.manifest(name)) for name in names)

    def kubectl(self, *arguments, check=True):
        return kubectl("-n", self.space, *arguments, check=check)

    def make(self, version, kind, name, spec):
        manifest = {
            "apiVersion": version,
            "kind": kind,
            "metadata": {"name": name, "namespace": self.space},
            "spec": spec,
        }
        return world.apply(json.dumps(manifest))

    def read(self, kind, name):
        return world.read(kind, name, self.space)

    def items(self, kind):
        return world.api().list(kind, self.space)

    def releases(self):
        """Their records, the newest last."""
        return sorted(self.items("djrel"), key=lambda record: int(record["metadata"]["name"].rpartition("-")[2]))

    def jobs(self, kind="migrate"):
        return world.api().list("job", self.space, labelSelector="djangodb.io/job-kind=" + kind)

    def jobs_of(self, version, kind="migrate"):
        """Their names."""
        made_for = "djangodb.io/image"
        jobs = self.jobs(kind)
        return [job["metadata"]["name"] for job in jobs if job["metadata"]["annotations"][made_for] == image(version)]

    def sql(self, statement):
        return self.server.postgres.sql(statement, self.database)

    def set_image(self, version, *deployments):
        """As a user does; the command, to be started in its own time."""
        names = ["deployment/" + name for name in deployments or ("web", "worker")]
        return ["kubectl", "-n", self.space, "set", "image", *names, "app=" + image(version)]

    def upgrade(self, version, *deployments):
        return world.run(*self.set_image(version, *deployments))

    def resource(self):
        return self.read("djdb", "shop")

    def condition(self, kind):
        return world.condition(self.resource(), kind)

    def wait_for_condition(self, kind, status, reason=None, seconds=PATIENCE, words=""):
        """`words`: that stand in its message."""

        def probe():
            found = self.condition(kind)
            is_it = found.get("status") == status and reason in (None, found.get("reason"))
            return found if is_it and words in found["message"] else None

        try:
            return wait_for("%s=%s %s %s" % (kind, status, reason or "", words), probe, seconds)
        except Unmet as error:
            raise Unmet("%s\n%s" % (error, self.kubectl("describe", "djdb", "shop", check=False))) from None

    def wait_for_release(self, version, seconds=PATIENCE):
        """Until the resource says that nothing but `version` runs, and that all is well."""

        def probe():
            resource = self.resource() or {}
            current = (resource.get("status") or {}).get("release", {}).get("current")
            return current == image(version) and world.condition(resource, "Ready").get("status") == "True"

        try:
            wait_for("version %s everywhere in %s" % (version, self.space), probe, seconds)
        except Unmet as error:
            raise Unmet("%s\n%s" % (error, self.kubectl("describe", "djdb", "shop", check=False))) from None

    def pods(self, app="web"):
        """Their names."""
        found = world.api().list("pod", self.space, labelSelector="app=" + app)
        return sorted(pod["metadata"]["name"] for pod in found)

    def requests(self, pause=0.1):
        """`pause`: seconds between two of them."""
        return Requests(self.read("service", "web")["spec"]["clusterIP"], pause)

    def times_applied(self, migration):
        return int(self.sql("select count(*) from django_migrations where app = 'orders' and name = '%s'" % migration))


def remove(*shops):
    """Idempotent, and without the operator's help if it is not there."""
    for shop in shops:
        shop.kubectl("delete", "deployment", "--all", "--wait=false", check=False)
        shop.kubectl("annotate", "djdb", "--all", "djangodb.io/orphan=true", "--overwrite", check=False)
    kubectl("delete", "namespace", *[shop.space for shop in shops], "--ignore-not-found", "--timeout=120s", check=False)
    for shop in shops:
        _remove_database(shop)


def _remove_database(shop):
    postgres = shop.server.postgres
    with postgres.session() as superuser:
        superuser.ask('DROP DATABASE IF EXISTS "%s" WITH (FORCE)' % shop.database)
        made = superuser.ask(
            "SELECT rolname FROM pg_roles WHERE rolname ~ '^%s_(a|b|migrate|owner|rw|ro|ro_.*)$'"
            " ORDER BY rolname LIKE '%%owner'" % shop.database
        )
        for role in made.split():
            superuser.ask('DROP ROLE "%s"' % role)
        ledger = superuser.ask("SELECT 1 FROM pg_database WHERE datname = '%s'" % LEDGER)
    for table in ("passed_template", "passed_image", "claim") if ledger else ():
        postgres.sql("DELETE FROM djangodb.%s WHERE database = '%s'" % (table, shop.database), LEDGER)


class Requests:
    """Sends requests through the Service until stopped, and counts."""

    def __init__(self, address, pause):
        self.address, self.pause = address, pause
        self.sent = 0
        self.failures = []
        self.versions = set()
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._loop, daemon=True)

    def __enter__(self):
        """Begins with the first answer: kube-proxy opens a Service a moment after its first Pod is ready."""
        wait_for("an answer through the Service", self._answers)
        self._thread.start()
        return self

    def __exit__(self, *_):
        self._stop.set()
        self._thread.join(30)

    def __str__(self):
        return "requests: %d, failed: %d, answered by %s" % (
            self.sent,
            len(self.failures),
            ", ".join(sorted(self.versions)),
        )

    def _loop(self):
        while not self._stop.wait(self.pause):
            self.sent += 1
            try:
                if self.sent % 2:
                    version = self._ask("/orders", b'{"customer": "demo", "cents": 250}')
                else:
                    version = self._ask("/orders/count")
                self.versions.add(version)
            except Exception as error:  # every kind of failure counts
                self.failures.append("%s: %s" % (type(error).__name__, error))

    def _answers(self):
        try:
            return self._ask("/orders/count")
        except OSError:
            return None

    def _ask(self, path, body=None):
        """The version that answered."""
        with urllib.request.urlopen("http://%s%s" % (self.address, path), body, timeout=10) as answer:
            return json.load(answer)["version"]
