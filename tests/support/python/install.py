"""The operator's chart, and the PostgresServers that tell it of a PostgreSQL."""

import base64
import json

import world
from kube_api import Refused
from wait import wait_for

SPACE = world.OPERATOR_NAMESPACE
RELEASE = "djangodb-operator"
CHART = world.ROOT / "charts/djangodb-operator"


def operator(*options, chart=CHART):
    """By Helm, as its users do; returns what Helm says."""
    return world.run(
        "helm",
        "-n",
        SPACE,
        "upgrade",
        "--install",
        RELEASE,
        "--create-namespace",
        str(chart),
        *options,
    ).split("NOTES:")[0]


def operator_pod(*options):
    """The same on a cluster with a node, until it serves."""
    return operator("--wait", "--timeout", "120s", *options)


def wait_for_approvals():
    """Until the API server takes one: its mutating policies learn of a new kind later than it does, and say 503."""
    approved = {
        "apiVersion": "djangodb.io/v1alpha1",
        "kind": "DjangoDatabase",
        "metadata": {"name": "approved", "namespace": "default"},
        "spec": {
            "serverRef": {"name": "none"},
            "database": {"name": "none"},
            "migrations": {"approvedPlan": "0123456789abcdef"},
        },
    }

    def is_taken():
        try:
            taken = world.api().create("djdb", approved, dryRun="All")
            return "djangodb.io/approved-by" in taken["metadata"].get("annotations", {})
        except Refused as refusal:
            if refusal.code != 503:
                raise
            return False

    wait_for("the API server to take an approval", is_taken, seconds=90)


class Server:
    """A PostgresServer and its two Secrets, named after it, for one PostgreSQL. Several may lead to the same."""

    def __init__(self, name, postgres):
        self.name, self.postgres = name, postgres

    def admin_secret(self, password):
        world.apply(
            world.secret("postgres-%s-admin" % self.name, SPACE, username=self.postgres.admin, password=password)
        )

    def change_ca(self, text):
        """Not by kubectl apply, which keeps a copy in an annotation."""
        data = {"ca.crt": base64.b64encode(text.encode()).decode()}
        world.api().patch("secret", "postgres-%s-ca" % self.name, {"data": data}, SPACE)

    def make(self, namespaces, host=None, password=None, **spec):
        """Open to `namespaces`; returns when the operator finds it Ready."""
        self.admin_secret(password or self.postgres.admin_password)
        world.apply(world.secret("postgres-%s-ca" % self.name, SPACE, ca_crt=self.postgres.authority.read_text()))
        world.apply(
            json.dumps(
                {
                    "apiVersion": "djangodb.io/v1alpha1",
                    "kind": "PostgresServer",
                    "metadata": {"name": self.name},
                    "spec": {
                        "host": host or self.postgres.host,
                        "port": int(self.postgres.port),
                        "tls": {"mode": "VerifyFull", "caSecretRef": {"name": "postgres-%s-ca" % self.name}},
                        "adminSecretRef": {"name": "postgres-%s-admin" % self.name},
                        "allowedNamespaces": {"names": namespaces},
                        **spec,
                    },
                }
            )
        )
        wait_for("PostgresServer %s to be Ready" % self.name, lambda: self.condition("Ready").get("status") == "True")

    def condition(self, kind):
        return world.condition(world.read("pgserver", self.name), kind)

    def remove(self):
        world.kubectl("delete", "pgserver", self.name, "--ignore-not-found", check=False)
        world.kubectl(
            "-n",
            SPACE,
            "delete",
            "secret",
            "postgres-%s-admin" % self.name,
            "postgres-%s-ca" % self.name,
            "--ignore-not-found",
            check=False,
        )
