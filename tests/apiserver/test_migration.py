"""What becomes of a migration Job's Pod. No kubelet runs it, so the test says how its containers fare."""

import json
import subprocess
import time
import unittest

from case import HEAL_SECONDS, ClusterTest, decoded, side_by_side
from postgres import Session
from release_case import ReleaseTest, failure

IMAGE = "registry.test/shop:v1"
WELL = {"v": 1, "kind": "migrate", "ok": True, "reason": None, "message": "done", "leaves": ["orders.0001_initial"]}
BADLY = {
    "v": 1,
    "kind": "migrate",
    "ok": False,
    "reason": "StatementTimeout",
    "message": "orders.0001_initial took long",
}


class BesideAnInjectedContainer(ClusterTest):
    """Ours ended; one that admission put beside it runs for ever, so the Job controller says that the Job runs."""

    def setUp(self):
        super().setUp()
        self.make_ready_database(preflight={"when": "Never"}, verify={"when": "Never"})
        self.make_node()
        self.make_deployment("web", IMAGE)
        self.job = self.eventually("the Job is made", lambda: self.api.list("job", self.space))[0]["metadata"]["name"]
        self.pod = self.eventually("its Pod is made", lambda: self.api.list("pod", self.space))[0]["metadata"]["name"]
        self.bind(self.pod)

    def end_own_container(self, exit_code, answer):
        ended = {
            "exitCode": exit_code,
            "reason": "Error" if exit_code else "Completed",
            "message": json.dumps(answer),
            "startedAt": "2026-01-01T00:00:00Z",
            "finishedAt": "2026-01-01T00:00:02Z",
        }
        common = {"image": IMAGE, "imageID": "", "restartCount": 0}
        self.api.call(
            "PATCH",
            self.api.path("pod", self.space, self.pod) + "/status",
            {
                "status": {
                    "phase": "Running",
                    "containerStatuses": [
                        {"name": "app", "ready": False, "state": {"terminated": ended}, **common},
                        {
                            "name": "proxy",
                            "ready": True,
                            "state": {"running": {"startedAt": "2026-01-01T00:00:00Z"}},
                            **common,
                        },
                    ],
                }
            },
            "application/merge-patch+json",
        )

    def found_job(self):
        return self.api.read("job", self.job, self.space)

    def test_what_is_applied_is_recorded_and_the_job_removed(self):
        self.sql(
            "CREATE TABLE public.django_migrations (id serial, app text, name text, applied timestamptz);"
            " INSERT INTO public.django_migrations (app, name) VALUES ('orders', '0001_initial');"
            " ALTER TABLE public.django_migrations OWNER TO %s_owner" % self.database,
            self.database,
        )
        self.end_own_container(0, WELL)
        self.wait_for_condition("MigrationsApplied", "True", seconds=HEAL_SECONDS)
        self.assertEqual(
            self.sql(
                "SELECT image FROM djangodb.passed_image WHERE database = '%s'" % self.database, "djangodb_operator"
            ).strip(),
            IMAGE,
        )
        self.eventually(
            "the Job is removed",
            lambda: "deletionTimestamp" in (self.found_job() or {"metadata": {"deletionTimestamp": ""}})["metadata"],
        )
        self.let_pod_go(self.pod)
        self.eventually("the Job is gone", lambda: self.found_job() is None)
        self.wait_for_condition("Ready", "True", seconds=HEAL_SECONDS)
        self.assertEqual(self.api.list("job", self.space), [], "it is not migrated again")
        self.assert_quiet()

    def test_a_failure_stays_what_it_is(self):
        self.assertEqual(self.found_job()["spec"]["activeDeadlineSeconds"], 3600)
        self.end_own_container(88, BADLY)
        found = self.wait_for_condition("MigrationsApplied", "False", "StatementTimeout")
        self.assertIn(BADLY["message"], found["message"])
        self.eventually(
            "it is not stopped with its Pod", lambda: "activeDeadlineSeconds" not in self.found_job()["spec"]
        )
        self.assertEqual(self.conditions()["MigrationsApplied"]["reason"], "StatementTimeout")
        self.assert_quiet()
        self.assertNotIn("deletionTimestamp", self.found_job()["metadata"], "it says why, and its log is there")


