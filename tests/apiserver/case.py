"""What every test of the suite has: a namespace, a PostgresServer and their Secrets, all of its own and named alike."""

import base64
import concurrent.futures
import secrets
import time
import unittest

import stage
from audit_log import AuditLog
from kube_api import Refused
from passed import statement_of_pass
from probes import Probes
from stage import world
from wait import Unmet, wait_for

# The promises are 10 s for a reason, and 15 s more for a repair that no watch sees; the rest is for a busy machine.
REASON_SECONDS = 30
HEAL_SECONDS = 60
MOST_VISITS = 5
# Of a resource: a release counts as proven as soon as its Job has said so.
NO_SOAK = {"verify": {"soak": "0s"}}
DENIED = ("denial", "denialbinding")


def encoded(values):
    return {key: base64.b64encode(value.encode()).decode() for key, value in values.items()}


def decoded(secret):
    return {key: base64.b64decode(value).decode() for key, value in secret["data"].items()}


def secret(name, space, values):
    return {
        "apiVersion": "v1",
        "kind": "Secret",
        "metadata": {"name": name, "namespace": space},
        "data": encoded(values),
    }


def deployment(name, space, image, database="app", replicas=0, container="app"):
    """With the label of `database` unless it is None. Without a node, 0 replicas are what can roll out."""
    labels = {"djangodb.io/database": database} if database else {}
    return {
        "apiVersion": "apps/v1",
        "kind": "Deployment",
        "metadata": {"name": name, "namespace": space, "labels": labels},
        "spec": {
            "replicas": replicas,
            "selector": {"matchLabels": {"app": name}},
            "template": {
                "metadata": {"labels": {"app": name}},
                "spec": {"containers": [{"name": container, "image": image}]},
            },
        },
    }


class Admin:
    """The administrator that the operator is told of."""

    def __init__(self):
        self.user = stage.POSTGRES.admin
        self.password = stage.POSTGRES.admin_password
        self.authority = stage.POSTGRES.authority.read_text()
        self.host = "localhost"
        self.port = int(stage.POSTGRES.port)


