"""Bad input and failure: its own reason immediately, no storm, nothing half-made, healed by the repair alone."""

import socket
import unittest

import stage
from case import HEAL_SECONDS, ClusterTest, decoded, secret, side_by_side

IMAGE, OTHER_IMAGE = "registry.test/shop:v1", "registry.test/shop:v2"


class BadInput(ClusterTest):
    def assert_reported(self, kind, reason, *words, status="False", stalled=True, name="app", space=None):
        """The condition stands with its reason, says what is wrong with which object, then the operator is quiet."""
        found = self.wait_for_condition(kind, status, reason, name, space)
        for word in words:
            self.assertIn(word, found["message"])
        conditions = self.conditions(name, space)
        self.assertEqual(conditions["Ready"]["status"], "False")
        self.assertEqual(conditions["Ready"]["reason"], reason)
        self.assertIn("Stalled" if stalled else "Reconciling", conditions)
        return found

    def assert_healed(self, name="app", space=None):
        self.wait_for_condition("Ready", "True", "Ready", name, space, HEAL_SECONDS)

    def assert_nothing_made(self):
        self.assertEqual(self.catalog(), "")
        self.assertEqual([s["metadata"]["name"] for s in self.api.list("secret", self.space)], [])


class WhatTheSpecNames(BadInput):
    def test_unknown_server(self):
        self.make_database()
        self.assert_reported("Accepted", "ServerNotFound", self.space, "does not exist", "create it")
        self.assert_quiet()
        self.assert_nothing_made()
        self.make_server()
        self.assert_healed()

    def test_namespace_that_the_server_does_not_name(self):
        self.make_server(allowedNamespaces={"names": ["somebody-else"]})
        self.make_database()
        self.assert_reported("Accepted", "NamespaceNotAllowed", self.space, "spec.allowedNamespaces")
        self.assert_quiet()
        self.assert_nothing_made()
        self.api.patch("pgserver", self.space, {"spec": {"allowedNamespaces": {"names": [self.space]}}})
        self.assert_healed()

    def test_namespace_without_the_servers_labels(self):
        self.make_server(allowedNamespaces={"matchLabels": {"team": self.space}})
        self.make_database()
        self.assert_reported("Accepted", "NamespaceNotAllowed", self.space, "spec.allowedNamespaces")
        self.assert_quiet()
        self.assert_nothing_made()
        self.api.patch("namespace", self.space, {"metadata": {"labels": {"team": self.space}}})
        self.assert_healed()

    def test_server_that_allows_nobody(self):
        self.make_server(allowedNamespaces={})
        self.make_database()
        self.assert_reported("Accepted", "NamespaceNotAllowed", self.space)


class Secrets(BadInput):
    def expect_bad_admin(self, reason, *words):
        self.make_database()
        self.assert_reported("Accepted", reason, self.space + "-admin", "Nothing was changed", *words)
        self.eventually(
            "the server says it too",
            lambda: self.conditions(self.space, kind="pgserver").get("Ready", {}).get("reason") == reason,
            10,
        )
        self.assert_quiet()
        self.assert_nothing_made()

    def repair_secret(self, name, values):
        self.api.patch("secret", name, {"data": secret("x", "x", values)["data"]}, "djangodb-system")
        self.assert_healed()

    def test_administrators_secret_missing(self):
        self.make_server(admin={})
        self.expect_bad_admin("AdminSecretMissing", "create it")
        self.make_secret(self.space + "-admin", {"username": self.admin.user, "password": self.admin.password})
        self.assert_healed()

    def test_administrators_secret_without_password(self):
        self.make_server(admin={"username": self.admin.user})
        self.expect_bad_admin("AdminSecretInvalid", "username or password")
        self.repair_secret(self.space + "-admin", {"password": self.admin.password})

    def test_administrators_secret_with_empty_username(self):
        self.make_server(admin={"username": "", "password": self.admin.password})
        self.expect_bad_admin("AdminSecretInvalid", "username or password")
        self.repair_secret(self.space + "-admin", {"username": self.admin.user})

    def test_ca_missing(self):
        self.make_server(ca={})
        self.make_database()
        self.assert_reported("Accepted", "CaSecretMissing", self.space + "-ca", '"ca.crt"', "PEM")
        self.assert_quiet()
        self.assert_nothing_made()
        self.make_secret(self.space + "-ca", {"ca.crt": self.admin.authority})
        self.assert_healed()

    def test_ca_under_another_key(self):
        self.make_server(ca={"tls.crt": self.admin.authority})
        self.make_database()
        self.assert_reported("Accepted", "CaSecretMissing", self.space + "-ca", '"ca.crt"')
        self.assert_quiet()
        self.repair_secret(self.space + "-ca", {"ca.crt": self.admin.authority})

    def test_ca_that_is_no_certificate(self):
        self.make_server(ca={"ca.crt": "not a certificate"})
        self.make_database()
        self.assert_reported("ServerReachable", "TLSVerifyFailed", "CA", "no certificate in PEM form")
        self.assert_quiet()
        self.assert_nothing_made()
        self.repair_secret(self.space + "-ca", {"ca.crt": self.admin.authority})

    def test_ca_of_another_server(self):
        self.make_server(ca={"ca.crt": (stage.DIRECTORY / "certificates/ca.crt").read_text()})
        self.make_database()
        self.assert_reported(
            "ServerReachable",
            "TLSVerifyFailed",
            self.admin.host,
            "not signed by the given CA",
            "djdb-postgres",
            stalled=False,
        )
        self.assert_quiet()
        self.assert_nothing_made()
        self.repair_secret(self.space + "-ca", {"ca.crt": self.admin.authority})


