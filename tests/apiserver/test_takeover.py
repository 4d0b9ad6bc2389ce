"""An operator that is killed and replaced by one of another version in the midst of a release, and at rest.

The version before is built from the history (previous.py). Every moment of a release has a test; all of them bring
theirs to its moment, the operator is killed, the other one's chart is installed as an upgrade does it, the other one
starts, and each release has to end as if there had only ever been one operator.
"""

import re
import unittest

import replacement
import stage
from audit_log import answered
from case import HEAL_SECONDS, SideBySide
from release_case import IMAGE, ReleaseTest, failure, undisturbed
from replacement import NEW, OLD, Replacement

OF_ONE_VERSION = r",(tcp_\w+|client_connection_check_interval|idle_in_transaction_session_timeout)=\w+"
UNREACHABLE, MIGRATION_FAILED, STATEMENT_TIMEOUT = 75, 88, 88
# The version before words its messages otherwise, and opens a gate without taking the mark away: this version does it
# when it is back (test_gate.py).
UNKNOWN_THERE = ("messages", "deployments")


class TakeoverTest(ReleaseTest):
    before, after, charts_after = OLD, NEW, NEW
    tests = 1

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.addClassCleanup(replacement.run_alone, NEW)
        cls.wanted = undisturbed()
        replacement.run_alone(cls.before)
        cls.replacement = Replacement(cls.tests, cls.charts_after, cls.after)

    def setUp(self):
        super().setUp()
        self.begin = self.audit.end()
        self.addCleanup(self.replacement.leave)

    def make_app(self, **spec):
        self.make_ready_database(**spec)
        self.data = self.lasting_data()

    def lasting_data(self):
        """Each attempt at a migration has a password of its own."""
        found = self.secret_data()
        found.pop("app-migrate", None)
        return {
            name: {key: value for key, value in data.items() if not key.startswith("migrate")}
            for name, data in found.items()
        }

    def catalog(self, database=None):
        """Without what only one of the two versions sets for the migration login, and repairs as it repairs drift."""
        return re.sub(OF_ONE_VERSION, "", super().catalog(database))

    def end(self):
        """The version before tells what it does not know of the migration login's settings, and leaves it."""
        found = super().end()
        if self.before == NEW:
            said = '"InSync",\n   "%s",\n   "%s"'
            found["status"] = found["status"].replace(said % ("False", "Drifted"), said % ("True", "Succeeded"))
        return found

    def assert_nothing_is_rewritten(self):
        """Takes over. But for words of the status, all stays as it is, whoever wrote it."""
        self.audit.wait_until_quiet((self.space,))
        before = self.resource(), self.secrets(), self.jobs(), self.catalog(), self.passed_images()
        events = self.events()
        self.replacement.die()
        mark = self.audit.end()
        self.replacement.start()
        self.wait_until_it_was_looked_at(mark)
        self.assert_same_but_words(before[0], self.resource())
        self.assertEqual((self.secrets(), self.jobs(), self.catalog(), self.passed_images()), before[1:])
        uid = self.resource()["metadata"]["uid"]
        writes = [str(write) for write in self.audit.writes((self.space, "djangodb-" + uid), mark)]
        if self.before == OLD:
            # The version before published the CA in the Secrets alone; the ConfigMap is new.
            self.assertEqual(len([w for w in writes if w.startswith("create configmaps " + self.space)]), 1, writes)
            writes = [w for w in writes if not w.startswith("create configmaps ")]
        # What only one version sets for the migration login is drift to the other, and repaired in an Event's words.
        self.assertLessEqual(self.events() - events, {"DriftRepaired"})
        writes = {write for write in writes if write.split()[1] != "events"}
        self.assertLessEqual(writes, {"patch djangodatabases/status %s/app" % self.space})

    def events(self):
        return {event["reason"] for event in self.api.list("event", self.space)}

    def wait_until_it_was_looked_at(self, mark):
        read = answered("get", "secrets", self.space, "app-database")
        self.eventually("the other operator has looked at it", lambda: any(map(read, self.audit.requests(mark))), 60)
        self.audit.wait_until_quiet((self.space,))

    def assert_same_but_words(self, before, after):
        """What only one version sets on the server is drift to the other, told or repaired in a moment."""

        def bare(resource):
            said = [
                [c[key] for key in ("type", "status", "reason", "observedGeneration")]
                for c in resource["status"]["conditions"]
                if c["type"] != "InSync"
            ]
            facts = {k: v for k, v in resource["status"].items() if k not in ("conditions", "message", "drift")}
            metadata = {k: v for k, v in resource["metadata"].items() if k not in ("resourceVersion", "managedFields")}
            return metadata, resource["spec"], said, facts

        self.assertEqual(bare(after), bare(before))

    def assert_end_is_the_undisturbed_one(self, *but, attempts=1):
        self.assertEqual(sorted(self.jobs()), list(range(1, attempts + 1)))
        self.assertEqual(len(self.jobs_made(self.begin)), attempts, "each attempt is made once")
        names = {job["metadata"]["name"].rsplit("-", 1)[0] for job in self.jobs().values()}
        self.assertEqual(len(names), 1, "all attempts are of one revision")
        self.assertEqual(self.passed_images(), [IMAGE])
        for name, data in self.data.items():
            self.assertEqual(self.lasting_data()[name], data, "%s holds what it held" % name)
        self.assert_end(self.wanted, *but)


