"""Wrong manifests are refused by the API server with the field and what to write; right ones are taken."""

import copy
import json
import unittest

from case import ClusterTest
from kube_api import Refused  # case knows where it is
from stage import install, world

LONG_NAME = "n" * 254
DATABASE = {
    "apiVersion": "djangodb.io/v1alpha1",
    "kind": "DjangoDatabase",
    "metadata": {"name": "app"},
    "spec": {
        "serverRef": {"name": "main"},
        "database": {"name": "shop"},
        "credentials": {"secretName": "shop-database", "caPath": "/etc/ca.crt", "keys": {"APP_HOST": "{host}"}},
        "app": {"container": "app", "manage": ["manage.py"], "settingsModule": "shop.settings"},
        "access": {"ownership": "Schema", "runtime": "Owner", "readers": []},
        "mode": "Apply",
        "deletion": {"policy": "Retain", "protected": False},
        "backup": {"when": "Never"},
        "migrations": {"lockTimeout": "5s", "deadline": "1h"},
    },
}
SERVER = {
    "apiVersion": "djangodb.io/v1alpha1",
    "kind": "PostgresServer",
    "metadata": {"name": "manifest-test"},
    "spec": {
        "host": "main.db.example.com",
        "port": 5432,
        "maintenanceDatabase": "djangodb_operator",
        "tls": {"mode": "VerifyFull", "caSecretRef": {"name": "main-ca", "key": "ca.crt"}},
        "adminSecretRef": {"name": "main-admin"},
        "allowedNamespaces": {"names": ["shop"], "matchLabels": {"team": "web"}},
    },
}
ABSENT = object()

