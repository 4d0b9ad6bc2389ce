"""What can't be undone is not decided by what the operator believes: its watches lag behind here, or its clock is
ahead, and the API server knows better."""

import base64
import json
import os
import time
import unittest

import stage
from case import HEAL_SECONDS, ClusterTest
from lagging_api import LaggingApi

DELETE_SECONDS = 60
# A decision of the past would be carried out within a second or two.
WATCHED_SECONDS = 12
OLD, NEW = "registry.test/shop:old", "registry.test/shop:new"


class Stale(ClusterTest):
    """The operator comes in through a door of ours; the suite's own one rests meanwhile."""

    seconds_ahead = 0

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        usual = stage.operator()
        behind = stage.operator_behind()
        behind.prepare(usual.command[0])
        config = json.loads(behind.kubeconfig.read_text())
        cluster = config["clusters"][0]["cluster"]
        authority = behind.folder / "api.crt"
        authority.write_bytes(base64.b64decode(cluster["certificate-authority-data"]))
        cls.api_behind = LaggingApi(behind.folder, cluster["server"], authority)
        cls.addClassCleanup(cls.api_behind.close)
        cluster["server"] = cls.api_behind.url
        cluster["certificate-authority-data"] = base64.b64encode(cls.api_behind.authority.read_bytes()).decode()
        behind.kubeconfig.write_text(json.dumps(config))
        if cls.seconds_ahead:
            environment = {
                "LD_PRELOAD": os.environ["DJDB_CLOCK_AHEAD_LIBRARY"],
                "DJDB_CLOCK_AHEAD": str(cls.seconds_ahead),
            }
            command = ["env", *("%s=%s" % entry for entry in environment.items()), *behind.command]
            (behind.folder / "command.json").write_text(json.dumps(command))
        cls.addClassCleanup(usual.start)
        usual.stop()
        cls.addClassCleanup(behind.stop)
        behind.start()

    def assert_stays(self, what, holds):
        """Seen for a while: nothing tells when the operator would have done it."""
        until = time.monotonic() + WATCHED_SECONDS
        while time.monotonic() < until:
            self.assertTrue(holds(), what)
            time.sleep(0.2)


class Drop(Stale):
    def setUp(self):
        super().setUp()
        self.make_server(deletion={"allowDrop": True})
        self.make_database(deletion={"policy": "Delete"})
        self.wait_for_condition("Ready", "True", seconds=HEAL_SECONDS)

    def exists(self):
        return self.sql("SELECT oid FROM pg_database WHERE datname = '%s'" % self.database) != ""

    def wait_until_gone(self):
        self.eventually("it is gone", lambda: self.api.read("djdb", "app", self.space) is None, DELETE_SECONDS)

    def logins(self):
        return self.sql(
            "SELECT count(*) FROM pg_roles WHERE rolcanlogin AND rolname IN ('%s_a', '%s_migrate')"
            % (self.database, self.database)
        ).strip()

    def test_leave_that_the_servers_owner_took_back(self):
        with self.api_behind.held("postgresservers"):
            self.api.patch("pgserver", self.space, {"spec": {"deletion": {"allowDrop": False}}})
            self.api.delete("djdb", "app", self.space)
            self.assert_stays("the database is kept", self.exists)
            self.assertEqual(self.logins(), "2", "nobody is locked out by a decision of the past")
        self.wait_until_gone()
        self.assertTrue(self.exists())

    def test_a_change_of_mind_while_something_is_in_the_way(self):
        for spec in ({"policy": "Retain"}, {"protected": True}):
            with self.subTest(spec=spec):
                other = self.database + "_other"
                self.sql("CREATE DATABASE %s OWNER %s_owner" % (other, self.database))
                self.api.delete("djdb", "app", self.space)
                self.wait_for_condition("Ready", "False", "DropObstructed", seconds=HEAL_SECONDS)
                with self.api_behind.held("djangodatabases"):
                    self.api.patch("djdb", "app", {"spec": {"deletion": spec}}, self.space)
                    self.sql("DROP DATABASE %s" % other)
                    self.assert_stays("the database is kept", self.exists)
                self.wait_until_gone()
                self.assertTrue(self.exists())
                self.make_database(deletion={"policy": "Delete"})
                self.wait_for_condition("Ready", "True", seconds=HEAL_SECONDS)

    def test_what_is_still_meant_is_done(self):
        with self.api_behind.held("postgresservers"):
            self.api.delete("djdb", "app", self.space)
            self.wait_until_gone()
        self.assertFalse(self.exists())


class Cancel(Stale):
    def setUp(self):
        super().setUp()
        self.make_ready_database(preflight={"when": "Never"})
        self.make_node()

    def start(self, pod):
        """As the scheduler and a kubelet do."""
        self.bind(pod)
        running = {"running": {"startedAt": "2026-01-01T00:00:00Z"}}
        own = {"name": "app", "image": OLD, "imageID": "", "restartCount": 0, "ready": True, "state": running}
        self.api.patch("pod", pod + "/status", {"status": {"phase": "Running", "containerStatuses": [own]}}, self.space)

    def test_a_job_whose_pod_started_unseen_is_left_alone(self):
        with self.api_behind.held("pods"):
            self.make_deployment("web", OLD)
            job = self.eventually("the Job is made", lambda: self.api.list("job", self.space))[0]["metadata"]["name"]
            pod = self.eventually("its Pod is made", lambda: self.api.list("pod", self.space))[0]["metadata"]["name"]
            self.start(pod)
            self.make_deployment("web-2", NEW)
            self.api.delete("deployment", "web", self.space)
            time.sleep(10)  # what the operator waits for a Pod to be made
            self.touch()
            self.assert_stays(
                "the Job is left alone",
                lambda: (
                    "deletionTimestamp"
                    not in (self.api.read("job", job, self.space) or {"metadata": {"deletionTimestamp": ""}})[
                        "metadata"
                    ]
                ),
            )
        self.wait_for_condition("MigrationsApplied", "False", "MigrationRunning")


class ClockAhead(Stale):
    """By more than anything is waited for."""

    seconds_ahead = 60

    def logins(self):
        return self.sql("SELECT count(*) FROM pg_roles WHERE rolcanlogin AND rolname LIKE '%s%%'" % self.database)

    def test_a_server_that_is_away_for_a_moment_is_waited_for(self):
        self.make_ready_database()
        self.api.patch("pgserver", self.space, {"spec": {"port": 1}})
        self.wait_for_condition("ServerReachable", "False", "TCPUnreachable")
        self.api.delete("djdb", "app", self.space)
        until = time.monotonic() + 8
        while time.monotonic() < until:
            self.assertIsNotNone(self.api.read("djdb", "app", self.space), "its logins are not disabled yet")
            time.sleep(0.2)
        self.api.patch("pgserver", self.space, {"spec": {"port": self.admin.port}})
        self.eventually("it is gone", lambda: self.api.read("djdb", "app", self.space) is None, DELETE_SECONDS)
        self.assertEqual(self.logins(), "0")


if __name__ == "__main__":
    unittest.main()
