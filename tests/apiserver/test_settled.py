"""A settled resource is not written; what is the operator's own is put right, and what is not is left alone."""

import json
import time
import unittest

import stage
from case import HEAL_SECONDS, ClusterTest, decoded, encoded, secret, side_by_side
from stage import world

PASSED = "registry.test/shop:passed"
STANDARD = {
    "DB_NAME",
    "DB_USER",
    "DB_PASSWORD",
    "DB_HOST",
    "DB_PORT",
    "DB_SSLMODE",
    "DB_SSLROOTCERT",
    "DB_CONN_MAX_AGE",
    "DATABASE_URL",
    "ca.crt",
}


class SettledTest(ClusterTest):
    def setUp(self):
        super().setUp()
        self.make_ready_database()

    def make_whole_release(self):
        """With a Deployment that rolled out, so that every stage has something to say."""
        self.let_pass(PASSED)
        self.make_deployment("web", PASSED)
        self.wait_for_condition("RolledOut", "True", "Succeeded")
        self.wait_for_condition("Ready", "True")
        self.audit.wait_until_quiet((self.space,))

    def resource(self):
        return self.api.read("djdb", "app", self.space)


class Settled(SettledTest):
    def test_nothing_is_written(self):
        self.make_whole_release()
        before, catalog = self.resource(), self.catalog()
        mark = self.audit.end()
        for _ in range(4):
            self.touch()  # each makes a whole visit
            time.sleep(0.5)
        self.assertEqual(self.audit.writes((self.space,), mark), [])
        self.assertEqual(self.resource()["status"], before["status"])
        self.assertEqual(self.catalog(), catalog)

    def test_transition_times_move_only_with_the_status(self):
        self.make_whole_release()
        before = self.conditions()
        time.sleep(1.1)  # the times have whole seconds
        generation = self.change("djdb", "app", {"app": {"manage": ["manage.py"]}}, self.space)
        after = self.wait_until_ready_again()
        for kind in after:
            self.assertEqual(after[kind]["observedGeneration"], generation)
            self.assertEqual(after[kind]["lastTransitionTime"], before[kind]["lastTransitionTime"], kind)
        self.api.patch("pgserver", self.space, {"spec": {"allowedNamespaces": {"names": []}}})
        self.wait_for_condition("Accepted", "False", "NamespaceNotAllowed")
        self.assertGreater(
            self.conditions()["Accepted"]["lastTransitionTime"], before["Accepted"]["lastTransitionTime"]
        )

    def wait_until_ready_again(self):
        self.wait_for_condition("Ready", "True")
        return self.conditions()

    def test_labels_and_annotations_of_others_stay(self):
        patch = {"metadata": {"labels": {"team": "web"}, "annotations": {"note": "kept"}}}
        self.api.patch("djdb", "app", patch, self.space)
        self.assert_quiet()
        self.assertEqual(self.resource()["metadata"]["labels"], {"team": "web"})
        self.assertEqual(self.resource()["metadata"]["annotations"]["note"], "kept")

    def test_finalizer_taken_away_comes_back_beside_others(self):
        self.api.patch("djdb", "app", {"metadata": {"finalizers": ["example.com/other"]}}, self.space)
        self.addCleanup(
            self.api.patch, "djdb", "app", {"metadata": {"finalizers": ["djangodb.io/database"]}}, self.space
        )
        self.eventually(
            "it is back",
            lambda: set(self.resource()["metadata"]["finalizers"]) == {"example.com/other", "djangodb.io/database"},
        )


class Restarted(SettledTest):
    """Alone: it ends the operator that the others need."""

    def test_nothing_is_written_by_a_new_operator(self):
        self.make_whole_release()
        before, catalog = self.resource(), self.catalog()
        operator = stage.operator()
        operator.stop()
        self.addCleanup(operator.start)  # does nothing when it runs
        mark = self.audit.end()
        operator.start()
        secret_read = ("get", "secrets", "app-database")
        self.eventually(
            "the new operator has looked at it",
            lambda: secret_read in [(r.verb, r.resource, r.name) for r in self.audit.reads((self.space,), mark)],
        )
        self.audit.wait_until_quiet((self.space,))
        self.assertEqual(self.audit.writes((self.space,), mark), [])
        self.assertEqual(self.resource(), before)
        self.assertEqual(self.catalog(), catalog)


