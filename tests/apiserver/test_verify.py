"""What rolled out is proven to work. No kubelet runs, so the test says how each Job and each Pod of the app fares."""

import json
import typing
import unittest

from case import HEAL_SECONDS, side_by_side
from probes import VERIFIED, end_pod, now, status_of
from release_case import IMAGE, WELL, ReleaseTest

FAILED = 93
BROKEN = {**VERIFIED, "ok": False, "reason": "VerifyFailed", "message": "model orders.Order can't be read"}


class Verify(ReleaseTest):
    SPEC: typing.ClassVar = {"verify": {"soak": "0s"}}

    def setUp(self):
        super().setUp()
        self.make_ready_database(**self.SPEC)

    def let_probes_pass(self):
        """What proves a release is the test's to say."""
        super().let_probes_pass("probe")

    def roll_out(self, **settings):
        self.deploy(**settings)
        self.migrate()
        self.job_ends()
        self.wait_for_condition("RolledOut", "True", "Succeeded", seconds=HEAL_SECONDS)

    def verify(self, attempt=1):
        def made():
            return {int(j["metadata"]["annotations"]["djangodb.io/attempt"]): j for j in self.jobs_of("verify")}

        return self.eventually("attempt %d is made" % attempt, lambda: made().get(attempt), HEAL_SECONDS)

    def end(self, exit_code=0, answer=VERIFIED, attempt=1):
        label = "job-name=" + self.verify(attempt)["metadata"]["name"]

        def pending():
            """One of a Job of the same name that was deleted may be there still."""
            pods = self.api.list("pod", self.space, labelSelector=label)
            return [pod for pod in pods if pod["status"].get("phase") == "Pending"]

        end_pod(self.api, self.eventually("its Pod is made", pending)[0], exit_code, answer)

    def record(self):
        (found,) = self.api.list("djrel", self.space)
        return found

    def proven(self):
        return self.sql(
            "SELECT said FROM djangodb.verification WHERE database = '%s'" % self.database, "djangodb_operator"
        ).strip()


class Succeeds(Verify):
    def test_behind_the_rollout_and_with_the_apps_own_login(self):
        self.roll_out()
        job = self.verify()
        found = self.wait_for_condition("Verified", "False", "VerifyRunning")
        self.assertIn("The release serves meanwhile", found["message"])
        self.assertEqual(self.conditions()["Ready"]["status"], "False")
        self.assertEqual(self.record()["status"]["outcome"], "InProgress")
        (container,) = job["spec"]["template"]["spec"]["containers"]
        self.assertEqual(container["command"], ["python3", "/djangodb/verify.py"])
        self.assertEqual(container["image"], IMAGE)
        environment = {v["name"]: v.get("value") for v in container["env"]}
        self.assertEqual(environment["DJANGODB_EXPECT_USER"], self.database + "_owner")
        self.assertNotIn("DJANGODB_HTTP_URL", environment)
        self.assertNotIn("DJANGODB_VERIFY_COMMAND", environment)
        self.end()
        self.wait_for_condition("Ready", "True", "Ready", seconds=HEAL_SECONDS)
        message = self.conditions()["Verified"]["message"]
        self.assertIn(VERIFIED["message"], message)
        self.assertIn("no container of its 0 new Pods restarted", message)
        self.assertIn("no session of its login was open", message)
        self.assertIn("Not proven: a path or command of the app", message)
        self.eventually("the record says so", lambda: self.record()["status"]["outcome"] == "Succeeded")
        (step,) = (s for s in self.record()["status"]["steps"] if s["kind"] == "Verification")
        self.assertEqual(step["state"], "Succeeded")
        self.assertEqual(json.loads(step["answer"]), VERIFIED)
        self.eventually(
            "its Job goes by itself", lambda: "ttlSecondsAfterFinished" in self.verify()["spec"], HEAL_SECONDS
        )
        self.assert_quiet()

    def test_once_for_a_release(self):
        """Neither a restart nor another operator proves it again: the ledger has it."""
        self.roll_out()
        self.end()
        self.wait_for_condition("Ready", "True", "Ready", seconds=HEAL_SECONDS)
        self.eventually("the record says so", lambda: self.record()["status"]["outcome"] == "Succeeded")
        said = self.proven()
        (job,) = self.jobs_of("verify")
        self.api.delete("job", job["metadata"]["name"], self.space)
        self.eventually("it is gone", lambda: not self.jobs_of("verify"))
        self.change_template("web", {"metadata": {"annotations": {"restarted": "now"}}})
        self.eventually("the restart rolls", lambda: self.templates() == 2, HEAL_SECONDS)
        self.wait_for_condition("Ready", "True", "Ready", seconds=HEAL_SECONDS)
        self.audit.wait_until_quiet((self.space,))
        self.assertEqual(self.jobs_of("verify"), [])
        self.assertEqual(self.proven(), said)

    def test_what_the_version_before_let_pass_is_not_proven(self):
        self.let_pass(IMAGE)
        self.deploy()
        self.wait_for_condition("RolledOut", "True", "Succeeded", seconds=HEAL_SECONDS)
        found = self.wait_for_condition("Verified", "True", "Succeeded")
        self.assertIn("passed before releases were proven", found["message"])
        self.assertEqual(self.jobs_of("verify"), [])