class BeforeItStarts(ClusterTest):
    """What keeps the Pod from being made, or its container from starting, is told in the words of Kubernetes."""

    def setUp(self):
        super().setUp()
        self.make_ready_database(preflight={"when": "Never"}, verify={"when": "Never"})

    def stuck(self, *words):
        found = self.wait_for_condition("MigrationsApplied", "False", "MigrationJobStuck", seconds=HEAL_SECONDS)
        self.eventually(
            "it says %s" % ", ".join(words),
            lambda: all(word in self.conditions()["MigrationsApplied"]["message"] for word in words),
            HEAL_SECONDS,
        )
        return found

    def test_a_policy_that_refuses_the_pod(self):
        self.deny(
            "",
            "pods",
            ["CREATE"],
            "who owns this Pod?",
            self.pods_are_denied,
            expression="'team' in object.metadata.?labels.orValue({})",
        )
        self.make_deployment("web", IMAGE)
        self.stuck("FailedCreate", "who owns this Pod?")

    def pods_are_denied(self):
        pod = {
            "apiVersion": "v1",
            "kind": "Pod",
            "metadata": {"name": "probe", "namespace": self.space},
            "spec": {"containers": [{"name": "app", "image": IMAGE}]},
        }
        return self.is_refused(lambda: self.api.create("pod", pod, dryRun="All"), "who owns this Pod?")

    def test_a_volume_that_cannot_be_mounted(self):
        """No kubelet runs here, so the test notes what one does."""
        self.make_deployment("web", IMAGE)
        pod = self.eventually("its Pod is made", lambda: self.api.list("pod", self.space))[0]["metadata"]
        said = 'MountVolume.SetUp failed for volume "tls" : secret "web-tls-7h2k9" not found'
        now = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime())
        self.api.call(
            "POST",
            "/api/v1/namespaces/%s/events" % self.space,
            {
                "metadata": {"name": "mount", "namespace": self.space},
                "involvedObject": {
                    "kind": "Pod",
                    "apiVersion": "v1",
                    "name": pod["name"],
                    "namespace": self.space,
                    "uid": pod["uid"],
                },
                "type": "Warning",
                "reason": "FailedMount",
                "message": said,
                "firstTimestamp": now,
                "lastTimestamp": now,
                "count": 1,
                "source": {"component": "kubelet"},
            },
        )
        self.stuck("FailedMount", said)
        # The user mends the template. What can't start does not keep the next one waiting until its deadline.
        mended = IMAGE + "-mended"
        container = {"name": "app", "image": mended}
        self.api.patch("deployment", "web", {"spec": {"template": {"spec": {"containers": [container]}}}}, self.space)

        def images():
            jobs = self.api.list("job", self.space)
            return [job["metadata"]["annotations"]["djangodb.io/image"] for job in jobs]

        self.eventually("the mended template's Job alone is there", lambda: images() == [mended], HEAL_SECONDS)


class LostNode(ReleaseTest):
    """The Pod of a migration that has its session, and locks, is to end, and its node does not answer."""

    def published(self):
        return decoded(self.api.read("secret", "app-migrate", self.space))

    @staticmethod
    def psql(values):
        login = "host=%(DB_HOST)s port=%(DB_PORT)s dbname=%(DB_NAME)s user=%(DB_USER)s password=%(DB_PASSWORD)s"
        return ["psql", "-XAtq", login % values + " sslmode=require"]

    def log_in(self, values):
        """@return what the server says of it."""
        done = subprocess.run(
            [*self.psql(values), "-c", "SELECT session_user"], capture_output=True, text=True, timeout=60
        )
        return (done.stdout + done.stderr).strip()

    def sessions(self):
        """@return how many the Pod's login has; the operator reads django_migrations by the same login."""
        theirs = "usename = '%s_migrate' AND application_name NOT LIKE 'djangodb-operator/%%'" % self.database
        return self.sql("SELECT count(*) FROM pg_stat_activity WHERE " + theirs)

    def lose(self):
        """@return its Pod's name, and what its Secret held. Its session has a lock."""
        self.make_ready_database()
        self.make_node()
        self.deploy()
        pod = self.pod()["metadata"]["name"]
        self.bind(pod)
        self.job_runs()
        secret = self.published()
        session = Session(self.psql(secret))
        self.addCleanup(session.__exit__)
        session.ask("CREATE TABLE orders (id int)")
        session.ask("BEGIN")
        session.ask("LOCK TABLE orders")
        self.api.call("DELETE", self.api.path("pod", self.space, pod), gracePeriodSeconds=1)
        return pod, secret

    def assert_it_is_locked_out(self, secret):
        self.assertEqual(self.sessions(), "0")
        self.sql("SET lock_timeout = '1s'; DROP TABLE orders", self.database)
        self.assertIn("password authentication failed", self.log_in(secret))
        self.assertEqual(self.log_in(self.published()), self.database + "_migrate")

    def test_it_is_told_and_the_next_attempt_locks_it_out(self):
        pod, secret = self.lose()
        found = self.wait_for_condition("MigrationsApplied", "False", "MigrationPodLost", seconds=2 * HEAL_SECONDS)
        job = self.job()["metadata"]
        for words in (pod, self.space, "kubectl delete node " + self.space, "kubectl delete job " + job["name"]):
            self.assertIn(words, found["message"])
        self.assertEqual(self.conditions()["Stalled"]["status"], "True")
        self.assertEqual(self.sessions(), "1", "what may be underway is not cut off")
        self.assert_quiet()

        self.api.delete("job", job["name"], self.space)
        self.eventually("the next one is made", lambda: self.job()["metadata"]["uid"] != job["uid"], HEAL_SECONDS)
        self.assert_it_is_locked_out(secret)
        self.let_pod_go(pod)
        self.job_runs()
        self.finish()

    def test_its_node_is_deleted(self):
        _, secret = self.lose()
        self.api.delete("node", self.space)
        self.eventually("the next attempt is made", lambda: 2 in self.jobs(), 3 * HEAL_SECONDS)
        self.assert_it_is_locked_out(secret)
        self.job_runs(2)
        self.finish(2)


class TriedAgain(ReleaseTest):
    def test_the_attempts_before_the_last_go(self):
        self.make_ready_database()
        self.deploy()
        for attempt in range(1, 5):
            self.job_ends(attempt, 75, failure("Unreachable"))
        self.job(5)
        self.eventually("the last that ended is left beside the one that runs", lambda: sorted(self.jobs()) == [4, 5])


def load_tests(_loader, tests, _pattern):
    return side_by_side(tests)


if __name__ == "__main__":
    unittest.main()
