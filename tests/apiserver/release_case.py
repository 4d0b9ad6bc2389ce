"""A release from its Deployment to its end, with the test in the place of the kubelet and of the migration."""

import functools
import pathlib
import re
import sys
import types

import stage
from audit_log import answered
from case import HEAL_SECONDS, ClusterTest
from probes import end_pod, now

sys.path.append(str(pathlib.Path(__file__).resolve().parents[1] / "e2e"))
import end_state

IMAGE = "registry.test/shop:v1"
WELL = {"v": 1, "kind": "migrate", "ok": True, "reason": None, "message": "done", "leaves": ["orders.0001_initial"]}
# What the migration would do; its tables are those that end_state looks at.
MIGRATION = (
    "CREATE TABLE public.django_migrations (id serial, app text, name text, applied timestamptz);"
    "CREATE TABLE public.orders_order (id serial PRIMARY KEY);"
    "ALTER TABLE public.django_migrations OWNER TO {owner}; ALTER TABLE public.orders_order OWNER TO {owner};"
    "INSERT INTO public.django_migrations (app, name) VALUES ('orders', '0001_initial')"
)


def failure(reason):
    return {"v": 1, "kind": "migrate", "ok": False, "reason": reason, "message": "as the test wants it"}


class ReleaseTest(ClusterTest):
    def setUp(self):
        super().setUp()
        self.let_probes_pass()

    def resource(self):
        return self.api.read("djdb", "app", self.space)

    # -- the steps of a release

    def deploy(self, **settings):
        self.make_deployment("web", IMAGE, **settings)

    def jobs(self):
        return {int(job["metadata"]["annotations"]["djangodb.io/attempt"]): job for job in self.jobs_of("migrate")}

    def job(self, attempt=1):
        return self.eventually("attempt %d is made" % attempt, lambda: self.jobs().get(attempt), HEAL_SECONDS)

    def pod(self, attempt=1):
        label = "job-name=" + self.job(attempt)["metadata"]["name"]
        return self.eventually("its Pod is made", lambda: self.api.list("pod", self.space, labelSelector=label))[0]

    def set_pod(self, attempt, phase, state):
        container = {"name": "app", "image": IMAGE, "imageID": "", "restartCount": 0, "ready": False, "state": state}
        path = self.api.path("pod", self.space, self.pod(attempt)["metadata"]["name"]) + "/status"
        self.api.call(
            "PATCH",
            path,
            {"status": {"phase": phase, "containerStatuses": [container]}},
            "application/merge-patch+json",
        )

    def job_runs(self, attempt=1):
        self.set_pod(attempt, "Running", {"running": {"startedAt": now()}})
        self.wait_for_condition("MigrationsApplied", "False", "MigrationRunning")
        name = self.job(attempt)["metadata"]["name"]
        self.eventually("the status names the Job", lambda: self.resource()["status"]["release"]["job"] == name)

    def job_ends(self, attempt=1, exit_code=0, answer=WELL):
        """Returns when the Job controller says so."""
        end_pod(self.api, self.pod(attempt), exit_code, answer)
        wanted = "Failed" if exit_code else "Complete"
        self.eventually(
            "the Job is " + wanted,
            lambda: (
                wanted
                in [c["type"] for c in self.job(attempt)["status"].get("conditions", []) if c["status"] == "True"]
            ),
        )

    def migrate(self):
        self.sql(MIGRATION.format(owner=self.database + "_owner"), self.database)

    def finish(self, attempt=1):
        """The rest of a release whose Job runs."""
        self.migrate()
        self.job_ends(attempt)
        self.wait_for_condition("RolledOut", "True", "Succeeded", seconds=HEAL_SECONDS)
        self.wait_for_condition("Ready", "True", "Ready")
        self.audit.wait_until_quiet((self.space,))

    def release(self):
        self.deploy()
        self.finish()

    # -- what it leaves

    def secrets(self):
        """The app's, the migration's and the stored passwords, whole."""
        stored = self.api.read("secret", "djangodb-" + self.resource()["metadata"]["uid"], stage.OPERATOR_SPACE)
        return {found["metadata"]["name"]: found for found in [*self.api.list("secret", self.space), stored] if found}

    def secret_data(self):
        return {name: found["data"] for name, found in self.secrets().items()}

    def jobs_made(self, since):
        """Migrations, as often as the API server granted one."""
        made = answered("create", "jobs", self.space)
        return [request for request in self.audit.requests(since) if made(request) and "-migrate-" in request.name]

    def passed_images(self):
        return self.sql(
            "SELECT image FROM djangodb.passed_image WHERE database = '%s'" % self.database, "djangodb_operator"
        ).split()

    def end(self):
        """As of two apps it can be compared, with the messages of all conditions."""
        state = end_state.read(
            types.SimpleNamespace(
                space=self.space,
                database=self.database,
                resource=self.resource,
                items=lambda kind: self.api.list(kind, self.space),
                server=types.SimpleNamespace(postgres=stage.POSTGRES),
            )
        )
        messages = "\n".join("%s: %s" % (c["type"], c["message"]) for c in self.conditions().values())
        messages = messages.replace(self.database, "DATABASE").replace(self.space, "SPACE")
        return {**state, "messages": re.sub(r"-migrate-[0-9a-f]+-\d", "-migrate-JOB", messages)}

    def assert_end(self, wanted, *but):
        found, wanted = ({k: v for k, v in end.items() if k not in but} for end in (self.end(), wanted))
        self.assertEqual(found, wanted, end_state.differences(found, wanted))


@functools.cache
def undisturbed():
    """The end of a release that nothing disturbs, by the operator that runs now."""
    ReleaseTest.setUpClass()
    calm = ReleaseTest()
    calm.setUp()
    try:
        calm.make_ready_database()
        calm.release()
        return calm.end()
    finally:
        calm.doCleanups()
        ReleaseTest.doClassCleanups()
