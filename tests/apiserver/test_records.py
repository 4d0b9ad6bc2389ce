"""Each release leaves a DjangoRelease that tells it. No kubelet runs, so there is no log to be read here."""

import json
import unittest

import release_case
from case import HEAL_SECONDS, decoded, side_by_side
from probes import PASSED
from release_case import IMAGE, WELL, ReleaseTest

NEXT = "registry.test/shop:v2"
FAILED = 88
KINDS = ["Preflight", "Migration", "Rollout", "Verification"]


class RecordsTest(ReleaseTest):
    def setUp(self):
        super().setUp()
        self.make_ready_database()

    def records(self):
        """By their names."""
        return {found["metadata"]["name"]: found for found in self.api.list("djrel", self.space)}

    def record(self, name):
        return self.records()[name]

    def outcomes(self):
        return {name: found["status"].get("outcome") for name, found in self.records().items()}

    def wait_for_outcomes(self, **wanted):
        wanted = {name.replace("_", "-"): outcome for name, outcome in wanted.items()}
        self.eventually("the outcomes are %s" % wanted, lambda: self.outcomes() == wanted, HEAL_SECONDS)

    def steps(self, name, kind):
        return [step for step in self.record(name)["status"]["steps"] if step["kind"] == kind]

    def set_image(self, image):
        self.change_template("web", {"spec": {"containers": [{"name": "app", "image": image}]}})

    def release_next(self, image):
        """Its migration finds nothing to do."""
        self.set_image(image)
        made = self.eventually(
            "its Job is made",
            lambda: next((job for job in self.jobs_of("migrate") if self.image_of(job) == image), None),
            HEAL_SECONDS,
        )
        label = "job-name=" + made["metadata"]["name"]
        pods = self.eventually("its Pod is made", lambda: self.api.list("pod", self.space, labelSelector=label))
        release_case.end_pod(self.api, pods[0], 0, WELL)

    @staticmethod
    def image_of(job):
        return job["metadata"]["annotations"]["djangodb.io/image"]


class One(RecordsTest):
    def test_it_tells_what_was_done(self):
        self.deploy()
        self.job_runs()
        record = self.record("app-1")
        self.assertEqual(record["status"]["outcome"], "InProgress")
        self.assertEqual(record["spec"]["databaseRef"], {"name": "app"})
        self.assertEqual(record["spec"]["image"], IMAGE)
        (template,) = record["spec"]["templates"]
        self.assertEqual((template["deployment"], template["image"]), ("web", IMAGE))
        (owner,) = record["metadata"]["ownerReferences"]
        self.assertEqual(owner["uid"], self.resource()["metadata"]["uid"])
        (probe,) = self.steps("app-1", "Preflight")
        self.assertEqual(probe["state"], "Succeeded")
        self.assertEqual(json.loads(probe["answer"]), PASSED, "where the log can't be read, what Kubernetes kept of it")
        self.assertIn("The log can't be read", probe["log"])
        (migration,) = self.steps("app-1", "Migration")
        self.assertEqual(migration["name"], "job/" + self.job()["metadata"]["name"])
        self.assertEqual(migration["state"], "InProgress")
        self.assertNotIn("endTime", migration)

        self.migrate()
        self.job_ends(answer={**WELL, "applied": ["orders.0001_initial"]})
        self.wait_for_outcomes(app_1="Succeeded")
        status = self.record("app-1")["status"]
        self.assertEqual(status["applied"], ["orders.0001_initial"])
        self.assertEqual([step["kind"] for step in status["steps"]], KINDS)
        self.assertEqual({step["state"] for step in status["steps"]}, {"Succeeded"})
        for step in status["steps"]:
            self.assertLessEqual(step["startTime"], step["endTime"])
        (kept,) = self.api.list("replicaset", self.space)
        self.assertEqual(status["steps"][2]["replicaSet"], kept["metadata"]["name"])
        (ready,) = (c for c in status["conditions"] if c["type"] == "Ready")
        self.assertEqual((ready["status"], ready["reason"]), ("True", "Succeeded"))
        self.assert_quiet()

    def test_what_a_person_has_to_do_stalls_it(self):
        self.deploy()
        self.job_ends(exit_code=FAILED, answer=release_case.failure("MigrationFailed"))
        self.wait_for_outcomes(app_1="Stalled")
        (migration,) = self.steps("app-1", "Migration")
        self.assertEqual((migration["state"], migration["reason"]), ("Failed", "MigrationFailed"))
        ready = next(c for c in self.record("app-1")["status"]["conditions"] if c["type"] == "Ready")
        found = self.wait_for_condition("MigrationsApplied", "False", "MigrationFailed")
        self.assertEqual(ready["message"], found["message"])

    def test_it_holds_no_password(self):
        """An app prints its settings."""
        self.deploy()
        self.job_runs()
        plain = decoded(self.api.read("secret", "app-migrate", self.space))["DB_PASSWORD"]
        self.job_ends(exit_code=FAILED, answer={**release_case.failure("MigrationFailed"), "settings": plain})
        self.wait_for_outcomes(app_1="Stalled")
        (migration,) = self.steps("app-1", "Migration")
        self.assertEqual(json.loads(migration["answer"])["settings"], "***")
        self.assertNotIn(plain, json.dumps(self.record("app-1")))