# Where, what is written there, the field that the answer has to name, and a word of the repair that it has to say.
# Without a repair: the API server's own words for a length, a type or a missing field say enough.
WRONG_DATABASES = [
    ("serverRef", ABSENT, "spec.serverRef", "Required"),
    ("serverRef", "main", "spec.serverRef", "must be of type object"),
    ("serverRef.name", ABSENT, "spec.serverRef.name", "Required"),
    ("serverRef.name", "", "spec.serverRef.name", "at least 1"),
    ("serverRef.name", 5, "spec.serverRef.name", "must be of type string"),
    ("serverRef.name", LONG_NAME, "spec.serverRef.name", "253"),
    ("serverRef.name", "Main", "spec.serverRef.name", "a-z, 0-9, - and ."),
    ("serverRef.name", "main\n", "spec.serverRef.name", "a-z, 0-9, - and ."),
    ("serverRef.namespace", "x", "spec.serverRef.namespace", "unknown field"),
    ("database", ABSENT, "spec.database", "Required"),
    ("database", [], "spec.database", "must be of type object"),
    ("database.name", ABSENT, "spec.database.name", "Required"),
    ("database.name", None, "spec.database.name", "Required"),
    ("database.name", "", "spec.database.name", "at least 1"),
    ("database.name", 7, "spec.database.name", "must be of type string"),
    ("database.name", "d" * 56, "spec.database.name", "55"),
    ("database.name", "d" * 63, "spec.database.name", "55"),
    ("database.name", "ü" * 30, "spec.database.name", "never needs quotes"),
    ("database.name", "Shop", "spec.database.name", "never needs quotes"),
    ("database.name", "1shop", "spec.database.name", "never needs quotes"),
    ("database.name", "shop-db", "spec.database.name", "never needs quotes"),
    ("database.name", 'shop"; DROP ROLE postgres; --', "spec.database.name", "never needs quotes"),
    ("database.name", "shop'", "spec.database.name", "never needs quotes"),
    ("database.name", "shop\n", "spec.database.name", "never needs quotes"),
    ("database.name", "shop\x00", "spec.database.name", "never needs quotes"),
    ("database.name", "shop\x1b[31m", "spec.database.name", "never needs quotes"),
    ("database.name", "dbname=shop", "spec.database.name", "never needs quotes"),
    ("database.name", "postgresql://h/shop", "spec.database.name", "never needs quotes"),
    ("database.name", "postgres", "spec.database.name", "is reserved"),
    ("database.name", "template0", "spec.database.name", "is reserved"),
    ("database.name", "template1", "spec.database.name", "is reserved"),
    ("database.name", "djangodb_operator", "spec.database.name", "is reserved"),
    ("database.name", "rdsadmin", "spec.database.name", "is reserved"),
    ("database.name", "pg_shop", "spec.database.name", "is reserved"),
    ("database.owner", "shop", "spec.database.owner", "unknown field"),
    ("database.schemas", "reports", "spec.database.schemas", "must be of type array"),
    ("database.schemas", ["public"], "spec.database.schemas", "may not hold public"),
    ("database.schemas", ["pg_x"], "spec.database.schemas", "pg_"),
    ("database.schemas", ["Reports"], "spec.database.schemas[0]", "should match"),
    ("database.schemas", ["a", "a"], "spec.database.schemas", "uplicate"),
    ("database.schemas", ["s%d" % i for i in range(33)], "spec.database.schemas", "32"),
    ("database.extensions", ["citext; DROP"], "spec.database.extensions[0]", "should match"),
    ("database.extensions", ["citext", "citext"], "spec.database.extensions", "uplicate"),
    ("database.connectionLimit", 0, "spec.database.connectionLimit", "greater than or equal to 1"),
    ("database.connectionLimit", "9", "spec.database.connectionLimit", "must be of type integer"),
    ("database.timeZone", "Europe/Berlin'", "spec.database.timeZone", "time zone"),
    ("database.timeZone", "", "spec.database.timeZone", "at least 1"),
    ("access.ownership", "Owner", "spec.access.ownership", "Schema"),
    ("access.runtime", "ReadOnly", "spec.access.runtime", "ReadWrite"),
    ("access.readers", ["bi"], "spec.access.readers[0]", "must be of type object"),
    ("access.readers", [{}], "spec.access.readers[0].name", "Required"),
    ("access.readers", [{"name": "BI"}], "spec.access.readers[0].name", "a-z, 0-9"),
    ("access.readers", [{"name": "r" * 33}], "spec.access.readers[0].name", "32"),
    ("access.readers", [{"name": "bi"}, {"name": "bi"}], "spec.access.readers[1]", "uplicate"),
    ("access.readers", [{"name": "bi", "secretName": "BI"}], "spec.access.readers[0].secretName", "a-z, 0-9, - and ."),
    ("access.readers", [{"name": "r%d" % i} for i in range(17)], "spec.access.readers", "16"),
    ("mode", "Watch", "spec.mode", "Observe"),
    ("deletion.policy", "Drop", "spec.deletion.policy", "Retain"),
    ("deletion.protected", "yes", "spec.deletion.protected", "must be of type boolean"),
    ("credentials", "x", "spec.credentials", "must be of type object"),
    ("credentials.secretName", "", "spec.credentials.secretName", "at least 1"),
    ("credentials.secretName", "Shop_DB", "spec.credentials.secretName", "a-z, 0-9, - and ."),
    ("credentials.secretName", "-shop", "spec.credentials.secretName", "letter or digit at both ends"),
    ("credentials.secretName", LONG_NAME, "spec.credentials.secretName", "253"),
    ("credentials.secretName", "app-migrate", "spec.credentials.secretName", "-migrate"),
    ("credentials.secretname", "shop", "spec.credentials.secretname", "unknown field"),
    ("credentials.caPath", "etc/ca.crt", "spec.credentials.caPath", "absolute path"),
    ("credentials.caPath", "/etc/my ca.crt", "spec.credentials.caPath", "without spaces"),
    ("credentials.caPath", "/", "spec.credentials.caPath", "at least 2"),
    ("credentials.caPath", "/" + "c" * 512, "spec.credentials.caPath", "512"),
    ("credentials.keys", ["A"], "spec.credentials.keys", "must be of type object"),
    ("credentials.keys", {"DB_HOST": "{host}"}, "spec.credentials.keys", "standard keys"),
    ("credentials.keys", {"DATABASE_URL": "{url}"}, "spec.credentials.keys", "standard keys"),
    ("credentials.keys", {"1A": "{host}"}, "spec.credentials.keys", "no digit first"),
    ("credentials.keys", {"A-B": "{host}"}, "spec.credentials.keys", "environment variable"),
    ("credentials.keys", {"ca.crt": "{host}"}, "spec.credentials.keys", "environment variable"),
    ("credentials.keys", {"A" * 254: "{host}"}, "spec.credentials.keys", "environment variable"),
    ("credentials.keys", {"A": "{hots}"}, "spec.credentials.keys", "{host}"),
    ("credentials.keys", {"A": "{host"}, "spec.credentials.keys", "{host}"),
    ("credentials.keys", {"A": "host}"}, "spec.credentials.keys", "{host}"),
    ("credentials.keys", {"A": "{{host}}"}, "spec.credentials.keys", "{host}"),
    ("credentials.keys", {"A": 5}, "spec.credentials.keys", "must be of type string"),
    ("credentials.keys", {"A": "x" * 1025}, "spec.credentials.keys", "1024"),
    ("credentials.keys", {"K%d" % i: "x" for i in range(33)}, "spec.credentials.keys", "32"),
    ("app.container", "App", "spec.app.container", "name of a container"),
    ("app.container", "c" * 64, "spec.app.container", "63"),
    ("app.container", "", "spec.app.container", "at least 1"),
    ("app.manage", "manage.py", "spec.app.manage", "must be of type array"),
    ("app.manage", ["python", "manage.py"], "spec.app.manage", "interpreter"),
    ("app.manage", ["/usr/bin/python3.11", "manage.py"], "spec.app.manage", "interpreter"),
    ("app.manage", [""], "spec.app.manage[0]", "at least 1"),
    ("app.manage", ["m"] * 17, "spec.app.manage", "16"),
    ("app.manage", ["m" * 513], "spec.app.manage[0]", "512"),
    ("app.settingsModule", "shop/settings.py", "spec.app.settingsModule", "dotted Python path"),
    ("app.settingsModule", "shop..settings", "spec.app.settingsModule", "dotted Python path"),
    ("app.settingsModule", "s" * 256, "spec.app.settingsModule", "255"),
    ("app.image", "shop:v1", "spec.app.image", "unknown field"),
    ("migrations", "no", "spec.migrations", "must be of type object"),
    ("migrations.destructive", "Ask", "spec.migrations.destructive", 'supported values: "Allow", "Approve", "Block"'),
    ("migrations.approvedPlan", 1234567890123456, "spec.migrations.approvedPlan", "must be of type string"),
    ("migrations.approvedPlan", "4FDE2FB8321362F4", "spec.migrations.approvedPlan", "16 digits of 0-9 and a-f"),
    ("migrations.approvedPlan", "4fde", "spec.migrations.approvedPlan", "at least 16"),
    ("backup.when", "Sometimes", "spec.backup.when", 'supported values: "Never", "BeforeMigrate", "Always"'),
    ("backup", {"when": "Always"}, "spec.backup", "claimName has to name a PersistentVolumeClaim"),
    ("backup.claimName", "Shop Backups", "spec.backup.claimName", "a-z"),
    ("backup.image", "postgres 15", "spec.backup.image", "for example postgres:17"),
    ("backup.keep", 0, "spec.backup.keep", "greater than or equal to 1"),
    ("backup.maxAge", "30s", "spec.backup.maxAge", "from 1m to 168h"),
    ("backup.deadline", "200h", "spec.backup.deadline", "from 10s to 168h"),
    ("backup.claim", "shop", "spec.backup.claim", "unknown field"),
    ("migrations.lockTimeout", 5, "spec.migrations.lockTimeout", "must be of type string"),
    ("migrations.lockTimeout", "5", "spec.migrations.lockTimeout", "at least 2"),
    ("migrations.lockTimeout", "50", "spec.migrations.lockTimeout", "for example 5s"),
    ("migrations.lockTimeout", "0s", "spec.migrations.lockTimeout", "for example 5s"),
    ("migrations.lockTimeout", "-5s", "spec.migrations.lockTimeout", "for example 5s"),
    ("migrations.lockTimeout", "500ms", "spec.migrations.lockTimeout", "for example 5s"),
    ("migrations.lockTimeout", "2h", "spec.migrations.lockTimeout", "for example 5s"),
    ("migrations.lockTimeout", "5 s", "spec.migrations.lockTimeout", "for example 5s"),
    ("migrations.deadline", "9s", "spec.migrations.deadline", "for example 1h30m"),
    ("migrations.deadline", "169h", "spec.migrations.deadline", "for example 1h30m"),
    ("migrations.deadline", "1d", "spec.migrations.deadline", "for example 1h30m"),
    ("migrations.deadline", "999999999999999h", "spec.migrations.deadline", "for example 1h30m"),
    ("migrations.lockTimout", "5s", "spec.migrations.lockTimout", "unknown field"),
    ("imageSource", "Spec", "spec.imageSource", "unknown field"),
]
WRONG_SERVERS = [
    ("host", ABSENT, "spec.host", "Required"),
    ("host", "", "spec.host", "at least 1"),
    ("host", "h" * 254, "spec.host", "253"),
    ("host", "db.example.com:5432", "spec.host", "no port"),
    ("host", "postgresql://db.example.com", "spec.host", "no URL"),
    ("host", "/var/run/postgresql", "spec.tls", "with a socket's directory it must be absent"),
    ("host", "var/run/postgresql", "spec.host", "absolute path"),
    ("host", "/var/run/../postgresql ", "spec.host", "absolute path"),
    ("host", "/", "spec.host", "absolute path"),
    ("host", "a.example.com,b.example.com", "spec.host", "alone"),
    ("host", "db.example.com sslmode=disable", "spec.host", "alone"),
    ("host", "300.1.1.1", "spec.host", "DNS name or an IP address"),
    ("port", "5432", "spec.port", "must be of type integer"),
    ("port", 0, "spec.port", "greater than or equal to 1"),
    ("port", 65536, "spec.port", "less than or equal to 65535"),
    ("maintenanceDatabase", "template1", "spec.maintenanceDatabase", "template"),
    ("maintenanceDatabase", "m" * 64, "spec.maintenanceDatabase", "63"),
    ("maintenanceDatabase", "My DB", "spec.maintenanceDatabase", "for example djangodb_operator"),
    ("tls", ABSENT, "spec.tls", "so that the server is verified"),
    ("tls.mode", "Disable", "spec.tls.mode", "VerifyFull"),
    ("tls.mode", "verify-full", "spec.tls.mode", "VerifyFull"),
    ("tls.caSecretRef", ABSENT, "spec.tls", "either caSecretRef or caConfigMapRef"),
    ("tls.caConfigMapRef", {"name": "main-ca"}, "spec.tls", "either caSecretRef or caConfigMapRef"),
    ("tls", {"mode": "VerifyCA"}, "spec.tls", "either caSecretRef or caConfigMapRef"),
    ("tls.mode", "Require", "spec.tls", "nothing is verified"),
    ("tls", {"caConfigMapRef": {"name": "CA"}}, "spec.tls.caConfigMapRef.name", "a-z, 0-9, - and ."),
    ("tls", {"caConfigMapRef": {}}, "spec.tls.caConfigMapRef.name", "Required"),
    ("tls.clientCertificateRef", {}, "spec.tls.clientCertificateRef.name", "Required"),
    ("tls.clientCertificateRef", {"name": "x", "key": "y"}, "spec.tls.clientCertificateRef.key", "unknown field"),
    ("tls.caSecretRef.name", "CA", "spec.tls.caSecretRef.name", "a-z, 0-9, - and ."),
    ("tls.caSecretRef.key", "ca/crt", "spec.tls.caSecretRef.key", "key of a Secret"),
    ("tls.caSecretRef.namespace", "x", "spec.tls.caSecretRef.namespace", "unknown field"),
    ("passwordMode", "Clear", "spec.passwordMode", "ScramVerifier"),
    ("maxSessions", 0, "spec.maxSessions", "greater than or equal to 1"),
    ("maxSessions", 65, "spec.maxSessions", "less than or equal to 64"),
    ("allowedExtensions", ["citext", "citext"], "spec.allowedExtensions", "Duplicate"),
    ("allowedExtensions", ['c"; --'], "spec.allowedExtensions[0]", "should match"),
    ("adminSecretRef", ABSENT, "spec.adminSecretRef", "Required"),
    ("adminSecretRef.name", "a_b", "spec.adminSecretRef.name", "a-z, 0-9, - and ."),
    ("allowedNamespaces.names", "shop", "spec.allowedNamespaces.names", "must be of type array"),
    ("allowedNamespaces.names", ["shop", "shop"], "spec.allowedNamespaces.names", "Duplicate"),
    ("allowedNamespaces.names", ["n" * 64], "spec.allowedNamespaces.names[0]", "63"),
    ("allowedNamespaces.names", ["*"], "spec.allowedNamespaces.names[0]", "should match"),
    ("allowedNamespaces.matchLabels", {"team": "a b"}, "spec.allowedNamespaces.matchLabels.team", "should match"),
    ("allowedNamespaces.matchLabels", {"a b": "x"}, "spec.allowedNamespaces.matchLabels", "key of a label"),
    ("allowedNamespaces.selector", {}, "spec.allowedNamespaces.selector", "unknown field"),
]
RIGHT_DATABASES = [
    ("database.name", "d" * 55),
    ("database.name", "_shop_2"),
    ("credentials", ABSENT),
    ("app", ABSENT),
    ("migrations", ABSENT),
    ("app.manage", ["shop-admin"]),
    ("app.manage", ["src/manage.py", "--traceback"]),
    ("app.manage", []),
    ("migrations.approvedPlan", "1234567890123456"),
    ("backup", {"when": "BeforeMigrate", "claimName": "shop-backups", "image": "registry.test:5000/tools@sha256:0"}),
    ("backup.maxAge", "168h"),
    ("migrations.lockTimeout", "1h"),
    ("migrations.lockTimeout", "1m30s"),
    ("migrations.deadline", "168h"),
    ("migrations.deadline", "10s"),
    ("serverRef.name", "main.example"),
    (
        "credentials.keys",
        {"K%d" % i: "{name}{user}{password}{host}{port}{sslmode}{sslrootcert}{url}" for i in range(32)},
    ),
    ("credentials.keys", {"_a": "", "PLAIN": "text, with 'quotes' and ünïcode"}),
    ("credentials.secretName", "s" * 253),
    ("database.schemas", ["reports", "_archive"]),
    ("database.schemas", []),
    ("database.timeZone", "America/Port-au-Prince"),
    ("database.extensions", ["citext", "uuid-ossp", "pg_trgm"]),
    ("database.connectionLimit", 262143),
    (
        "access",
        {
            "ownership": "Database",
            "runtime": "ReadWrite",
            "readers": [{"name": "bi"}, {"name": "audit_log", "secretName": "auditors"}],
        },
    ),
    ("access", {}),
    ("mode", "Observe"),
    ("deletion", {"policy": "Delete", "protected": True}),
]
RIGHT_SERVERS = [
    ("host", "10.0.0.1"),
    ("host", "fd00::1"),
    ("host", "db"),
    ("host", "db_1.example.com."),
    ("port", 1),
    ("port", 65535),
    ("allowedNamespaces", ABSENT),
    ("maintenanceDatabase", "postgres"),
    ("tls.mode", ABSENT),
    ("tls.mode", "VerifyCA"),
    ("tls", {"mode": "Require"}),
    ("tls", {"caConfigMapRef": {"name": "main-ca"}}),
    ("tls", {"mode": "VerifyCA", "caConfigMapRef": {"name": "main-ca", "key": "bundle.pem"}}),
    ("tls.clientCertificateRef", {"name": "main-client"}),
    ("passwordMode", "Plaintext"),
    ("passwordMode", "ScramVerifier"),
    ("maxSessions", 1),
    ("maxSessions", 64),
    ("allowedExtensions", ["pg_stat_statements", "uuid-ossp"]),
    ("tls.caSecretRef.key", "tls.pem"),
    ("allowedNamespaces.matchLabels", {"example.com/team": "web", "empty": ""}),
]