class Both(TakeoverTest):
    """Moments at which an operator is replaced by a newer one, or set back to the one before."""

    def test_settled(self):
        self.make_app()
        self.release()
        self.assert_nothing_is_rewritten()
        self.assert_end_is_the_undisturbed_one(*self.words)

    def test_the_job_runs(self):
        self.make_app()
        self.deploy()
        self.job_runs()
        self.assert_nothing_is_rewritten()
        self.assertEqual(self.conditions()["MigrationsApplied"]["reason"], "MigrationRunning")
        self.finish()
        self.assert_end_is_the_undisturbed_one(*self.words)


class Upgrade(Both):
    words = ()

    def test_provisioned(self):
        self.make_app()
        self.assert_nothing_is_rewritten()
        self.release()
        self.assert_end_is_the_undisturbed_one()

    def test_half_provisioned(self):
        """Roles have passwords that no app's Secret shows yet."""
        self.make_server()
        self.forbid("count/secrets")
        self.make_database()
        self.wait_for_condition("CredentialsSynced", "False", "WriteRefused", seconds=HEAL_SECONDS)
        self.data = self.lasting_data()
        catalog = self.catalog()
        self.replacement.die()
        self.api.delete("quota", "none", self.space)
        self.replacement.start()
        self.wait_for_condition("Ready", "True", seconds=HEAL_SECONDS)
        self.assertEqual(self.catalog(), catalog)
        self.release()
        self.assert_end_is_the_undisturbed_one()

    def test_held_without_a_job(self):
        self.make_app()
        self.forbid("count/jobs.batch")
        self.deploy()
        self.wait_for_condition("MigrationsApplied", "False", "WriteRefused")
        self.replacement.die()
        self.api.delete("quota", "none", self.space)
        self.replacement.start()
        self.finish()
        self.assert_end_is_the_undisturbed_one()

    def test_the_job_has_ended_and_nothing_is_recorded(self):
        self.make_app()
        self.deploy()
        self.job_runs()
        self.replacement.die()
        self.migrate()
        self.job_ends()
        self.replacement.start()
        self.wait_for_condition("Ready", "True", "Ready", seconds=HEAL_SECONDS)
        self.audit.wait_until_quiet((self.space,))
        self.assert_end_is_the_undisturbed_one()

    def test_recorded_and_the_gate_is_closed(self):
        self.make_app()
        self.deploy()
        self.job_runs()
        self.deny("apps", "deployments", ["UPDATE"], "no change without a ticket", self.changes_are_denied)
        self.migrate()
        self.job_ends()
        self.eventually(
            "the image is recorded, its gate could not be opened",
            lambda: (
                self.passed_images()
                and any(
                    (r.verb, r.resource) == ("patch", "deployments") and not r.succeeded
                    for r in self.audit.writes((self.space,), self.begin)
                )
            ),
        )
        self.replacement.die()
        self.allow(self.changes_are_denied)
        self.replacement.start()
        self.wait_for_condition("Ready", "True", "Ready", seconds=HEAL_SECONDS)
        self.audit.wait_until_quiet((self.space,))
        self.assert_end_is_the_undisturbed_one()

    def changes_are_denied(self):
        return self.is_refused(
            lambda: self.api.patch(
                "deployment", "web", {"metadata": {"annotations": {"probe": "yes"}}}, self.space, dryRun="All"
            )
        )

    def test_opened_and_not_rolled_out(self):
        self.make_app()
        self.deploy(replicas=1)
        self.migrate()
        self.job_ends()
        self.wait_for_condition("RolledOut", "False", "RollingOut", seconds=HEAL_SECONDS)
        self.eventually("the gate is open", lambda: self.api.list("replicaset", self.space))
        self.assert_nothing_is_rewritten()
        self.assertEqual(self.conditions()["RolledOut"]["reason"], "RollingOut")
        self.scale("web", 0)
        self.wait_for_condition("Ready", "True", "Ready", seconds=HEAL_SECONDS)
        self.audit.wait_until_quiet((self.space,))
        self.assert_end_is_the_undisturbed_one()

    def test_a_failed_attempt_waits_for_the_next(self):
        self.make_app()
        self.deploy()
        self.job()
        self.replacement.wait_for_the_others()
        self.job_ends(1, UNREACHABLE, failure("Unreachable"))
        self.wait_for_condition("MigrationsApplied", "False", "MigrationRetrying")
        self.replacement.die()
        self.assertEqual(sorted(self.jobs()), [1], "it waits still")
        self.replacement.start()
        self.finish(attempt=2)
        self.assert_end_is_the_undisturbed_one("jobs", attempts=2)

    def test_failed_for_good(self):
        self.make_app()
        self.deploy()
        self.job_ends(1, MIGRATION_FAILED, failure("MigrationFailed"))
        self.wait_for_condition("MigrationsApplied", "False", "MigrationFailed")
        self.assert_nothing_is_rewritten()
        self.assertEqual(self.conditions()["MigrationsApplied"]["reason"], "MigrationFailed")
        self.assertEqual(len(self.jobs_made(self.begin)), 1)
        self.assertTrue(self.api.read("deployment", "web", self.space)["spec"]["paused"])

    def test_deleted_and_an_obstacle_in_the_way(self):
        self.make_app(deletion={"policy": "Delete"})
        self.change_server(deletion={"allowDrop": True})
        self.sql("CREATE DATABASE %s_other OWNER %s_owner" % (self.database, self.database))
        self.addCleanup(self.sql, "DROP DATABASE %s_other" % self.database)
        self.api.delete("djdb", "app", self.space)
        self.wait_for_condition("Ready", "False", "DropObstructed", seconds=HEAL_SECONDS)
        self.replacement.die()
        self.sql("ALTER DATABASE %s_other OWNER TO postgres" % self.database)
        self.replacement.start()
        self.eventually("it is gone", lambda: self.resource() is None, HEAL_SECONDS)
        self.assertEqual(self.catalog(), "")

    def test_retained_and_made_anew(self):
        self.make_app()
        oid = "SELECT oid FROM pg_database WHERE datname = '%s'" % self.database
        first = self.sql(oid)
        self.api.delete("djdb", "app", self.space)
        self.eventually("it is gone", lambda: self.resource() is None, HEAL_SECONDS)
        self.api.delete("secret", "app-database", self.space)  # no controller-manager collects it here
        self.replacement.die()
        self.make_database()
        self.replacement.start()
        self.wait_for_condition("Ready", "True", seconds=HEAL_SECONDS)
        self.assertEqual(self.sql(oid), first)
        self.data = self.lasting_data()
        self.release()
        self.assert_end_is_the_undisturbed_one()