class ClusterTest(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        stage.enter()
        cls.api = world.api()
        cls.addClassCleanup(cls.api.close)
        # With ThreadSanitizer, beside others on two cores, a run took 2.5 s, and 35 s with a CA of a megabyte.
        cls.slowness = 4 if stage.operator().is_sanitized() else 1
        cls.audit = AuditLog(stage.DIRECTORY)
        cls.admin = Admin()

    def setUp(self):
        self.space = "t-" + secrets.token_hex(4)
        self.database = self.space.replace("-", "_")
        self.make_space(self.space)

    def make_space(self, space):
        self.api.create("namespace", {"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": space}})
        self.addCleanup(self._remove_space, space)

    def _remove_space(self, space):
        for found in self.api.list("djdb", space):
            name = found["metadata"]["name"]
            self.api.patch("djdb", name, {"metadata": {"annotations": {"djangodb.io/orphan": "true"}}}, space)
            self.api.delete("djdb", name, space)
            self.eventually("%s is gone" % name, lambda: self.api.read("djdb", name, space) is None)
        self.api.delete("namespace", space)

    # -- a server of the test's own

    def make_server(self, name=None, admin=None, ca=None, **spec):
        """A PostgresServer that works; `admin` and `ca` are its Secrets' data, None to leave a Secret out."""
        name = name or self.space
        good = {"username": self.admin.user, "password": self.admin.password}
        self.make_secret(name + "-admin", good if admin is None else admin)
        self.make_secret(name + "-ca", {"ca.crt": self.admin.authority} if ca is None else ca)
        self.api.create("pgserver", self.server(name, **spec))
        self.addCleanup(self.api.delete, "pgserver", name)

    def server(self, name, **spec):
        return {
            "apiVersion": "djangodb.io/v1alpha1",
            "kind": "PostgresServer",
            "metadata": {"name": name},
            "spec": {
                "host": self.admin.host,
                "port": self.admin.port,
                "tls": {"caSecretRef": {"name": name + "-ca"}},
                "adminSecretRef": {"name": name + "-admin"},
                "allowedNamespaces": {"names": [self.space]},
                **spec,
            },
        }

    def change(self, kind, name, spec, space=None, seconds=30):
        """Returns its generation once the operator has seen it: the watches of two kinds are in no order."""
        generation = self.api.patch(kind, name, {"spec": spec}, space)["metadata"]["generation"]
        self.eventually(
            "the operator has seen the new spec",
            lambda: self.api.read(kind, name, space)["status"]["observedGeneration"] == generation,
            seconds,
        )
        return generation

    def change_server(self, **spec):
        self.change("pgserver", self.space, spec, seconds=HEAL_SECONDS)

    def make_secret(self, name, values, space=stage.OPERATOR_SPACE):
        """An empty `values` makes none."""
        self.addCleanup(self.api.delete, "secret", name, space)
        return self.api.create("secret", secret(name, space, values)) if values else None

    def make_database(self, name="app", space=None, **spec):
        return self.api.create(
            "djdb",
            {
                "apiVersion": "djangodb.io/v1alpha1",
                "kind": "DjangoDatabase",
                "metadata": {"name": name, "namespace": space or self.space},
                "spec": {"serverRef": {"name": self.space}, "database": {"name": self.database}, **NO_SOAK, **spec},
            },
        )

    def make_ready_database(self, **spec):
        self.make_server()
        self.make_database(**spec)
        self.wait_for_condition("Ready", "True", seconds=HEAL_SECONDS)

    def make_deployment(self, name, image, **settings):
        return self.api.create("deployment", deployment(name, self.space, image, **settings))

    def let_probes_pass(self, kinds="probe, verify"):
        """For tests of what comes between the pre-flight and the proof that a release works."""
        self.addCleanup(Probes(self.api, self.space, kinds).stop)

    def jobs_of(self, kind):
        """A migration of an early version has no label."""
        selector = " notin (probe, backup, verify)" if kind == "migrate" else "=" + kind
        return self.api.list("job", self.space, labelSelector="djangodb.io/job-kind" + selector)

    def change_template(self, name, template):
        """Containers by name, as kubectl does it."""
        path = self.api.path("deployment", self.space, name)
        patch = {"spec": {"template": template}}
        return self.api.call("PATCH", path, patch, "application/strategic-merge-patch+json")

    def templates(self):
        """So many Pod templates have rolled, or begun to."""
        return len(self.api.list("replicaset", self.space))

    def let_pass(self, image):
        """Writes into the ledger what the operator writes there behind a migration, which needs a node to succeed."""
        self.sql(statement_of_pass(self.database, image), "djangodb_operator")

    def forbid(self, what):
        """By a quota of the namespace."""
        self.api.create(
            "quota",
            {
                "apiVersion": "v1",
                "kind": "ResourceQuota",
                "metadata": {"name": "none", "namespace": self.space},
                "spec": {"hard": {what: "0"}},
            },
        )
        self.eventually(
            "the quota counts", lambda: self.api.read("quota", "none", self.space).get("status", {}).get("hard")
        )

    def deny(self, group, resource, operations, message, is_denied, expression="false"):
        """By a policy of the cluster's owner, for this namespace alone; returns when it is in force."""
        policy = {
            "failurePolicy": "Fail",
            "matchConstraints": {
                "namespaceSelector": {"matchLabels": {"kubernetes.io/metadata.name": self.space}},
                "resourceRules": [
                    {"apiGroups": [group], "apiVersions": ["v1"], "operations": operations, "resources": [resource]}
                ],
            },
            "validations": [{"expression": expression, "message": message}],
        }
        binding = {"policyName": self.space, "validationActions": ["Deny"]}
        for kind, spec in zip(DENIED, (policy, binding), strict=True):
            self.addCleanup(self.api.delete, kind, self.space)
            self.api.create(kind, {"metadata": {"name": self.space}, "spec": spec})
        self.eventually("the policy is in force", is_denied)

    def allow(self, is_denied):
        for kind in DENIED:
            self.api.delete(kind, self.space)
        self.eventually("the policy is gone", lambda: not is_denied())

    @staticmethod
    def is_refused(ask, words=""):
        try:
            ask()
        except Refused as refusal:
            return words in str(refusal)
        return False

    def make_node(self):
        """No kubelet runs on it: the test says how the containers of its Pods fare."""
        self.api.create("node", {"apiVersion": "v1", "kind": "Node", "metadata": {"name": self.space}})
        self.addCleanup(self.api.delete, "node", self.space)

    def bind(self, pod):
        """As the scheduler does it; when the test is over, the Pod is let go as a kubelet would."""
        self.addCleanup(self.let_pod_go, pod)
        binding = {
            "apiVersion": "v1",
            "kind": "Binding",
            "metadata": {"name": pod},
            "target": {"apiVersion": "v1", "kind": "Node", "name": self.space},
        }
        self.api.call("POST", self.api.path("pod", self.space, pod) + "/binding", binding)

    def let_pod_go(self, pod):
        if self.api.read("pod", pod, self.space):
            self.api.call("DELETE", self.api.path("pod", self.space, pod), gracePeriodSeconds=0)

    def scale(self, name, replicas):
        self.api.patch("deployment", name, {"spec": {"replicas": replicas}}, self.space)

    # -- questions

    def eventually(self, what, probe, seconds=30):
        return wait_for(what, probe, seconds * self.slowness)

    def conditions(self, name="app", space=None, kind="djdb"):
        found = self.api.read(kind, name, space or (self.space if kind == "djdb" else None)) or {}
        return {c["type"]: c for c in found.get("status", {}).get("conditions", [])}

    def wait_for_condition(self, kind, status, reason=None, name="app", space=None, seconds=REASON_SECONDS):
        def probe():
            found = self.conditions(name, space).get(kind, {})
            return found if found.get("status") == status and reason in (None, found["reason"]) else None

        try:
            return wait_for("%s=%s %s" % (kind, status, reason or ""), probe, seconds * self.slowness)
        except Unmet as error:
            said = [
                "%s=%s %s: %s" % (c["type"], c["status"], c["reason"], c["message"])
                for c in self.conditions(name, space).values()
                if c["type"] == kind or (c["status"], c["reason"]) != ("True", "Succeeded")
            ]
            self.fail("%s; it says\n%s" % (error, "\n".join(said)))

    def sql(self, statement, database="postgres"):
        return stage.POSTGRES.sql(statement, database)

    def catalog(self, database=None):
        """All that the server knows of a tenant: database, roles with their verifiers, settings and ledger."""
        name = database or self.database
        roles = "('%s')" % "', '".join(name + suffix for suffix in ("_owner", "_a", "_b", "_migrate"))
        lines = [
            self.sql("SELECT oid, datdba, datallowconn, datacl FROM pg_database WHERE datname = '%s'" % name),
            self.sql(
                "SELECT oid, rolname, rolcanlogin, rolpassword, shobj_description(oid, 'pg_authid')"
                " FROM pg_authid WHERE rolname IN %s ORDER BY 1" % roles
            ),
            self.sql(
                "SELECT s.* FROM pg_db_role_setting s JOIN pg_database d ON d.oid = s.setdatabase"
                " WHERE d.datname = '%s' ORDER BY 1, 2" % name
            ),
        ]
        if self.sql("SELECT 1 FROM pg_database WHERE datname = 'djangodb_operator'"):
            lines.append(self.sql("SELECT * FROM djangodb.claim WHERE database = '%s'" % name, "djangodb_operator"))
        return "\n".join(filter(None, lines))

    def touch(self, name="app", space=None):
        """Makes the operator look at a resource again without changing what it says."""
        self.api.patch(
            "djdb", name, {"metadata": {"annotations": {"touched": secrets.token_hex(4)}}}, space or self.space
        )

    def visit(self):
        """Has the operator look at `app` twice: what it began before has ended then, and one look began behind that."""
        operator, name = stage.operator(), self.space + "/app"
        mark = operator.log_end()
        for runs in (1, 2):
            self.touch()
            self.eventually("run %d for %s" % (runs, name), lambda runs=runs: operator.runs(name, mark) >= runs)

    def assert_quiet(self, *more_words, seconds=3, most_reads=60):
        """Once all is said, nothing is written, not even after a fresh look, and little is read."""
        found = self.api.read("djdb", "app", self.space)
        stored = (
            ("djangodb-" + found["metadata"]["uid"],) if found else ()
        )  # the passwords, in the operator's namespace
        words = (self.space, *stored, *more_words)
        mark = self.audit.wait_until_quiet(words)
        # Beside other tests the next step may wait in the queue for longer than that.
        for _ in range(MOST_VISITS if found else 0):
            self.visit()
            if not self.audit.writes(words, mark):
                break
            mark = self.audit.end()
        mark = self.audit.end()
        if found:
            self.visit()
        time.sleep(seconds)
        self.assertEqual(self.audit.writes(words, mark), [], "the operator writes what it has already said")
        reads = self.audit.reads(words, mark)
        self.assertLessEqual(len(reads), most_reads, "the operator asks without end: %s" % reads[-5:])


class SideBySide(unittest.TestSuite):
    """Tests that mostly wait, some at a time; each has its own namespace. A result only appends, so it is shared."""

    at_a_time = 6

    def run(self, result, debug=False):
        tests = list(self)
        kinds = {type(test) for test in tests}
        for kind in kinds:
            kind.setUpClass()
        with concurrent.futures.ThreadPoolExecutor(self.at_a_time) as pool:
            list(pool.map(lambda test: test(result), tests))
        for kind in kinds:
            kind.doClassCleanups()
        return result


def side_by_side(tests, alone=()):
    """For `load_tests`: all side by side, but those of the classes `alone` one after the other behind them."""
    flat = []

    def flatten(suite):
        for found in suite:
            flatten(found) if isinstance(found, unittest.TestSuite) else flat.append(found)

    flatten(tests)
    together = [test for test in flat if not isinstance(test, tuple(alone))]
    return unittest.TestSuite([SideBySide(together), *(test for test in flat if test not in together)])