class ByPathAndCommand(Verify):
    SPEC: typing.ClassVar = {
        "verify": {
            "soak": "0s",
            "http": {"service": "web", "port": 8000, "path": "/health?deep=1", "headers": {"Host": "shop.example.org"}},
            "command": ["python", "manage.py", "smoke"],
            "deadline": "2m",
        }
    }

    def test_reach_the_job(self):
        self.roll_out()
        job = self.verify()
        (container,) = job["spec"]["template"]["spec"]["containers"]
        environment = {v["name"]: v.get("value") for v in container["env"]}
        self.assertEqual(environment["DJANGODB_HTTP_URL"], "http://web.%s.svc:8000/health?deep=1" % self.space)
        self.assertEqual(json.loads(environment["DJANGODB_HTTP_HEADERS"]), {"Host": "shop.example.org"})
        self.assertEqual(json.loads(environment["DJANGODB_VERIFY_COMMAND"]), ["python", "manage.py", "smoke"])
        self.assertEqual((environment["DJANGODB_HTTP_SECONDS"], environment["DJANGODB_COMMAND_SECONDS"]), ("30", "30"))
        self.assertEqual(job["spec"]["activeDeadlineSeconds"], 120)
        self.end()
        self.wait_for_condition("Ready", "True", "Ready", seconds=HEAL_SECONDS)
        self.assertNotIn("Not proven", self.conditions()["Verified"]["message"])


class Fails(Verify):
    def test_a_release_that_does_not_work_is_told_and_left_alone(self):
        self.roll_out()
        before = self.api.read("deployment", "web", self.space)
        self.end(FAILED, BROKEN)
        found = self.wait_for_condition("Verified", "False", "VerifyFailed", seconds=HEAL_SECONDS)
        self.assertIn(BROKEN["message"], found["message"])
        self.assertIn("has rolled out and serves", found["message"])
        self.assertIn("kubectl delete job " + self.verify()["metadata"]["name"], found["message"])
        self.wait_for_condition("Stalled", "True", "VerifyFailed")
        self.eventually("the record says so", lambda: self.record()["status"]["outcome"] == "Stalled")
        after = self.api.read("deployment", "web", self.space)
        self.assertEqual(after["metadata"]["resourceVersion"], before["metadata"]["resourceVersion"])
        self.assert_quiet()
        failed = self.verify()["metadata"]
        self.api.delete("job", failed["name"], self.space)
        self.eventually("another is made", lambda: self.verify()["metadata"]["uid"] != failed["uid"], HEAL_SECONDS)
        self.end()
        self.wait_for_condition("Ready", "True", "Ready", seconds=HEAL_SECONDS)

    def test_without_a_server_it_is_tried_again(self):
        self.roll_out()
        self.end(75, {**BROKEN, "reason": "Unreachable", "message": "no route"})
        self.wait_for_condition("Verified", "False", "VerifyRetrying", seconds=HEAL_SECONDS)
        self.end(attempt=2)
        self.wait_for_condition("Ready", "True", "Ready", seconds=HEAL_SECONDS)

    def test_another_release_takes_its_place(self):
        self.roll_out()
        self.end(FAILED, BROKEN)
        self.wait_for_condition("Verified", "False", "VerifyFailed", seconds=HEAL_SECONDS)
        first = self.verify()["metadata"]["name"]
        mended = "registry.test/shop:mended"
        self.change_template("web", {"spec": {"containers": [{"name": "app", "image": mended}]}})
        (job,) = self.eventually(
            "it migrates", lambda: [j for j in self.jobs_of("migrate") if mended in json.dumps(j)], HEAL_SECONDS
        )
        label = "job-name=" + job["metadata"]["name"]
        pods = self.eventually("its Pod is made", lambda: self.api.list("pod", self.space, labelSelector=label))
        end_pod(self.api, pods[0], 0, WELL)
        self.eventually(
            "another Job proves it",
            lambda: [j for j in self.jobs_of("verify") if j["metadata"]["name"] != first],
            HEAL_SECONDS,
        )


class OfPodsThatRestart(Verify):
    SPEC: typing.ClassVar = {"verify": {"soak": "1s"}}

    def set_restarts(self, pod, count, reason="OOMKilled"):
        ended = {"exitCode": 137, "reason": reason, "startedAt": now(), "finishedAt": now()}
        container = {**status_of("app"), "restartCount": count, "lastState": {"terminated": ended}}
        status = {"phase": "Running", "containerStatuses": [{**container, "state": {"running": {"startedAt": now()}}}]}
        path = self.api.path("pod", self.space, pod["metadata"]["name"]) + "/status"
        self.api.call("PATCH", path, {"status": status}, "application/merge-patch+json")

    def test_is_told(self):
        self.roll_out()
        self.scale("web", 1)
        (pod,) = self.eventually("the Pod is there", lambda: self.api.list("pod", self.space, labelSelector="app=web"))
        self.set_restarts(pod, 3)
        self.end()
        found = self.wait_for_condition("Verified", "False", "PodsRestarted", seconds=HEAL_SECONDS)
        self.assertIn('Pod "%s" of the new release has restarted 3 times' % pod["metadata"]["name"], found["message"])
        self.assertIn("OOMKilled (exit code 137)", found["message"])
        self.scale("web", 0)
        self.wait_for_condition("Ready", "True", "Ready", seconds=HEAL_SECONDS)


class Never(Verify):
    SPEC: typing.ClassVar = {"verify": {"when": "Never"}}

    def test_is_visible(self):
        self.roll_out()
        self.wait_for_condition("Ready", "True", "Ready", seconds=HEAL_SECONDS)
        self.wait_for_condition("Verified", "Unknown", "VerifyOff")
        self.assertEqual(self.jobs_of("verify"), [])
        self.change("djdb", "app", {"verify": {"when": "AfterRollout"}}, self.space)
        self.wait_for_condition("Verified", "True", "Succeeded")
        self.assertEqual(self.jobs_of("verify"), [], "what passed meanwhile is not proven behind its back")


def load_tests(_loader, tests, _pattern):
    return side_by_side(tests)


if __name__ == "__main__":
    unittest.main()