class ImageSetBack(TakeoverTest):
    """The binary alone; the chart stays this version's, whose gate the version before does not know."""

    before, after = NEW, OLD

    def test_nothing_is_released_until_its_chart_is_back(self):
        self.make_app()
        self.deploy()
        self.job_runs()
        secrets, catalog = self.secrets(), self.catalog()
        self.replacement.die()
        self.replacement.start()
        said = self.wait_for_condition("Gated", "False", "GateMissing", seconds=HEAL_SECONDS)["message"]
        self.assertIn("run helm upgrade", said)
        self.migrate()
        self.job_ends()
        self.audit.wait_until_quiet((self.space,))
        self.assertTrue(self.api.read("deployment", "web", self.space)["spec"]["paused"])
        self.assertEqual((self.secrets(), self.catalog(), self.passed_images()), (secrets, catalog, []))
        replacement.install_chart(OLD)
        self.wait_for_condition("Ready", "True", "Ready", seconds=HEAL_SECONDS)
        self.audit.wait_until_quiet((self.space,))
        self.assert_end_is_the_undisturbed_one(*UNKNOWN_THERE)


class RolledBack(Both):
    """By helm rollback, which brings the old definitions and the old gate back too."""

    before, after, charts_after = NEW, OLD, OLD
    words = UNKNOWN_THERE

    def test_failed_with_a_reason_that_is_unknown_there(self):
        self.make_app()
        self.deploy()
        self.job_ends(1, STATEMENT_TIMEOUT, failure("StatementTimeout"))
        self.wait_for_condition("MigrationsApplied", "False", "StatementTimeout")
        secrets, catalog = self.secrets(), self.catalog()
        self.replacement.die()
        mark = self.audit.end()
        self.replacement.start()
        self.wait_until_it_was_looked_at(mark)
        self.wait_for_condition("MigrationsApplied", "False", "MigrationFailed")
        self.assertEqual((self.secrets(), self.catalog()), (secrets, catalog))
        self.assertEqual(len(self.jobs_made(self.begin)), 1)
        self.assertTrue(self.api.read("deployment", "web", self.space)["spec"]["paused"])


class OldDefinitions(ReleaseTest):
    """Where CustomResourceDefinitions are not the chart's (crds.enabled=false), and nobody has renewed them."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.addClassCleanup(replacement.run_alone, NEW)
        stage.operator().stop()
        replacement.install_chart(OLD)
        replacement.start(NEW)

    def test_a_release(self):
        mark = self.audit.end()
        self.make_ready_database()
        self.release()
        refused = [
            str(r) for r in self.audit.writes((self.space,), mark) if not r.succeeded and r.code not in (404, 409)
        ]
        self.assertEqual(refused, [])


def load_tests(loader, _, pattern):
    suite = unittest.TestSuite()
    for kind in (Upgrade, ImageSetBack, RolledBack, OldDefinitions):
        tests = SideBySide(loader.loadTestsFromTestCase(kind))
        tests.at_a_time = kind.tests = tests.countTestCases()
        if kind.tests:
            suite.addTest(tests)
    return suite


if __name__ == "__main__":
    unittest.main()
