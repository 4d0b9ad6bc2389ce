"""An operator that is killed and replaced by one of another version in the midst of a release, and at rest.

The version before is built from the history (previous.py). Every moment of a release has a test; all of them bring
theirs to its moment, the operator is killed, the other one's chart is installed as an upgrade does it, the other one
starts, and each release has to end as if there had only ever been one operator.
"""

import unittest

import replacement
import stage
from case import HEAL_SECONDS, SideBySide, deployment
from release_case import IMAGE, ReleaseTest, failure
from replacement import NEW, OLD
from takeover_case import UNKNOWN_THERE, TakeoverTest

UNREACHABLE, MIGRATION_FAILED, STATEMENT_TIMEOUT = 75, 88, 88


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


class FiftyApps(TakeoverTest):
    """What the version before let pass, image by image, is not proven again: it runs."""

    def names(self):
        return ["app-%d" % i for i in range(50)]

    def test_at_rest(self):
        self.make_server()
        for name in self.names():
            self.make_database(name, database={"name": self.database + name[3:].replace("-", "_")})
        for name in self.names():
            self.wait_for_condition("Ready", "True", name=name, seconds=2 * HEAL_SECONDS)
        self.sql(
            "INSERT INTO djangodb.passed_image (database, database_oid, image) SELECT database, database_oid, '%s'"
            " FROM djangodb.claim WHERE namespace = '%s'" % (IMAGE, self.space),
            "djangodb_operator",
        )
        for name in self.names():
            made = deployment(name, self.space, IMAGE, database=name)
            made["spec"]["template"]["spec"]["containers"][0]["env"] = [{"name": "APP", "value": name}]
            self.api.create("deployment", made)
        self.eventually("all of them roll", lambda: self.templates() == 50, 2 * HEAL_SECONDS)
        for name in self.names():
            self.wait_for_condition("RolledOut", "True", "Succeeded", name=name, seconds=HEAL_SECONDS)
        self.audit.wait_until_quiet((self.space,))

        self.replacement.die()
        mark = self.audit.end()
        self.replacement.start()
        self.eventually("each template is in the ledger", lambda: self.passed_templates() == 50, 2 * HEAL_SECONDS)
        self.audit.wait_until_quiet((self.space,))
        self.assertEqual(self.jobs_made(mark), [])
        self.assertEqual([d for d in self.api.list("deployment", self.space) if d["spec"].get("paused")], [])
        for name in self.names():
            self.wait_for_condition("RolledOut", "True", "Succeeded", name=name)

        self.change_template("app-7", {"metadata": {"annotations": {"restarted": "now"}}})
        self.eventually("a restart rolls", lambda: self.templates() == 51)
        changed = {"containers": [{"name": "app", "env": [{"name": "APP", "value": "another"}]}]}
        self.change_template("app-8", {"spec": changed})
        self.eventually("another environment is proven", lambda: len(self.jobs_made(mark)) == 1)
        self.assertEqual(self.templates(), 51)

    def passed_templates(self):
        return int(
            self.sql(
                "SELECT count(*) FROM djangodb.passed_template JOIN djangodb.claim USING (database)"
                " WHERE namespace = '%s' AND job = ''" % self.space,
                "djangodb_operator",
            )
        )


class OldDefinitions(ReleaseTest):
    """Where CustomResourceDefinitions are not the chart's (crds.enabled=false), and nobody has renewed them."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.addClassCleanup(replacement.run_alone, NEW)
        stage.operator().stop()
        replacement.install_chart(OLD)
        replacement.install.operator("--set", "crds.enabled=false")
        replacement.start(NEW)

    def test_a_release(self):
        mark = self.audit.end()
        self.make_ready_database()
        self.release()
        refused = [
            str(r) for r in self.audit.writes((self.space,), mark) if not r.succeeded and r.code not in (404, 409)
        ]
        # Of the status what it does not know is left out. A record has a reason that it does not know, or not yet.
        status = "patch djangodatabases/status %s/app" % self.space
        self.assertEqual(set(refused) - {"patch djangoreleases/status %s/app-1" % self.space}, {status})
        self.assertNotIn("PreflightPassed", self.conditions())


def load_tests(loader, _, pattern):
    suite = unittest.TestSuite()
    for kind in (Upgrade, ImageSetBack, RolledBack, FiftyApps, OldDefinitions):
        tests = SideBySide(loader.loadTestsFromTestCase(kind))
        tests.at_a_time = kind.tests = tests.countTestCases()
        if kind.tests:
            suite.addTest(tests)
    return suite


if __name__ == "__main__":
    unittest.main()
