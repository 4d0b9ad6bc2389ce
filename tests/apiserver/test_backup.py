"""Nothing migrates before its database was dumped, and the dump read back. No kubelet runs, so the test runs what the
Job's containers are to run: with pg_dump and pg_restore of this machine, and the login that the operator published.
"""

import json
import os
import pathlib
import shutil
import subprocess
import tempfile
import unittest

import test_preflight
from case import HEAL_SECONDS, decoded, side_by_side
from probes import PENDING, end_pod, now, status_of
from release_case import WELL, failure

NOTHING = {**PENDING, "plan_digest": "", "planned": ""}
JOBS = pathlib.Path(__file__).resolve().parents[2] / "jobs"


class Backup(test_preflight.Preflight):
    def setUp(self):
        super().setUp()
        self.folder = pathlib.Path(tempfile.mkdtemp(prefix="djdb-backups-"))
        self.addCleanup(shutil.rmtree, self.folder)

    def back_up(self, when="BeforeMigrate", **spec):
        self.configure(backup={"when": when, "claimName": "shop-backups", **spec})
        self.wait_for_condition("Ready", "True", "Ready", seconds=HEAL_SECONDS)

    def found(self, answer=PENDING):
        self.deploy()
        self.end(answer=answer)

    def backup(self, attempt=1):
        def made():
            jobs = {int(self.attempt_of(job)): job for job in self.jobs_of("backup")}
            return jobs.get(attempt)

        return self.eventually("backup %d is made" % attempt, made, HEAL_SECONDS)

    def backup_pod(self, attempt=1):
        label = "job-name=" + self.backup(attempt)["metadata"]["name"]
        return self.eventually("its Pod is made", lambda: self.api.list("pod", self.space, labelSelector=label))[0]

    # -- in the place of the kubelet

    def secret_value(self, reference):
        return self.secret_data_of(reference["name"])[reference["key"]]

    def secret_data_of(self, name):
        return decoded(self.api.read("secret", name, self.space))

    def here(self, text):
        """Where the claim and the programs are on this machine."""
        return (
            text.replace("/backups", str(self.folder))
            .replace("/djangodb-ca", str(self.folder / "ca"))
            .replace("/djangodb/", "%s/" % JOBS)
            .replace("/dev/termination-log", str(self.folder / "answer"))
        )

    def run_container(self, container):
        environment = {"PATH": os.environ["PATH"]}
        for variable in container.get("env", []):
            source = variable.get("valueFrom", {}).get("secretKeyRef")
            value = self.secret_value(source) if source else self.here(variable["value"])
            environment[variable["name"]] = value
        command = [self.here(word) for word in container["command"]]
        return subprocess.run(command, env=environment, capture_output=True, text=True, check=False, timeout=120)

    def dump(self, attempt=1):
        """Runs the Pod's containers one after the other, and tells the API server how they ended, as a kubelet does."""
        pod = self.backup_pod(attempt)
        (self.folder / "ca").mkdir(exist_ok=True)
        (ca,) = [v["secret"] for v in pod["spec"]["volumes"] if v["name"] == "djangodb-ca"]
        reference = {"name": ca["secretName"], "key": ca["items"][0]["key"]}
        (self.folder / "ca/ca.crt").write_text(self.secret_value(reference))
        for container in pod["spec"]["initContainers"]:
            done = self.run_container(container)
            if done.returncode != 0:
                self.fail_init(pod, container["name"], done)
                return None
        (keep,) = pod["spec"]["containers"]
        done = self.run_container(keep)
        answer = json.loads((self.folder / "answer").read_text())
        end_pod(self.api, pod, done.returncode, answer, keep["name"])
        return answer

    def fail_init(self, pod, name, done):
        """The words are those that FallbackToLogsOnError takes."""
        ended = {"exitCode": done.returncode, "reason": "Error", "message": done.stderr[-2048:], "finishedAt": now()}
        waiting = {**status_of("djangodb-keep"), "state": {"waiting": {"reason": "PodInitializing"}}}
        status = {
            "phase": "Failed",
            "initContainerStatuses": [{**status_of(name), "state": {"terminated": ended}}],
            "containerStatuses": [waiting],
        }
        path = self.api.path("pod", self.space, pod["metadata"]["name"]) + "/status"
        self.api.call("PATCH", path, {"status": status}, "application/merge-patch+json")

    def record(self):
        return self.api.list("djrel", self.space)[-1]["status"]