class Several(RecordsTest):
    def test_each_image_has_one_and_a_restart_none(self):
        self.release()
        self.release_next(NEXT)
        self.wait_for_outcomes(app_1="Succeeded", app_2="Succeeded")
        self.change_template("web", {"metadata": {"annotations": {"restarted": "now"}}})
        self.wait_for_condition("RolledOut", "True", "Succeeded", seconds=HEAL_SECONDS)
        self.audit.wait_until_quiet((self.space,))
        self.assertEqual(sorted(self.records()), ["app-1", "app-2"])
        first, second = (self.record(name)["spec"]["revision"] for name in ("app-1", "app-2"))
        self.assertNotEqual(first, second)
        self.set_image(IMAGE)  # back, which passed once
        self.wait_for_outcomes(app_1="Succeeded", app_2="Succeeded", app_3="Succeeded")
        self.assertEqual(self.record("app-3")["spec"]["revision"], first)
        self.assertEqual([step["kind"] for step in self.record("app-3")["status"]["steps"]], ["Rollout"])

    def test_one_that_is_replaced_says_by_which_and_what_its_migration_did(self):
        self.deploy()
        self.job_runs()
        pod = self.pod()
        self.set_image(NEXT)
        self.wait_for_outcomes(app_1="Superseded", app_2="InProgress")
        self.migrate()
        release_case.end_pod(self.api, pod, 0, {**WELL, "applied": ["orders.0001_initial"]})
        self.eventually(
            "it names what was applied",
            lambda: self.record("app-1")["status"]["applied"] == ["orders.0001_initial"],
            HEAL_SECONDS,
        )
        (migration,) = self.steps("app-1", "Migration")
        self.assertEqual(migration["state"], "Succeeded")
        ready = next(c for c in self.record("app-1")["status"]["conditions"] if c["type"] == "Ready")
        self.assertEqual(ready["reason"], "Superseded")
        self.assertIn("app-2", ready["message"])

    def test_the_limit_keeps_the_last_good_one(self):
        self.change("djdb", "app", {"releaseHistoryLimit": 3}, self.space)
        self.release()
        for number in range(2, 6):
            self.set_image("registry.test/shop:try-%d" % number)
            self.eventually("it is recorded", lambda number=number: "app-%d" % number in self.records(), HEAL_SECONDS)
        self.eventually(
            "the others are gone", lambda: sorted(self.records()) == ["app-1", "app-3", "app-4", "app-5"], HEAL_SECONDS
        )
        self.change("djdb", "app", {"releaseHistoryLimit": 1}, self.space)
        self.eventually("more of them go", lambda: sorted(self.records()) == ["app-1", "app-5"], HEAL_SECONDS)

    def test_they_go_with_the_resource(self):
        self.release()
        self.api.delete("djdb", "app", self.space)
        self.eventually("none is left", lambda: self.records() == {}, HEAL_SECONDS)


class Disturbed(RecordsTest):
    def test_one_that_is_deleted_is_made_again(self):
        self.release()
        self.api.delete("djrel", "app-1", self.space)
        self.touch()
        self.wait_for_outcomes(app_1="Succeeded")

    def test_a_foreign_one_keeps_its_name(self):
        body = {
            "apiVersion": "djangodb.io/v1alpha1",
            "kind": "DjangoRelease",
            "metadata": {"name": "app-1", "namespace": self.space},
            "spec": {"databaseRef": {"name": "app"}, "image": "foreign", "revision": "foreign"},
        }
        self.api.create("djrel", body)
        self.release()
        self.assertEqual(self.record("app-1")["spec"]["image"], "foreign")
        self.wait_for_outcomes(app_1=None, app_2="Succeeded")
        self.assert_quiet()


def load_tests(_loader, tests, _pattern):
    return side_by_side(tests)


if __name__ == "__main__":
    unittest.main()
