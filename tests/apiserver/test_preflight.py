"""A new Pod template is tried out before anything migrates. No kubelet runs, so the test says how each probe fares."""

import unittest

import release_case
from case import HEAL_SECONDS, deployment, side_by_side
from probes import PASSED, end_pod, failure
from release_case import IMAGE, ReleaseTest

NOT_POSTGRES, UNREACHABLE = 72, 75


class Preflight(ReleaseTest):
    def setUp(self):
        super().setUp()
        self.make_ready_database()

    def let_probes_pass(self):
        """Not of itself, as it does in other tests of releases; what comes behind the rollout does."""
        super().let_probes_pass("verify")

    def probes(self):
        """The Job, by the attempt and the Deployment whose template it tries out."""
        return {(int(self.attempt_of(job)), self.mode_of(job)): job for job in self.jobs_of("probe")}

    @staticmethod
    def attempt_of(job):
        return job["metadata"]["annotations"]["djangodb.io/attempt"]

    @staticmethod
    def mode_of(job):
        (container,) = job["spec"]["template"]["spec"]["containers"]
        return next((v["value"] for v in container["env"] if v["name"] == "MODE"), "")

    def probe(self, attempt=1, mode=""):
        return self.eventually("the probe is made", lambda: self.probes().get((attempt, mode)), HEAL_SECONDS)

    def end(self, exit_code=0, answer=PASSED, attempt=1, mode=""):
        label = "job-name=" + self.probe(attempt, mode)["metadata"]["name"]
        pods = self.eventually("its Pod is made", lambda: self.api.list("pod", self.space, labelSelector=label))
        end_pod(self.api, pods[0], exit_code, answer)

    def configure(self, **spec):
        self.change("djdb", "app", spec, self.space)

    def make_worker(self):
        """Of the same image, with an environment of its own."""
        made = deployment("worker", self.space, IMAGE)
        made["spec"]["template"]["spec"]["containers"][0]["env"] = [{"name": "MODE", "value": "worker"}]
        self.api.create("deployment", made)


class Passes(Preflight):
    def test_then_it_migrates(self):
        self.deploy()
        probe = self.probe()
        self.wait_for_condition("PreflightPassed", "False", "PreflightRunning")
        self.assertEqual(self.jobs(), {}, "nothing migrates before")
        self.assertTrue(self.api.read("deployment", "web", self.space)["spec"]["paused"])
        (container,) = probe["spec"]["template"]["spec"]["containers"]
        self.assertEqual(container["command"], ["python3", "/djangodb/probe.py"])
        environment = {v["name"]: v.get("value") for v in container["env"]}
        self.assertEqual(environment["DJANGODB_EXPECT_USER"], self.database + "_owner")
        self.assertNotIn("DJANGODB_FAIL_LEVEL", environment)
        self.end(answer={**PASSED, "warnings": ["DEBUG is on"]})
        self.finish()
        found = self.wait_for_condition("PreflightPassed", "True", "Succeeded")
        self.assertIn(PASSED["message"] + ". Warnings: DEBUG is on.", found["message"])
        self.eventually(
            "its Job goes by itself", lambda: "ttlSecondsAfterFinished" in self.probe()["spec"], HEAL_SECONDS
        )

    def test_as_who_only_reads_and_writes(self):
        self.configure(access={"runtime": "ReadWrite"}, preflight={"failLevel": "Error"})
        self.wait_for_condition("Ready", "True", seconds=HEAL_SECONDS)
        self.deploy()
        (container,) = self.probe()["spec"]["template"]["spec"]["containers"]
        environment = {v["name"]: v.get("value") for v in container["env"]}
        self.assertEqual(environment["DJANGODB_EXPECT_USER"], self.database + "_rw")
        self.assertEqual(environment["DJANGODB_FAIL_LEVEL"], "ERROR")

    def test_two_environments_side_by_side_and_one_migration(self):
        """Each had a migration of its own, one after the other, before there were probes."""
        self.deploy()
        self.make_worker()
        self.probe()
        self.probe(mode="worker")
        self.end()
        self.wait_for_condition("PreflightPassed", "False", "PreflightRunning")
        self.assertEqual(self.jobs(), {}, "neither migrates before both have passed")
        self.end(mode="worker")
        self.migrate()
        self.job_ends(answer={**release_case.WELL, "recorded_in": "public"})
        self.wait_for_condition("RolledOut", "True", "Succeeded", seconds=HEAL_SECONDS)
        self.assertEqual(len(self.jobs_of("migrate")), 1)

    def test_left_out(self):
        self.configure(preflight={"when": "Never"})
        self.deploy()
        self.job()
        self.wait_for_condition("PreflightPassed", "Unknown", "PreflightOff")
        self.assertEqual(self.probes(), {})