class Made(Backup):
    def test_before_the_migration_and_named_in_the_record(self):
        self.back_up()
        self.sql(
            "SET ROLE %s_owner; CREATE TABLE public.orders (id serial PRIMARY KEY, note text);"
            "INSERT INTO public.orders (note) VALUES ('kept')" % self.database,
            self.database,
        )
        self.found()
        self.wait_for_condition("BackupFresh", "False", "BackupRunning")
        self.assertEqual(self.jobs(), {}, "nothing migrates before")
        self.assertTrue(self.api.read("deployment", "web", self.space)["spec"]["paused"])
        answer = self.dump()
        self.job()
        kept = self.eventually("the record names it", lambda: self.record().get("backup"))
        self.assertEqual(
            (kept["file"], kept["claimName"], kept["bytes"], kept["sha256"]),
            (answer["file"], "shop-backups", answer["bytes"], answer["sha256"]),
        )
        self.finish()
        listed = subprocess.run(
            ["pg_restore", "--file=-", self.folder / kept["file"]], capture_output=True, text=True, check=True
        ).stdout
        self.assertIn("1\tkept\n", listed)
        self.assertIn("SELECT pg_catalog.setval('public.orders_id_seq', 1, true)", listed)
        subprocess.run(["sha256sum", "-c", kept["file"] + ".sha256"], cwd=self.folder, check=True, capture_output=True)
        self.eventually(
            "its Job goes by itself", lambda: "ttlSecondsAfterFinished" in self.backup()["spec"], HEAL_SECONDS
        )
        self.assertEqual(
            [step["kind"] for step in self.record()["steps"]],
            ["Preflight", "Backup", "Migration", "Rollout", "Verification"],
        )

    def test_once_for_all_attempts_of_a_migration(self):
        self.back_up()
        self.found()
        self.dump()
        self.job_ends(exit_code=85, answer=failure("LockTimeout"))
        self.migrate()
        self.job_ends(2)
        self.wait_for_condition("Ready", "True", "Ready", seconds=HEAL_SECONDS)
        self.assertEqual(len(self.jobs_of("backup")), 1)

    def test_before_each_release_that_changes_something(self):
        self.back_up()
        self.found()
        self.dump()
        self.finish()
        self.change_template(
            "web", {"spec": {"containers": [{"name": "app", "env": [{"name": "MODE", "value": "2"}]}]}}
        )
        self.end(answer=PENDING, mode="2")
        self.wait_for_condition("BackupFresh", "False", "BackupRunning", seconds=20)
        self.eventually("another one is made", lambda: len(self.jobs_of("backup")) == 2, HEAL_SECONDS)
        self.assertEqual(len(self.jobs_of("migrate")), 1)

    def test_not_where_nothing_is_pending_and_then_nothing_is_migrated(self):
        self.back_up()
        self.found(NOTHING)
        (container,) = self.job()["spec"]["template"]["spec"]["containers"]
        approved = {v["name"]: v.get("value", "") for v in container["env"]}
        self.assertEqual(approved.get("DJANGODB_APPROVED"), "", "what is pending all the same waits for a backup")
        self.assertEqual(self.jobs_of("backup"), [])
        self.migrate()
        self.job_ends(answer=WELL)
        self.wait_for_condition("Ready", "True", "Ready", seconds=HEAL_SECONDS)

    def test_of_a_release_that_changes_nothing_where_that_is_asked_for(self):
        self.back_up("Always")
        self.found(NOTHING)
        self.dump()
        self.job()

    def test_not_unless_it_is_asked_for(self):
        self.found()
        self.job()
        self.wait_for_condition("BackupFresh", "Unknown", "BackupsOff")
        self.assertNotIn("backup", self.record())


class Failed(Backup):
    def assert_told(self, *words):
        said = self.wait_for_condition("BackupFresh", "False", "BackupRetrying", seconds=HEAL_SECONDS)["message"]
        for word in (*words, "Nothing is migrated without a backup"):
            self.assertIn(word, said)
        self.assertEqual(self.jobs(), {})

    def test_by_a_table_of_somebody_else(self):
        self.back_up()
        self.sql("CREATE TABLE public.foreign_notes (id int)", self.database)
        self.found()
        self.assertIsNone(self.dump())
        self.assert_told("permission denied for table foreign_notes")
        self.sql("GRANT SELECT ON public.foreign_notes TO %s_ro" % self.database, self.database)
        self.wait_for_condition("BackupFresh", "False", "BackupRunning", seconds=60)
        self.assertIsNotNone(self.dump(2))
        self.job()

    def test_by_rows_that_nobody_else_may_read(self):
        self.back_up()
        self.sql(
            "SET ROLE %s_owner; CREATE TABLE public.hidden (id int);"
            "ALTER TABLE public.hidden ENABLE ROW LEVEL SECURITY" % self.database,
            self.database,
        )
        self.found()
        self.assertIsNone(self.dump())
        self.assert_told('query would be affected by row-level security policy for table "hidden"')


class Login(Backup):
    def test_reads_everything_and_writes_nothing_and_goes_with_the_spec(self):
        self.back_up()
        role = self.database + "_ro_backup"
        login = self.secret_data_of("app-backup")
        self.assertEqual(login["DB_USER"], role)
        self.sql(
            "SET ROLE %s_owner; CREATE TABLE public.orders (id int)" % self.database,
            self.database,
        )
        ca = self.folder / "ca.crt"
        ca.write_text(login["ca.crt"])
        said = subprocess.run(
            ["psql", "-X", "-c", "SET default_transaction_read_only = off", "-c", "INSERT INTO orders VALUES (1)"],
            env={
                "PATH": os.environ["PATH"],
                "PGHOST": login["DB_HOST"],
                "PGPORT": login["DB_PORT"],
                "PGDATABASE": login["DB_NAME"],
                "PGUSER": role,
                "PGPASSWORD": login["DB_PASSWORD"],
                "PGSSLMODE": login["DB_SSLMODE"],
                "PGSSLROOTCERT": str(ca),
            },
            capture_output=True,
            text=True,
            check=False,
        )
        self.assertIn("permission denied for table orders", said.stderr)
        self.configure(backup={"when": "Never"})
        self.eventually(
            "its login is gone",
            lambda: not self.sql("SELECT 1 FROM pg_roles WHERE rolname = '%s'" % role),
            HEAL_SECONDS,
        )
        self.eventually("so is its Secret", lambda: self.api.read("secret", "app-backup", self.space) is None)

    def test_has_a_name_that_no_reader_may_have(self):
        self.configure(access={"readers": [{"name": "backup"}]}, backup={"when": "Always", "claimName": "c"})
        said = self.wait_for_condition("Accepted", "False", "InvalidName", seconds=HEAL_SECONDS)["message"]
        self.assertIn("the login of spec.backup", said)


def load_tests(_, tests, __):
    return side_by_side(tests)


if __name__ == "__main__":
    unittest.main()
