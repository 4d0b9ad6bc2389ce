"""What a PostgresServer says of itself and which server it lets the operator work on."""

import time
import unittest

import stage
from case import HEAL_SECONDS, ClusterTest
from postgres import Postgres


class ServerTest(ClusterTest):
    def status(self):
        return self.api.read("pgserver", self.space).get("status", {})

    def wait_for_server(self, kind, status, reason, seconds=HEAL_SECONDS):
        return self.eventually(
            "%s=%s %s" % (kind, status, reason),
            lambda: (lambda found: found if (found.get("status"), found.get("reason")) == (status, reason) else None)(
                self.conditions(self.space, kind="pgserver").get(kind, {})
            ),
            seconds,
        )


class Status(ServerTest):
    def test_all_that_is_known_is_told(self):
        self.make_ready_database()
        self.wait_for_server("Ready", "True", "Ready")
        ask = self.sql
        status = self.eventually(
            "the claim is counted", lambda: self.status() if self.status().get("claims", 0) > 0 else None, HEAL_SECONDS
        )
        self.assertEqual(status["connection"], "Connected")
        self.assertEqual(status["version"], ask("SHOW server_version").split()[0])
        self.assertEqual(status["systemIdentifier"], ask("SELECT system_identifier FROM pg_control_system()"))
        self.assertEqual(status["timeline"], 1)
        self.assertGreater(status["ledgerRevision"], 0)
        self.assertEqual(status["administrator"]["user"], self.admin.user)
        self.assertEqual(status["administrator"]["missing"], [])
        self.assertIn("CREATEROLE", status["administrator"]["rights"])
        self.assertEqual(status["tls"]["verification"], "VerifyFull")
        self.assertTrue(status["tls"]["version"].startswith("TLSv1."))
        self.assertRegex(status["tls"]["notAfter"], r"^\d{4}-\d\d-\d\dT")
        said = self.wait_for_server("ClosedToPublic", "False", "PublicCanConnect")
        self.assertIn('REVOKE CONNECT ON DATABASE "template1" FROM PUBLIC;', said["message"])
        self.assertIn("postgres", status["publicConnect"])

    def test_what_is_not_verified_is_warned_about_and_works(self):
        self.make_server(tls={"mode": "Require"})
        self.make_database()
        self.wait_for_condition("Ready", "True", seconds=HEAL_SECONDS)
        self.wait_for_server("TLSVerified", "False", "TLSNotVerified")
        found = self.api.read("secret", "app-database", self.space)["data"]
        self.assertNotIn("ca.crt", found)
        self.assertNotIn("DB_SSLROOTCERT", found)

    def test_ca_of_a_config_map_is_taken_up_as_it_changes(self):
        name = self.space + "-bundle"
        config_map = {
            "apiVersion": "v1",
            "kind": "ConfigMap",
            "metadata": {"name": name, "namespace": stage.OPERATOR_SPACE},
            "data": {"bundle.pem": (stage.DIRECTORY / "certificates/ca.crt").read_text()},
        }
        self.make_server(tls={"caConfigMapRef": {"name": name, "key": "bundle.pem"}})
        self.make_database()
        said = self.wait_for_condition("Accepted", "False", "CaSecretMissing")
        self.assertIn(name, said["message"])
        self.api.create("configmap", config_map)
        self.addCleanup(self.api.delete, "configmap", name, stage.OPERATOR_SPACE)
        self.wait_for_condition("ServerReachable", "False", "TLSVerifyFailed")
        self.api.patch("configmap", name, {"data": {"bundle.pem": self.admin.authority}}, stage.OPERATOR_SPACE)
        self.wait_for_condition("Ready", "True", seconds=HEAL_SECONDS)


class AnotherServer(ServerTest):
    """Behind the same name, with the same CA and the same login, so that nothing but its identity stops it."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.other = Postgres("other", stage.DIRECTORY)
        cls.other("up", "--port", "0")
        cls.addClassCleanup(cls.other, "down")

    def test_everything_stops_until_it_is_accepted(self):
        both = self.admin.authority + self.other.authority.read_text()
        self.other.set_admins_password(self.admin.password)
        self.make_server(ca={"ca.crt": both})
        self.make_database()
        self.wait_for_condition("Ready", "True", seconds=HEAL_SECONDS)
        self.eventually("it is remembered", lambda: self.status().get("ledgerRevision"), HEAL_SECONDS)
        known = self.status()
        databases = "SELECT count(*) FROM pg_database"
        before = self.other.sql(databases)
        self.api.patch("pgserver", self.space, {"spec": {"port": int(self.other.port)}})
        said = self.wait_for_server("SameServer", "False", "ServerIdentityChanged")
        self.wait_for_server("Ready", "False", "ServerIdentityChanged")
        self.wait_for_condition("ServerReachable", "False", "ServerIdentityChanged")
        self.assertIn("Stalled", self.conditions())
        for kept in ("systemIdentifier", "ledgerRevision"):
            self.assertEqual(self.status()[kept], known[kept])
        self.assertEqual(self.other.sql(databases), before)
        other = self.other.sql("SELECT system_identifier FROM pg_control_system()")
        self.assertIn("djangodb.io/accept-server=%s:0" % other, said["message"])

        def accept(value):
            self.api.patch("pgserver", self.space, {"metadata": {"annotations": {"djangodb.io/accept-server": value}}})

        accept(known["systemIdentifier"] + ":0")  # not the one that answers
        time.sleep(3)
        self.wait_for_server("SameServer", "False", "ServerIdentityChanged")
        accept(other + ":0")
        self.wait_for_server("Ready", "True", "Ready")
        self.assertEqual(self.status()["systemIdentifier"], other)
        self.wait_for_condition("ServerReachable", "True", seconds=HEAL_SECONDS)


if __name__ == "__main__":
    unittest.main()