class OwnStatus(SettledTest):
    """Alone: any other run between a status and its watch event looks again, and has to."""

    def setUp(self):
        super().setUp()
        self.assert_quiet()
        self.mark = stage.operator().log_end()

    def runs(self):
        return stage.operator().runs(self.space + "/app", self.mark, "ResourceChanged")

    def test_it_wakes_nobody(self):
        self.change("djdb", "app", {"app": {"manage": ["manage.py"]}}, self.space)
        self.audit.wait_until_quiet((self.space,))
        self.assertEqual(self.runs(), 1)

    def test_what_another_hand_writes_there_is_put_right(self):
        before = self.resource()["status"]
        path = self.api.path("djdb", self.space, "app") + "/status"
        self.api.call("PATCH", path, {"status": {"conditions": []}}, "application/merge-patch+json")
        self.eventually("it is as it was", lambda: self.types() == {c["type"] for c in before["conditions"]})
        self.assertEqual(self.resource()["status"]["conditions"][0].keys(), before["conditions"][0].keys())

    def types(self):
        return {c["type"] for c in self.resource()["status"].get("conditions", [])}


class AppSecret(ClusterTest):
    def setUp(self):
        super().setUp()
        self.make_ready_database()
        self.published = self.read_secret()

    def read_secret(self):
        return self.api.read("secret", "app-database", self.space)

    def eventually_published(self, what, holds):
        def probe():
            found = self.read_secret()
            return found and holds(decoded(found)) and found

        return self.eventually(what, probe, HEAL_SECONDS)

    def change(self, values):
        self.api.patch("secret", "app-database", {"data": values}, self.space)
        self.touch()

    def test_what_it_holds(self):
        values = decoded(self.published)
        self.assertEqual(set(values), STANDARD)
        self.assertEqual(values["DB_NAME"], self.database)
        self.assertEqual(values["DB_USER"], self.database + "_a")
        self.assertEqual((values["DB_HOST"], values["DB_PORT"]), (self.admin.host, str(self.admin.port)))
        self.assertEqual(values["ca.crt"].strip(), self.admin.authority.strip())
        owner = self.published["metadata"]["ownerReferences"][0]
        self.assertEqual((owner["kind"], owner["name"], owner["controller"]), ("DjangoDatabase", "app", True))

    def test_it_logs_in(self):
        self.assert_logs_in(decoded(self.published))

    def assert_logs_in(self, values):
        authority = stage.DIRECTORY / "operator" / (self.space + "-ca.crt")
        authority.write_text(values["ca.crt"])
        self.addCleanup(authority.unlink)
        url = values["DATABASE_URL"].replace("%2Fetc%2Fdjangodb%2Fca.crt", str(authority).replace("/", "%2F"))
        said = world.run("psql", "-XAtqw", "-c", "SELECT current_user, current_database()", url)
        self.assertEqual(said.strip(), "%s_owner|%s" % (self.database, self.database))

    def test_an_edited_key_is_put_right(self):
        password = decoded(self.published)["DB_PASSWORD"]
        catalog = self.catalog()
        for value in ("edited", ""):
            with self.subTest(value=value):
                self.change(encoded({"DB_PASSWORD": value}))
                self.eventually_published("the password is back", lambda v: v["DB_PASSWORD"] == password)
        self.wait_for_condition("Ready", "True")
        self.assert_quiet()
        self.assertEqual(self.catalog().split("\n")[0], catalog.split("\n")[0])

    def test_a_key_taken_away_comes_back(self):
        self.change({"DB_HOST": None, "ca.crt": None})
        self.eventually_published("both are back", lambda v: set(v) == STANDARD)
        self.wait_for_condition("Ready", "True")
        self.assert_quiet()

    def test_a_key_of_somebody_elses_stays_and_makes_no_loop(self):
        self.change(encoded({"EXTRA": "of the user"}))
        self.assert_quiet()
        self.assertEqual(decoded(self.read_secret())["EXTRA"], "of the user")
        self.wait_for_condition("Ready", "True")
        # And both together: ours is put right, theirs stays.
        self.change(encoded({"DB_PORT": "1"}))
        found = self.eventually_published("the port is back", lambda v: v["DB_PORT"] == str(self.admin.port))
        self.assertEqual(decoded(found)["EXTRA"], "of the user")
        self.assert_quiet()

    def test_a_server_side_applier_beside_us_makes_no_loop(self):
        """GitOps that owns one key of its own and insists on one of ours."""
        manifest = {
            "apiVersion": "v1",
            "kind": "Secret",
            "metadata": {"name": "app-database", "namespace": self.space},
            "data": encoded({"EXTRA": "x", "DB_NAME": "insisted"}),
        }
        world.kubectl("apply", "--server-side", "--force-conflicts", "-f", "-", stdin=json.dumps(manifest))
        self.touch()
        self.eventually_published("our key is back", lambda v: v["DB_NAME"] == self.database and v["EXTRA"] == "x")
        self.assert_quiet()

    def test_deleted_it_is_published_again(self):
        self.api.delete("secret", "app-database", self.space)
        self.touch()
        found = self.eventually_published("it is back", lambda v: set(v) == STANDARD)
        self.assertEqual(decoded(found), decoded(self.published), "the password did not change")
        self.wait_for_condition("Ready", "True")

    def test_keys_of_the_apps_own_are_added_renamed_and_removed(self):
        host = self.admin.host
        before = {}
        for keys, expected in (
            (
                {"APP_HOST": "{host}", "APP_DSN": "{user}@{host}:{port}/{name}"},
                {"APP_HOST": host, "APP_DSN": "%s_a@%s:%d/%s" % (self.database, host, self.admin.port, self.database)},
            ),
            (
                {"APP_DATABASE_HOST": "{host}", "PLAIN": "as it stands"},
                {"APP_DATABASE_HOST": host, "PLAIN": "as it stands"},
            ),
            ({}, {}),
        ):
            with self.subTest(keys=keys):
                change = {**dict.fromkeys(before), **keys}  # null takes a key away
                self.api.patch("djdb", "app", {"spec": {"credentials": {"keys": change}}}, self.space)
                before = keys
                found = self.eventually_published("the keys are as asked", lambda v: set(v) == STANDARD | set(expected))
                self.assertEqual({k: v for k, v in decoded(found).items() if k not in STANDARD}, expected)
        self.wait_for_condition("Ready", "True")
        self.assert_quiet()