class ChangedAlone(Preflight):
    """A ConfigMap that changes under Pods that run can't be held; whether new Pods would work with it is found out."""

    def setUp(self):
        super().setUp()
        made = deployment("web", self.space, IMAGE)
        made["spec"]["template"]["spec"]["containers"][0]["envFrom"] = [{"configMapRef": {"name": "settings"}}]
        self.write({"DEBUG": "no"})
        self.let_pass_once(made)

    def write(self, values):
        body = {
            "apiVersion": "v1",
            "kind": "ConfigMap",
            "metadata": {"name": "settings", "namespace": self.space},
            "data": values,
        }
        if self.api.read("configmap", "settings", self.space):
            self.api.patch("configmap", "settings", {"data": values}, self.space)
        else:
            self.api.create("configmap", body)

    def let_pass_once(self, made):
        """With no probe left, of which one an hour is enough."""
        self.configure(preflight={"when": "Never"})
        self.api.create("deployment", made)
        self.finish()
        self.configure(preflight={"when": "Always"})

    def test_and_works(self):
        self.write({"DEBUG": "yes"})
        self.end()
        self.wait_for_condition("Gated", "False", "ConfigChanged", seconds=HEAL_SECONDS)
        self.wait_for_condition("PreflightPassed", "True", "Succeeded")
        self.wait_for_condition("Ready", "True", "Ready")
        self.assert_quiet()
        self.assertEqual(len(self.probes()), 1)

    def test_and_does_not_work(self):
        self.write({"DEBUG": "maybe"})
        self.end(70, failure("SettingsImportFailed"))
        found = self.wait_for_condition("PreflightPassed", "False", "SettingsImportFailed")
        self.assertIn('ConfigMap "settings" changed, and with it the Pod template', found["message"])
        self.wait_for_condition("Ready", "True", "Ready")
        self.assertEqual(self.templates(), 1)
        self.assert_quiet()


class Fails(Preflight):
    def test_with_its_own_reason_and_another_try(self):
        self.deploy()
        self.end(NOT_POSTGRES, failure("EngineNotPostgres"))
        found = self.wait_for_condition("PreflightPassed", "False", "EngineNotPostgres")
        name = self.probe()["metadata"]["name"]
        for words in ("as the test wants it", "nothing was migrated", "kubectl logs job/" + name):
            self.assertIn(words, found["message"])
        self.wait_for_condition("Stalled", "True", "EngineNotPostgres")
        self.assert_quiet()
        self.assertEqual(self.jobs(), {})
        before = self.probe()["metadata"]["uid"]
        path = self.api.path("job", self.space, name)
        self.api.call("DELETE", path, propagationPolicy="Background")
        self.eventually("as the message advises", lambda: self.probe()["metadata"]["uid"] != before, HEAL_SECONDS)
        self.end()
        self.job()

    def test_and_a_mended_template_is_tried_out(self):
        self.deploy()
        self.end(NOT_POSTGRES, failure("EngineNotPostgres"))
        self.wait_for_condition("PreflightPassed", "False", "EngineNotPostgres")
        mended = {"containers": [{"name": "app", "env": [{"name": "MODE", "value": "mended"}]}]}
        self.change_template("web", {"spec": mended})
        self.end(mode="mended")
        self.job()

    def test_while_it_runs_its_template_is_replaced(self):
        self.deploy()
        first = self.probe()["metadata"]["name"]
        changed = {"containers": [{"name": "app", "env": [{"name": "MODE", "value": "next"}]}]}
        self.change_template("web", {"spec": changed})
        self.probe(mode="next")
        self.eventually("the first one goes", lambda: self.api.read("job", first, self.space) is None)

    def test_for_a_while(self):
        self.deploy()
        self.end(UNREACHABLE, failure("Unreachable"))
        self.wait_for_condition("PreflightPassed", "False", "PreflightRetrying")
        self.end(attempt=2)
        self.job()

    def test_and_its_pod_is_refused(self):
        self.deny("", "pods", ["CREATE"], "who owns this Pod?", self.pods_are_denied)
        self.deploy()
        found = self.wait_for_condition("PreflightPassed", "False", "PreflightJobStuck", seconds=HEAL_SECONDS)
        self.eventually(
            "in the words of Kubernetes",
            lambda: "who owns this Pod?" in self.conditions()["PreflightPassed"]["message"],
            HEAL_SECONDS,
        )
        self.assertIn("web", found["message"])

    def pods_are_denied(self):
        container = {"name": "app", "image": IMAGE}
        pod = {
            "apiVersion": "v1",
            "kind": "Pod",
            "metadata": {"name": "one", "namespace": self.space},
            "spec": {"containers": [container]},
        }
        return self.is_refused(lambda: self.api.create("pod", pod, dryRun="All"), "who owns this Pod?")


def load_tests(_, tests, __):
    return side_by_side(tests)


if __name__ == "__main__":
    unittest.main()