def written(manifest, field, value):
    changed = copy.deepcopy(manifest)
    *parents, last = field.split(".")
    place = changed["spec"]
    for parent in parents:
        place = place[parent]
    place.pop(last, None)
    if value is not ABSENT:
        place[last] = value
    return changed


class Manifests(ClusterTest):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        install.wait_for_approvals()

    def setUp(self):
        super().setUp()
        self.database_manifest = copy.deepcopy(DATABASE)
        self.database_manifest["metadata"]["namespace"] = self.space
        self.kinds = {"djdb": self.database_manifest, "pgserver": SERVER}

    def try_to_create(self, kind, manifest):
        return self.api.create(kind, manifest, dryRun="All", fieldValidation="Strict")

    def assert_refused(self, act, field, repair):
        with self.assertRaises(Refused) as caught:
            act()
        self.assertIn(caught.exception.code, (400, 422))
        self.assertIn(field, caught.exception.message)
        self.assertIn(repair, caught.exception.message)

    def test_wrong_ones_are_refused(self):
        for kind, table in (("djdb", WRONG_DATABASES), ("pgserver", WRONG_SERVERS)):
            for field, value, named, repair in table:
                with self.subTest(kind=kind, field=field, value=str(value)[:40]):
                    manifest = written(self.kinds[kind], field, value)
                    self.assert_refused(lambda: self.try_to_create(kind, manifest), named, repair)

    def test_right_ones_are_taken(self):
        for kind, table in (("djdb", RIGHT_DATABASES), ("pgserver", RIGHT_SERVERS)):
            self.try_to_create(kind, self.kinds[kind])
            for field, value in table:
                with self.subTest(kind=kind, field=field, value=str(value)[:40]):
                    self.try_to_create(kind, written(self.kinds[kind], field, value))

    def test_a_server_behind_a_socket_has_no_tls(self):
        socket = written(written(SERVER, "host", "/var/run/postgresql"), "tls", ABSENT)
        self.try_to_create("pgserver", socket)
        plaintext = written(socket, "passwordMode", "Plaintext")
        self.assert_refused(lambda: self.try_to_create("pgserver", plaintext), "spec.passwordMode", "verified server")

    def test_plaintext_passwords_need_a_verified_server(self):
        unverified = written(written(SERVER, "tls", {"mode": "Require"}), "passwordMode", "Plaintext")
        self.assert_refused(lambda: self.try_to_create("pgserver", unverified), "spec.passwordMode", "verified server")

    def test_a_resource_name_that_does_not_fit_is_refused_with_the_reason(self):
        for length, fits in ((52, True), (53, False), (253, False)):
            with self.subTest(length=length):
                manifest = copy.deepcopy(self.database_manifest)
                manifest["metadata"]["name"] = "n" * length
                if fits:
                    self.try_to_create("djdb", manifest)
                else:
                    self.assert_refused(lambda: self.try_to_create("djdb", manifest), "metadata.name", "52 characters")

    def test_no_spec_at_all(self):
        for kind, manifest in self.kinds.items():
            with self.subTest(kind=kind):
                bare = {key: value for key, value in manifest.items() if key != "spec"}
                self.assert_refused(lambda: self.try_to_create(kind, bare), "spec", "Required")

    def test_what_may_not_change_does_not_change(self):
        self.api.create("djdb", self.database_manifest)
        server = copy.deepcopy(SERVER)
        server["metadata"]["name"] = self.space
        self.api.create("pgserver", server)
        self.addCleanup(self.api.delete, "pgserver", self.space)
        cases = [
            ("djdb", "app", self.space, {"database": {"name": "other"}}, "spec.database.name", "never renamed"),
            ("djdb", "app", self.space, {"serverRef": {"name": "other"}}, "spec.serverRef.name", "can't be changed"),
            ("pgserver", self.space, None, {"maintenanceDatabase": "other"}, "spec.maintenanceDatabase", "ledger"),
        ]
        for kind, name, space, spec, field, repair in cases:
            with self.subTest(field=field):
                self.assert_refused(lambda: self.api.patch(kind, name, {"spec": spec}, space), field, repair)

    def test_kubectl_says_it_to_the_user(self):
        """The same through kubectl apply, whose validation is strict without asking."""
        misspelt = written(self.database_manifest, "migrations.lockTimout", "5s")
        broken = written(self.database_manifest, "database.name", "Shop")
        for manifest, words in ((misspelt, "spec.migrations.lockTimout"), (broken, "spec.database.name")):
            with self.assertRaises(world.Unmet) as caught:
                world.apply(json.dumps(manifest))
            self.assertIn(words, str(caught.exception))

    def test_a_status_is_unknown_until_the_operator_has_looked(self):
        for kind, manifest in self.kinds.items():
            with self.subTest(kind=kind):
                self.assertEqual(self.try_to_create(kind, manifest)["status"], {"observedGeneration": -1})


