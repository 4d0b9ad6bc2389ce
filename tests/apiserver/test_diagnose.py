"""What `djangodb-operator diagnose` says of a PostgresServer."""

import json
import subprocess
import unittest

import stage
from case import ClusterTest

STEPS = ["setup", "dns", "tcp", "tls", "login", "database", "writable", "identity", "rights"]


class Diagnose(ClusterTest):
    def diagnose(self, *options):
        binary = stage.operator().command[0]
        done = subprocess.run(
            [
                binary,
                "diagnose",
                "--kubeconfig",
                str(stage.DIRECTORY / "kubeconfig"),
                "--namespace",
                stage.OPERATOR_SPACE,
                *options,
            ],
            capture_output=True,
            text=True,
            timeout=120,
        )
        self.assertNotIn(self.admin.password, done.stdout + done.stderr)
        return done

    def test_a_good_server(self):
        self.make_server()
        done = self.diagnose("--server", self.space, "--output", "json")
        self.assertEqual(done.returncode, 0, done.stderr)
        said = json.loads(done.stdout)
        self.assertEqual((said["verdict"], said["port"]), ("Connected", self.admin.port))
        self.assertIn("127.0.0.1", said["addresses"])
        steps = {step["name"]: step for step in said["steps"]}
        self.assertEqual([step["name"] for step in said["steps"]][:9], STEPS)
        self.assertEqual({steps[name]["state"] for name in STEPS}, {"ok"})
        self.assertIn(self.sql("SELECT system_identifier FROM pg_control_system()"), steps["identity"]["detail"])
        self.assertIn("TLSv1.", steps["tls"]["detail"])
        self.assertEqual(steps["PublicCanConnect"]["state"], "warning")
        table = self.diagnose("--server", self.space)
        self.assertEqual(table.returncode, 0)
        self.assertIn("Connected", table.stdout.splitlines()[0])
        for name in STEPS:
            self.assertRegex(table.stdout, r"(?m)^%s +ok\b" % name)

    def test_a_wrong_password(self):
        self.make_server(admin={"username": self.admin.user, "password": "wrong-Password"})
        done = self.diagnose("--server", self.space, "--output", "json")
        self.assertEqual(done.returncode, 1, done.stderr)
        said = json.loads(done.stdout)
        states = {step["name"]: step["state"] for step in said["steps"]}
        self.assertEqual(said["verdict"], "AuthRejected")
        self.assertEqual((states["tls"], states["login"], states["database"]), ("ok", "FAILED", "-"))
        self.assertNotIn("wrong-Password", done.stdout)
        table = self.diagnose("--server", self.space)
        self.assertEqual(table.returncode, 1)
        self.assertRegex(table.stdout, r"(?m)^login +FAILED .*Correct username and password in the Secret")

    def test_it_changes_nothing(self):
        absent = self.database + "_never"
        self.make_server(maintenanceDatabase=absent)
        done = self.diagnose("--server", self.space)
        self.assertEqual(done.returncode, 0, done.stdout + done.stderr)
        self.assertIn("does not exist yet", done.stdout)
        self.assertEqual(self.sql("SELECT count(*) FROM pg_database WHERE datname = '%s'" % absent), "0")

    def test_trouble_of_other_kinds(self):
        missing = self.diagnose("--server", "no-such-server")
        self.assertEqual((missing.returncode, missing.stdout), (2, ""))
        self.assertIn("does not exist", missing.stderr)
        self.assertEqual(self.diagnose().returncode, 2)
        self.assertEqual(self.diagnose("--server", "x", "--output", "xml").returncode, 2)
        self.make_server(admin={})
        done = self.diagnose("--server", self.space)
        self.assertEqual(done.returncode, 1)
        self.assertRegex(done.stdout, r"(?m)^setup +FAILED .*create it with the keys username and password")


if __name__ == "__main__":
    unittest.main()
