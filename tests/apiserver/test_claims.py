"""Whose a database is, and what becomes of it: two resources, adoption, transfer, deletion, what a tenant forges."""

import secrets
import unittest

import stage
from case import HEAL_SECONDS, ClusterTest, decoded, side_by_side

# How soon a deletion has to end, with what a busy machine needs on top.
RETAIN_SECONDS = 60
DELETE_SECONDS = 90


class ClaimsTest(ClusterTest):
    def remove(self, name="app", space=None, seconds=RETAIN_SECONDS):
        self.api.delete("djdb", name, space or self.space)
        self.eventually("%s is gone" % name, lambda: self.api.read("djdb", name, space or self.space) is None, seconds)

    def events(self, reason, space=None):
        return [e["note"] for e in self.api.list("event", space or self.space) if e["reason"] == reason]

    def exists(self, name=None):
        return self.sql("SELECT oid FROM pg_database WHERE datname = '%s'" % (name or self.database))

    def roles(self):
        found = self.sql(
            "SELECT string_agg(rolname, ' ' ORDER BY rolname) FROM pg_roles WHERE rolname LIKE '%s\\_%%'"
            % self.database
        )
        return found.replace(self.database + "_", "").split()

    def ledger(self, column="state"):
        return self.sql(
            "SELECT %s FROM djangodb.claim WHERE database = '%s'" % (column, self.database), "djangodb_operator"
        )

    def app_sql(self, statement, name="app-database", space=None):
        """As the app does it, with what its Secret says."""
        said = decoded(self.api.read("secret", name, space or self.space))
        return stage.world.run(
            "psql",
            "-XAtq",
            "-v",
            "ON_ERROR_STOP=1",
            "-c",
            statement,
            "host=%(DB_HOST)s port=%(DB_PORT)s dbname=%(DB_NAME)s user=%(DB_USER)s password=%(DB_PASSWORD)s" % said,
        ).strip()

    def grant(self, kind, space=None, name="app", **more):
        self.change_server(
            grants={kind: [{"database": self.database, "namespace": space or self.space, "name": name, **more}]}
        )

    def second_space(self):
        space = "t-" + secrets.token_hex(4)
        self.make_space(space)
        self.change_server(allowedNamespaces={"names": [self.space, space]})
        return space


class TwoThatWantOne(ClaimsTest):
    def test_the_loser_changes_nothing_and_deleting_it_changes_nothing(self):
        self.make_ready_database()
        other = self.second_space()
        catalog, published = self.catalog(), self.api.read("secret", "app-database", self.space)["data"]
        self.make_database(space=other)
        found = self.wait_for_condition("Claimed", "False", "OwnershipConflict", space=other)
        self.assertIn(self.space + "/app", found["message"])
        self.assertIsNone(self.api.read("secret", "app-database", other))
        self.remove(space=other)
        self.assertEqual(self.catalog(), catalog)
        self.assertEqual(self.api.read("secret", "app-database", self.space)["data"], published)

    def test_a_transfer_needs_leave_and_happens_once(self):
        self.make_ready_database()
        self.app_sql("CREATE TABLE kept AS SELECT 42 AS n")
        other = self.second_space()
        self.make_database(space=other)
        self.wait_for_condition("Claimed", "False", "OwnershipConflict", space=other)
        self.grant("transfer", space=other)
        self.wait_for_condition("Ready", "True", space=other, seconds=HEAL_SECONDS)
        self.assertEqual(self.app_sql("SELECT n FROM kept", space=other), "42")
        self.eventually("an Event says so", lambda: self.events("ClaimTransferred", other))
        self.touch()
        self.wait_for_condition("Claimed", "False", "OwnershipConflict", seconds=HEAL_SECONDS)
        # Even with leave the one that lost it does not take it back, so that two can't fight for ever.
        self.grant("transfer")
        self.touch()
        catalog = self.catalog()
        self.assert_quiet(other)
        self.remove()
        self.assertEqual(self.catalog(), catalog)


class Adoption(ClaimsTest):
    def setUp(self):
        super().setUp()
        self.legacy = self.database + "_legacy"
        self.sql("CREATE ROLE %s" % self.legacy)
        self.sql("GRANT %s TO %s" % (self.legacy, self.admin.user))
        self.sql("CREATE DATABASE %s OWNER %s" % (self.database, self.legacy))
        self.sql("CREATE TABLE kept AS SELECT 42 AS n; ALTER TABLE kept OWNER TO %s" % self.legacy, self.database)
        self.make_server()

    def test_with_leave_only(self):
        self.make_database()
        found = self.wait_for_condition("Claimed", "False", "AdoptionNotGranted")
        self.assertIn("grants.adopt", found["message"])
        self.grant("adopt")
        self.wait_for_condition("Ready", "True", seconds=HEAL_SECONDS)
        self.assertEqual(self.app_sql("ALTER TABLE kept ADD more int; SELECT n FROM kept"), "42")

    def test_objects_of_others_refuse_it(self):
        self.sql("CREATE TABLE audit (id int)", self.database)
        self.make_database()
        self.grant("adopt")
        found = self.wait_for_condition("Claimed", "False", "AdoptionRefused", seconds=HEAL_SECONDS)
        self.assertIn("public.audit", found["message"])
        self.assertEqual(self.roles(), ["legacy"])
        self.sql("DROP TABLE audit", self.database)
        self.wait_for_condition("Ready", "True", seconds=HEAL_SECONDS)