class Server(BadInput):
    def test_wrong_password(self):
        self.make_server(admin={"username": self.admin.user, "password": "wrong"})
        self.make_database()
        said = self.assert_reported("ServerReachable", "AuthRejected", self.admin.user)
        self.assertNotIn("wrong", said["message"])
        self.assert_quiet()
        self.assert_nothing_made()
        self.api.patch(
            "secret",
            self.space + "-admin",
            {"data": secret("x", "x", {"password": self.admin.password})["data"]},
            "djangodb-system",
        )
        self.assert_healed()

    def test_host_that_does_not_resolve(self):
        self.make_server(host="no-such-host.invalid")
        self.make_database()
        self.assert_reported("ServerReachable", "DNSFailed", "no-such-host.invalid", stalled=False)
        self.assert_quiet()
        self.assert_nothing_made()
        self.api.patch("pgserver", self.space, {"spec": {"host": self.admin.host}})
        self.assert_healed()

    def test_port_where_nobody_listens(self):
        with socket.socket() as unused:  # bound and not listening: refused for as long as the test needs
            unused.bind(("127.0.0.1", 0))
            port = unused.getsockname()[1]
            self.make_server(host="127.0.0.1", port=port)
            self.make_database()
            self.assert_reported("ServerReachable", "TCPUnreachable", str(port), stalled=False)
            self.assert_quiet()
            self.assert_nothing_made()
        self.api.patch("pgserver", self.space, {"spec": {"host": self.admin.host, "port": self.admin.port}})
        self.assert_healed()

    def test_administrator_without_rights(self):
        weak = self.database + "_weak"
        self.sql("CREATE ROLE %s LOGIN PASSWORD 'weak-password'" % weak)
        self.make_server(
            admin={"username": weak, "password": "weak-password"}, maintenanceDatabase=self.database + "_ops"
        )
        self.make_database()
        self.assert_reported("ServerReachable", "AdminRightsMissing", "CREATEDB", "CREATEROLE")
        self.assert_quiet()
        self.assert_nothing_made()
        self.sql("ALTER ROLE %s CREATEDB CREATEROLE" % weak)
        self.assert_healed()

    def test_administrator_who_may_make_databases_but_no_roles(self):
        weak = self.database + "_weak"
        self.sql("CREATE ROLE %s LOGIN CREATEDB PASSWORD 'weak-password'" % weak)
        self.make_server(
            admin={"username": weak, "password": "weak-password"}, maintenanceDatabase=self.database + "_ops"
        )
        self.make_database()
        self.assert_reported(
            "ServerReachable", "AdminRightsMissing", 'ALTER ROLE "%s" CREATEROLE;' % weak, "Nothing was changed"
        )
        self.assert_quiet()
        self.assert_nothing_made()
        self.sql("ALTER ROLE %s CREATEROLE" % weak)
        self.assert_healed()