class StoredPasswordsLost(ClusterTest):
    """As when the operator was moved to another namespace, or its own was restored without Secrets."""

    def setUp(self):
        super().setUp()
        self.make_ready_database(access={"readers": [{"name": "reports"}]})
        self.stored = "djangodb-" + self.api.read("djdb", "app", self.space)["metadata"]["uid"]

    def lose(self, *published):
        """The stored copy last, so that nothing is put right from it."""
        self.api.delete("secret", self.stored, stage.OPERATOR_SPACE)
        for name in published:
            self.api.delete("secret", name, self.space)
        self.touch()

    def verifiers(self):
        return self.sql(
            "SELECT rolname, rolpassword FROM pg_authid WHERE rolname IN ('%s_a', '%s_ro_reports') ORDER BY 1"
            % (self.database, self.database)
        )

    def logs_in(self, values):
        settings = {
            "PGHOST": values["DB_HOST"],
            "PGPORT": values["DB_PORT"],
            "PGUSER": values["DB_USER"],
            "PGPASSWORD": values["DB_PASSWORD"],
            "PGDATABASE": values["DB_NAME"],
            "PGSSLMODE": "require",
        }
        command = ["env", *("%s=%s" % entry for entry in settings.items()), "psql", "-XAtqwc", "SELECT 1"]
        return world.run(*command, check=False).strip() == "1"

    def published(self, name="app-database"):
        found = self.api.read("secret", name, self.space)
        return decoded(found) if found else None

    def test_what_the_apps_read_is_taken_over(self):
        before = [self.published(), self.published("app-reports")]
        self.lose()
        self.eventually("it is stored again", lambda: self.api.read("secret", self.stored, stage.OPERATOR_SPACE))
        self.wait_for_condition("Ready", "True", seconds=HEAL_SECONDS)
        self.assertEqual([self.published(), self.published("app-reports")], before)
        for values in before:
            self.assertTrue(self.logs_in(values), "Pods that run have this one")
        self.assert_quiet()

    def assert_waits_for_a_person(self, running):
        verifiers = self.verifiers()
        found = self.wait_for_condition("CredentialsStored", "False", "CredentialsLost", seconds=HEAL_SECONDS)
        self.assertIn(self.stored, found["message"])
        self.assert_quiet()
        self.assertEqual(self.verifiers(), verifiers, "no password was changed")
        self.assertTrue(self.logs_in(running))
        self.make_secret(self.stored, {"of": "somebody who wants new ones"})
        self.wait_for_condition("Ready", "True", seconds=HEAL_SECONDS)
        self.assertTrue(self.logs_in(self.published()))
        self.assertFalse(self.logs_in(running), "there are new ones")

    def test_with_what_the_apps_read_it_waits_for_a_person(self):
        running = self.published()
        self.lose("app-database")
        self.assert_waits_for_a_person(running)

    def test_with_a_wrong_one_it_waits_for_a_person(self):
        running = self.published()
        # Not while it runs: it would set the edited one right from its copy.
        stage.operator().stop()
        try:
            self.api.patch("secret", "app-database", {"data": encoded({"DB_PASSWORD": "edited"})}, self.space)
            self.lose()
        finally:
            stage.operator().start()
        self.assert_waits_for_a_person(running)

    def test_a_secret_of_somebody_elses_is_not_believed(self):
        values = self.published()
        self.lose("app-database")
        self.api.create("secret", secret("app-database", self.space, values))
        self.wait_for_condition("CredentialsStored", "False", "CredentialsLost", seconds=HEAL_SECONDS)