class WhatOthersDidToIt(ClaimsTest):
    def setUp(self):
        super().setUp()
        self.make_ready_database()
        self.oid = self.exists()
        self.eventually(
            "the OID is noted",
            lambda: self.api.read("djdb", "app", self.space)["status"].get("databaseOid") == self.oid,
        )

    def test_renamed(self):
        self.sql("ALTER DATABASE %s RENAME TO %s_away" % (self.database, self.database))
        self.touch()
        found = self.wait_for_condition("DatabaseReady", "False", "DatabaseRenamed")
        self.assertIn(self.database + "_away", found["message"])
        self.assertEqual(self.exists(), "")
        self.sql("ALTER DATABASE %s_away RENAME TO %s" % (self.database, self.database))
        self.wait_for_condition("Ready", "True", seconds=HEAL_SECONDS)

    def test_given_away(self):
        self.sql("ALTER DATABASE %s OWNER TO postgres" % self.database)
        self.touch()
        found = self.wait_for_condition("DatabaseReady", "False", "DatabaseReowned")
        self.assertIn("OWNER TO", found["message"])
        self.assertEqual(
            self.sql("SELECT pg_get_userbyid(datdba) FROM pg_database WHERE oid = %s" % self.oid), "postgres"
        )
        self.sql("ALTER DATABASE %s OWNER TO %s" % (self.database, self.admin.user))
        self.wait_for_condition("Ready", "True", seconds=HEAL_SECONDS)

    def test_forgotten_by_the_ledger(self):
        self.sql("DELETE FROM djangodb.claim WHERE database = '%s'" % self.database, "djangodb_operator")
        self.sql("DROP DATABASE %s WITH (FORCE)" % self.database)
        self.touch()
        self.wait_for_condition("Claimed", "False", "ClaimLost")
        self.assert_quiet()
        self.assertEqual(self.exists(), "")