class Explained(ClusterTest):
    def test_every_field_of_every_kind_is_explained(self):
        bare = []

        def walk(schema, path):
            for name, field in schema.get("properties", {}).items():
                where = "%s.%s" % (path, name)
                if "." in path and not field.get("description"):
                    bare.append(where)
                walk(field, where)
                walk(field.get("items", {}), where + "[]")

        for crd in self.api.list("crd"):
            if crd["spec"]["group"] == "djangodb.io":
                for version in crd["spec"]["versions"]:
                    root = version["schema"]["openAPIV3Schema"]
                    self.assertTrue(root["description"])
                    for part in ("spec", "status"):
                        self.assertTrue(root["properties"][part]["description"])
                        walk(root["properties"][part], "%s.%s" % (crd["spec"]["names"]["singular"], part))
        self.assertEqual(bare, [])

    def test_kubectl_explain_reads_well(self):
        said = world.kubectl("explain", "djdb.spec.app")
        for word in ("container", "manage", "settingsModule", "djangodb.io/database", "interpreter"):
            self.assertIn(word, said)
        self.assertIn("Default", world.kubectl("explain", "djdb.spec.app.container"))
        self.assertIn("VerifyFull", world.kubectl("explain", "pgserver.spec.tls.mode"))

    def test_printer_columns(self):
        self.make_ready_database()
        plain = world.kubectl("-n", self.space, "get", "djdb").splitlines()
        self.assertEqual(plain[0].split(), ["NAME", "READY", "PHASE", "IMAGE", "AGE"])
        self.assertEqual(plain[1].split()[:3], ["app", "True", "Ready"])
        wide = world.kubectl("-n", self.space, "get", "djdb", "-o", "wide").splitlines()
        self.assertEqual(wide[0].split()[5:], ["DATABASE", "SERVER", "SECRET", "TARGET", "MESSAGE"])
        for word in (self.database, self.space, "app-database", "is ready"):
            self.assertIn(word, wide[1])
        servers = world.kubectl("get", "pgserver", self.space).splitlines()
        self.assertEqual(servers[0].split(), ["NAME", "READY", "HOST", "VERSION", "AGE"])
        self.assertEqual(servers[1].split()[:3], [self.space, "True", self.admin.host])
        wide = world.kubectl("get", "pgserver", self.space, "-o", "wide").splitlines()
        self.assertEqual(wide[0].split()[5:], ["CONNECTION", "CLAIMS", "MESSAGE"])
        self.assertIn("Connected", wide[1])
        self.assertIn("can log in", wide[1])
        self.assertIn("app", world.kubectl("-n", self.space, "get", "django", "-o", "name"))


if __name__ == "__main__":
    unittest.main()