class Unwatched(ClusterTest):
    """The operator may not watch Secrets of other namespaces. It goes round them, so nobody has to wake it."""

    def setUp(self):
        super().setUp()
        self.make_ready_database(access={"readers": [{"name": "reports"}]})
        self.audit.wait_until_quiet((self.space,))

    def read(self, name):
        return self.api.read("secret", name, self.space)

    def assert_restored(self, name, change):
        before = self.read(name)
        change(name)
        self.assertNotEqual((self.read(name) or {}).get("data"), before["data"])
        self.eventually(
            "%s is as it was" % name, lambda: (self.read(name) or {}).get("data") == before["data"], HEAL_SECONDS
        )
        self.wait_for_condition("Ready", "True")

    def edit(self, name):
        self.api.patch("secret", name, {"data": encoded({"DB_PASSWORD": "edited"})}, self.space)

    def empty(self, name):
        self.api.patch("secret", name, {"data": None}, self.space)

    def delete(self, name):
        self.api.delete("secret", name, self.space)

    def test_the_apps_secret_is_restored(self):
        catalog = self.catalog()
        for change in (self.edit, self.empty, self.delete):
            with self.subTest(change=change.__name__):
                self.assert_restored("app-database", change)
        self.assertEqual(self.catalog(), catalog, "no password changed")

    def test_a_readers_secret_is_restored(self):
        for change in (self.edit, self.empty, self.delete):
            with self.subTest(change=change.__name__):
                self.assert_restored("app-reports", change)

    def test_a_secret_of_somebody_elses_in_its_place_is_told_and_left(self):
        self.delete("app-database")
        foreign = self.api.create("secret", secret("app-database", self.space, {"theirs": "kept"}))
        self.wait_for_condition("CredentialsSynced", "False", "SecretConflict", seconds=HEAL_SECONDS)
        self.assertEqual(self.read("app-database"), foreign)


def load_tests(_loader, tests, _pattern):
    return side_by_side(tests, alone=[OwnStatus, Restarted, StoredPasswordsLost])


if __name__ == "__main__":
    unittest.main()