class Deletion(ClaimsTest):
    def setUp(self):
        super().setUp()
        self.make_ready_database()

    def drop_with_it(self, **more):
        self.api.patch("djdb", "app", {"spec": {"deletion": {"policy": "Delete", **more}}}, self.space)

    def allow_drop(self):
        self.change_server(deletion={"allowDrop": True})

    def test_retain_drops_the_logins_and_keeps_the_rest(self):
        self.app_sql("CREATE TABLE kept AS SELECT 42 AS n")
        oid, stored = self.exists(), "djangodb-" + self.api.read("djdb", "app", self.space)["metadata"]["uid"]
        self.remove()
        self.assertEqual((self.exists(), self.roles(), self.ledger()), (oid, ["owner"], "retained"))
        self.assertIsNone(self.api.read("secret", stored, stage.OPERATOR_SPACE))
        self.api.delete("secret", "app-database", self.space)  # no controller-manager collects it here
        self.make_database()
        self.wait_for_condition("Ready", "True", seconds=HEAL_SECONDS)
        self.assertEqual(self.app_sql("SELECT n FROM kept"), "42")
        self.assertEqual(self.exists(), oid)

    def test_delete_needs_the_servers_leave(self):
        self.drop_with_it()
        self.remove()
        self.assertTrue(self.exists())
        self.assertEqual(self.ledger(), "retained")
        self.assertTrue(any("allowDrop" in note for note in self.events("DatabaseKept")))

    def test_protected_is_kept(self):
        self.allow_drop()
        self.drop_with_it(protected=True)
        self.remove()
        self.assertTrue(self.exists())
        self.assertTrue(any("protected" in note for note in self.events("DatabaseKept")))

    def test_delete_leaves_nothing(self):
        self.allow_drop()
        self.drop_with_it()
        self.remove(seconds=DELETE_SECONDS)
        self.assertEqual((self.exists(), self.roles(), self.ledger()), ("", [], ""))

    def test_an_obstacle_is_named_and_waited_for(self):
        self.allow_drop()
        self.drop_with_it()
        self.sql("CREATE DATABASE %s_other OWNER %s_owner" % (self.database, self.database))
        self.api.delete("djdb", "app", self.space)
        found = self.wait_for_condition("Ready", "False", "DropObstructed", seconds=HEAL_SECONDS)
        self.assertIn(self.database + "_owner", found["message"])
        self.assertTrue(self.exists())
        self.sql("ALTER DATABASE %s_other OWNER TO postgres" % self.database)
        self.eventually("it is gone", lambda: self.api.read("djdb", "app", self.space) is None, DELETE_SECONDS)
        self.assertEqual(self.exists(), "")

    def test_its_secrets_first(self):
        self.allow_drop()
        self.drop_with_it()
        uid = self.api.read("djdb", "app", self.space)["metadata"]["uid"]
        self.api.delete("djdb", "app", self.space)
        self.api.delete("secret", "app-database", self.space)
        self.api.delete("secret", "djangodb-" + uid, stage.OPERATOR_SPACE)
        self.eventually("it is gone", lambda: self.api.read("djdb", "app", self.space) is None, DELETE_SECONDS)
        self.assertEqual((self.exists(), self.roles()), ("", []))

    def test_the_server_object_first(self):
        catalog = self.catalog()
        self.api.delete("pgserver", self.space)
        self.wait_for_condition("Accepted", "False", "ServerNotFound")
        self.remove()
        self.assertEqual(self.catalog(), catalog)
        self.assertTrue(any("_a" in note and "NOLOGIN" in note for note in self.events("DatabaseLeft")))

    def test_a_server_that_is_gone_holds_retain_for_a_while_only(self):
        self.change_server(port=1)
        self.remove()
        self.assertEqual(self.ledger(), "active")
        self.assertTrue(any("NOLOGIN" in note for note in self.events("DatabaseLeft")))
        self.change_server(port=self.admin.port)
        self.api.delete("secret", "app-database", self.space)
        self.make_database()
        self.wait_for_condition("Ready", "True", seconds=HEAL_SECONDS)
        self.app_sql("SELECT 1")

    def test_a_server_that_is_gone_holds_delete_until_it_is_orphaned(self):
        self.allow_drop()
        self.drop_with_it()
        self.change_server(port=1)
        self.api.delete("djdb", "app", self.space)
        found = self.wait_for_condition("DeletionGuarded", "False", "Deleting", seconds=HEAL_SECONDS)
        self.assertIn("djangodb.io/orphan=true", found["message"])
        self.api.patch("djdb", "app", {"metadata": {"annotations": {"djangodb.io/orphan": "true"}}}, self.space)
        self.eventually("it is gone", lambda: self.api.read("djdb", "app", self.space) is None, RETAIN_SECONDS)
        self.assertTrue(self.exists())


class ForgedByATenant(ClaimsTest):
    """A tenant may write everything of its own objects."""

    def setUp(self):
        super().setUp()
        self.make_ready_database()
        self.other = self.second_space()

    def test_status_and_labels_of_another_decide_nothing(self):
        catalog = self.catalog()
        real = self.api.read("djdb", "app", self.space)
        self.change_server(deletion={"allowDrop": True})
        self.make_database(space=self.other, deletion={"policy": "Delete"})
        self.api.patch(
            "djdb",
            "app",
            {"metadata": {"finalizers": ["djangodb.io/database"], "labels": {"djangodb.io/owned-by": "app"}}},
            self.other,
        )
        self.api.patch(
            "djdb", "app/status", {"status": {"databaseOid": self.exists(), "observedGeneration": 1}}, self.other
        )
        self.wait_for_condition("Claimed", "False", "OwnershipConflict", space=self.other)
        # Kubernetes collects what names an owner of another namespace: then it goes by itself.
        self.api.patch(
            "djdb",
            "app",
            {
                "metadata": {
                    "ownerReferences": [
                        {
                            "apiVersion": "djangodb.io/v1alpha1",
                            "kind": "DjangoDatabase",
                            "name": "app",
                            "uid": real["metadata"]["uid"],
                            "controller": True,
                        }
                    ]
                }
            },
            self.other,
        )
        self.remove(space=self.other, seconds=DELETE_SECONDS)
        self.assertEqual(self.catalog(), catalog)

    def test_another_namespaces_secret_is_never_written(self):
        theirs = self.api.read("secret", "app-database", self.space)["data"]
        self.make_database(
            name="thief",
            space=self.other,
            database={"name": self.database + "_2"},
            credentials={"secretName": "app-database"},
        )
        self.wait_for_condition("Ready", "True", name="thief", space=self.other, seconds=HEAL_SECONDS)
        self.assertEqual(self.api.read("secret", "app-database", self.space)["data"], theirs)
        self.assertNotEqual(self.api.read("secret", "app-database", self.other)["data"]["DB_NAME"], theirs["DB_NAME"])


def load_tests(_, tests, __):
    return side_by_side(tests)


if __name__ == "__main__":
    unittest.main()