class WhatIsSomebodyElses(BadInput):
    def test_two_resources_want_one_database(self):
        loser = self.space + "-b"
        self.make_space(loser)
        self.make_server(allowedNamespaces={"names": [self.space, loser]})
        self.make_database()
        self.assert_healed()
        before = self.catalog()
        self.make_database(space=loser)
        self.assert_reported(
            "Claimed", "OwnershipConflict", self.space + "/app", self.database, "Nothing was changed", space=loser
        )
        self.assert_quiet(loser)
        self.assertEqual(self.api.list("secret", loser), [])
        self.api.delete("djdb", "app", loser)
        self.eventually("the loser is gone", lambda: self.api.read("djdb", "app", loser) is None)
        self.assertEqual(self.catalog(), before)
        self.assertEqual(self.conditions()["Ready"]["status"], "True")
        # The repair: a name is never changed, so the resource is made anew with another one.
        self.make_database(space=loser, database={"name": self.database + "_b"})
        self.assert_healed(space=loser)

    def test_database_that_was_there_before(self):
        self.sql("CREATE DATABASE %s" % self.database)
        before = self.catalog()
        self.make_server()
        self.make_database()
        self.assert_reported("Claimed", "AdoptionNotGranted", self.database, "Nothing was changed")
        self.assert_quiet()
        self.assertEqual(self.catalog(), before)
        self.sql("DROP DATABASE %s" % self.database)
        self.assert_healed()

    def test_role_that_was_there_before(self):
        self.sql("CREATE ROLE %s_owner NOLOGIN" % self.database)
        before = self.catalog()
        self.make_server()
        self.make_database()
        self.assert_reported(
            "Claimed", "RoleConflict", self.database + "_owner", "Nothing was changed", "drop the role"
        )
        self.assert_quiet()
        self.assertEqual(self.catalog(), before)
        self.sql("DROP ROLE %s_owner" % self.database)
        self.assert_healed()

    def test_secret_of_the_apps_name(self):
        foreign = self.api.create("secret", secret("app-database", self.space, {"DB_PASSWORD": "of somebody else"}))
        self.make_server()
        self.make_database()
        self.assert_reported("CredentialsSynced", "SecretConflict", "app-database", "left as it is", "delete it")
        self.assert_quiet()
        self.assertEqual(self.api.read("secret", "app-database", self.space), foreign)
        self.api.delete("secret", "app-database", self.space)
        self.assert_healed()
        self.assertEqual(decoded(self.api.read("secret", "app-database", self.space))["DB_NAME"], self.database)

    def expect_untouched_migration_object(self, kind, foreign, condition):
        made = self.api.create(kind, foreign)
        self.let_probes_pass()
        self.make_ready_database()
        self.make_deployment("web", IMAGE)
        self.assert_reported(condition, "SecretConflict", "app-migrate", "left as it is")
        self.assert_quiet()
        self.assertEqual(self.api.read(kind, "app-migrate", self.space), made)
        self.assertEqual(self.jobs_of("migrate"), [])
        self.api.delete(kind, "app-migrate", self.space)
        self.eventually("the migration starts", lambda: self.jobs_of("migrate"), HEAL_SECONDS)

    def test_secret_of_the_migrations_name(self):
        foreign = secret("app-migrate", self.space, {"DB_USER": "foreign"})
        self.expect_untouched_migration_object("secret", foreign, "MigrationsApplied")

    def test_config_map_of_the_migrations_name(self):
        self.expect_untouched_migration_object(
            "configmap",
            {
                "apiVersion": "v1",
                "kind": "ConfigMap",
                "metadata": {"name": "app-migrate", "namespace": self.space},
                "data": {"migrate.py": "print('foreign')"},
            },
            "PreflightPassed",
        )


