"""Readers' Secrets, drift told and repaired, and mode Observe, as users of the API see them."""

import unittest

from case import HEAL_SECONDS, ClusterTest, decoded, secret, side_by_side
from stage import world

# A sweep looks at a server's tenants every 30 s.
SWEEP_SECONDS = 90


class AccessTest(ClusterTest):
    def setUp(self):
        super().setUp()
        self.make_ready_database()

    def patch(self, spec):
        self.api.patch("djdb", "app", {"spec": spec}, self.space)

    def resource(self):
        return self.api.read("djdb", "app", self.space)

    def read_secret(self, name):
        return self.api.read("secret", name, self.space)

    def role(self, suffix, column):
        return self.sql("SELECT %s FROM pg_roles WHERE rolname = '%s%s'" % (column, self.database, suffix))

    def logs_in(self, values):
        """Whether the server takes the Secret's password; the superuser's socket tells nothing of passwords."""
        done = world.run(
            "psql",
            "-XAtqw",
            "-c",
            "SELECT session_user",
            "host=%s port=%s dbname=%s user=%s password=%s"
            % (values["DB_HOST"], values["DB_PORT"], values["DB_NAME"], values["DB_USER"], values["DB_PASSWORD"]),
            check=False,
        )
        return done.strip() == values["DB_USER"]


class Readers(AccessTest):
    def test_come_and_go_with_their_secret(self):
        self.patch({"access": {"readers": [{"name": "bi_tool"}, {"name": "audit", "secretName": "auditors"}]}})
        first = self.eventually("the Secret", lambda: self.read_secret("app-bi-tool"), HEAL_SECONDS)
        second = self.eventually("the other Secret", lambda: self.read_secret("auditors"), HEAL_SECONDS)
        self.wait_for_condition("Ready", "True")
        self.assertEqual(decoded(first)["DB_USER"], self.database + "_ro_bi_tool")
        self.assertEqual(decoded(second)["DB_USER"], self.database + "_ro_audit")
        self.assertNotEqual(decoded(first)["DB_PASSWORD"], decoded(second)["DB_PASSWORD"])
        owner = first["metadata"]["ownerReferences"][0]
        self.assertEqual((owner["kind"], owner["name"], owner["controller"]), ("DjangoDatabase", "app", True))
        self.assert_quiet()

        self.patch({"access": {"readers": [{"name": "audit", "secretName": "revision"}]}})
        self.eventually("the new name", lambda: self.read_secret("revision"), HEAL_SECONDS)
        self.eventually(
            "old Secrets are gone",
            lambda: not self.read_secret("app-bi-tool") and not self.read_secret("auditors"),
            HEAL_SECONDS,
        )
        self.wait_for_condition("Ready", "True")
        self.assertEqual(self.role("_ro_bi_tool", "count(*)"), "0")
        self.assertEqual(decoded(self.read_secret("revision"))["DB_PASSWORD"], decoded(second)["DB_PASSWORD"])
        self.assert_quiet()

    def test_a_secret_of_somebody_elses_is_left(self):
        self.api.create("secret", secret("app-bi", self.space, {"theirs": "kept"}))
        self.patch({"access": {"readers": [{"name": "bi"}]}})
        found = self.wait_for_condition("CredentialsSynced", "False", "SecretConflict", seconds=HEAL_SECONDS)
        self.assertIn("spec.access.readers[].secretName", found["message"])
        self.patch({"access": {"readers": []}})
        self.wait_for_condition("Ready", "True", seconds=HEAL_SECONDS)
        self.assertEqual(decoded(self.read_secret("app-bi")), {"theirs": "kept"})

    def test_a_name_that_is_taken_is_refused_before_anything(self):
        self.patch({"access": {"readers": [{"name": "migrate"}]}})
        self.wait_for_condition("Accepted", "False", "InvalidName")
        self.assertEqual(self.role("_ro_migrate", "count(*)"), "0")


class Drift(AccessTest):
    def events(self):
        return [e["note"] for e in self.api.list("event", self.space) if e["reason"] == "DriftRepaired"]

    def test_is_seen_by_the_sweep_repaired_and_told(self):
        self.sql('ALTER ROLE "%s_a" CREATEDB; GRANT CONNECT ON DATABASE %s TO PUBLIC' % (self.database, self.database))
        self.eventually(
            "both are taken",
            lambda: (
                self.role("_a", "rolcreatedb") == "f"
                and self.sql(
                    "SELECT count(*) FROM pg_database, aclexplode(datacl) WHERE datname = '%s' AND grantee = 0"
                    % self.database
                )
                == "0"
            ),
            SWEEP_SECONDS,
        )
        told = self.eventually("an Event", self.events)
        self.assertIn(self.database + "_a has CREATEDB", told[0])
        self.assertIn("PUBLIC has CONNECT", told[0])
        self.wait_for_condition("InSync", "True")
        self.assert_quiet()

    def test_what_others_added_is_shown_and_left(self):
        self.sql("ALTER DATABASE %s SET work_mem = '8MB'" % self.database)
        self.touch()
        self.wait_for_condition("InSync", "False", "Drifted")
        self.assertIn("has the setting work_mem", self.resource()["status"]["drift"][0])
        self.wait_for_condition("Ready", "True")
        self.assert_quiet()
        self.sql("ALTER DATABASE %s RESET work_mem" % self.database)
        self.wait_for_condition("InSync", "True", seconds=SWEEP_SECONDS)
        self.assertFalse(self.resource()["status"].get("drift"))

    def test_a_changed_password_is_set_again(self):
        values = decoded(self.read_secret("app-database"))
        self.sql("ALTER ROLE \"%s_a\" PASSWORD 'of somebody else'" % self.database)
        self.assertFalse(self.logs_in(values))
        self.patch({"migrations": {"lockTimeout": "7s"}})  # after a change the logins are tried immediately
        self.eventually("the stored one is back", lambda: self.logs_in(values), HEAL_SECONDS)
        self.wait_for_condition("Ready", "True")


class Observe(AccessTest):
    def test_only_tells(self):
        self.patch({"mode": "Observe"})
        self.wait_for_condition("Ready", "False", "ObserveOnly")
        self.sql('ALTER ROLE "%s_a" CREATEDB' % self.database)
        before = self.catalog()
        self.wait_for_condition("InSync", "False", "Drifted", seconds=SWEEP_SECONDS)
        self.assertIn("CreateRoles", self.wait_for_condition("Ready", "False", "ObserveOnly")["message"])
        self.assertEqual(self.resource()["status"]["drift"], ["Role %s_a has CREATEDB." % self.database])
        self.assert_quiet()
        self.assertEqual(self.catalog(), before)
        self.patch({"mode": "Apply"})
        self.wait_for_condition("Ready", "True", seconds=HEAL_SECONDS)
        self.assertEqual(self.role("_a", "rolcreatedb"), "f")


class ObserveFromTheStart(ClusterTest):
    def test_makes_nothing(self):
        self.make_server()
        self.make_database(mode="Observe")
        message = self.wait_for_condition("Ready", "False", "ObserveOnly")["message"]
        for step in ("AddFinalizer", "CreateRoles", "CreateDatabase", "PublishSecret"):
            self.assertIn(step, message)
        self.assertEqual(self.sql("SELECT count(*) FROM pg_roles WHERE rolname LIKE '%s%%'" % self.database), "0")
        self.assertNotIn("finalizers", self.api.read("djdb", "app", self.space)["metadata"])
        self.assertIsNone(self.api.read("secret", "app-database", self.space))


def load_tests(_loader, tests, _pattern):
    return side_by_side(tests)


if __name__ == "__main__":
    unittest.main()