class Workloads(BadInput):
    def setUp(self):
        super().setUp()
        self.let_probes_pass()

    def test_no_labelled_workload(self):
        self.make_ready_database()
        found = self.wait_for_condition("RolledOut", "Unknown", "NoWorkload")
        self.assertIn("Deployment", found["message"])
        self.assert_quiet()
        self.make_deployment("web", IMAGE)
        self.wait_for_condition("MigrationsApplied", "False", "MigrationRunning")

    def test_workloads_of_two_images(self):
        self.make_ready_database()
        self.make_deployment("web", IMAGE)
        self.make_deployment("worker", OTHER_IMAGE)
        # Between the two the first one alone is a release of its own, whose Job then has to end first.
        self.assert_reported("Gated", "ImagesDiverge", "web=" + IMAGE, "worker=" + OTHER_IMAGE, "held", stalled=False)
        self.assert_quiet()
        self.assertEqual(self.api.list("replicaset", self.space), [])
        self.api.patch(
            "deployment",
            "worker",
            {"spec": {"template": {"spec": {"containers": [{"name": "app", "image": IMAGE}]}}}},
            self.space,
        )
        self.wait_for_condition("Gated", "True", "Succeeded")
        self.wait_for_condition("MigrationsApplied", "False", "MigrationRunning")
        self.assertEqual(self.api.list("replicaset", self.space), [])

    def test_app_container_missing(self):
        self.make_ready_database(app={"container": "web"})
        self.make_deployment("web", IMAGE)
        self.assert_reported("Gated", "AppContainerMissing", '"web"', "spec.app.container")
        self.assert_quiet()
        self.assertEqual(self.api.list("job", self.space), [])
        self.api.patch("djdb", "app", {"spec": {"app": {"container": "app"}}}, self.space)
        self.wait_for_condition("MigrationsApplied", "False", "MigrationRunning")

    def test_quota_that_allows_no_job(self):
        self.make_ready_database()
        self.forbid("count/jobs.batch")
        mark = self.audit.end()
        self.make_deployment("web", IMAGE)
        self.assert_reported("PreflightPassed", "WriteRefused", "exceeded quota: none", "every 5 minutes")
        self.assertEqual(self.api.list("replicaset", self.space), [])
        self.assert_quiet()  # not even a visit makes it ask again before that
        self.assertEqual(self.creations("jobs", mark), 1)
        self.assertEqual(self.api.list("job", self.space), [])
        self.api.delete("quota", "none", self.space)
        self.change_spec()
        self.eventually("the Job is made", lambda: self.api.list("job", self.space), HEAL_SECONDS)

    def creations(self, resource, since):
        """That the operator asked for, whatever came of them."""
        return len([r for r in self.audit.writes((self.space,), since) if (r.verb, r.resource) == ("create", resource)])

    def change_spec(self):
        """Another spec is another question."""
        self.api.patch("djdb", "app", {"spec": {"migrations": {"deadline": "2h"}}}, self.space)

    def deny_secrets(self):
        self.deny("", "secrets", ["CREATE", "UPDATE"], "no Secret without a ticket", self.secrets_are_denied)

    def secrets_are_denied(self):
        return self.is_refused(lambda: self.api.create("secret", secret("probe", self.space, {"a": "b"}), dryRun="All"))

    def test_policy_that_allows_no_secret(self):
        self.make_server()
        self.deny_secrets()
        mark = self.audit.end()
        self.make_database()
        self.assert_reported("CredentialsSynced", "WriteRefused", "no Secret without a ticket")
        self.assert_quiet()
        self.assertEqual(self.creations("secrets", mark), 1)
        self.api.delete("denialbinding", self.space)
        self.eventually("it is allowed", lambda: not self.secrets_are_denied())
        self.change_spec()
        self.assert_healed()

    def test_job_that_gets_no_pod(self):
        """It is reported, and makes way for the next image."""
        self.make_ready_database()
        self.forbid("pods")
        self.make_deployment("web", IMAGE)
        found = self.wait_for_condition("PreflightPassed", "False", "PreflightJobStuck", seconds=HEAL_SECONDS)
        self.assertIn("exceeded quota: none", found["message"], "in the words of Kubernetes")
        self.assert_quiet()
        first = self.api.list("job", self.space)[0]["metadata"]["name"]
        self.api.patch(
            "deployment",
            "web",
            {"spec": {"template": {"spec": {"containers": [{"name": "app", "image": OTHER_IMAGE}]}}}},
            self.space,
        )
        self.eventually(
            "the next image's Job is in its place",
            lambda: (
                first not in [j["metadata"]["name"] for j in self.api.list("job", self.space)]
                and self.api.list("job", self.space)
            ),
        )

    def test_foreign_job_of_the_migrations_name(self):
        """The name is made of the template's hash, so the operator's own Job shows it."""
        self.make_ready_database()
        self.make_deployment("web", IMAGE)
        job = self.eventually("the Job is made", lambda: self.jobs_of("migrate"))[0]
        self.wait_for_condition("MigrationsApplied", "False", "MigrationRunning")
        container = {"name": "app", "image": IMAGE}
        foreign = {
            "apiVersion": "batch/v1",
            "kind": "Job",
            "metadata": {"name": job["metadata"]["name"], "namespace": self.space},
            "spec": {"suspend": True, "template": {"spec": {"restartPolicy": "Never", "containers": [container]}}},
        }
        self.api.delete("deployment", "web", self.space)
        self.wait_for_condition("RolledOut", "Unknown", "NoWorkload")
        self.api.call(
            "DELETE", self.api.path("job", self.space, job["metadata"]["name"]), propagationPolicy="Background"
        )
        self.eventually("the Job is gone", lambda: not self.jobs_of("migrate"))
        made = self.api.create("job", foreign)
        self.make_deployment("web", IMAGE)
        self.assert_reported(
            "MigrationsApplied", "SecretConflict", job["metadata"]["name"], "was not created for this resource"
        )
        self.assertEqual(
            self.api.read("job", job["metadata"]["name"], self.space)["metadata"]["uid"], made["metadata"]["uid"]
        )


def load_tests(_loader, tests, _pattern):
    return side_by_side(tests)


if __name__ == "__main__":
    unittest.main()
