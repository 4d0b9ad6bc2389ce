"""Where apps find their server's CA: in a ConfigMap, and in the Secrets as long as it is short."""

import base64
import unittest

import stage
from case import HEAL_SECONDS, ClusterTest, decoded, encoded, side_by_side

LONGEST = 32 * 1024
# Measured: Mozilla's bundle with one CA more, as Debian has it.
BUNDLE = 220163
IMAGE = "registry.test/shop:v1"


class CaTest(ClusterTest):
    def setUp(self):
        super().setUp()
        self.let_probes_pass()

    def bundle(self, size, filler="#"):
        """The server's own CA, and a comment behind it up to this size."""
        return self.admin.authority + filler * (size - len(self.admin.authority.encode()) - 1) + "\n"

    def change_ca(self, text):
        self.api.patch("secret", self.space + "-ca", {"data": encoded({"ca.crt": text})}, stage.OPERATOR_SPACE)

    def secret(self, name="app-database"):
        return decoded(self.api.read("secret", name, self.space))

    def config_map(self):
        return self.api.read("configmap", "app-database-ca", self.space)

    def published(self):
        return ((self.config_map() or {}).get("data") or {}).get("ca.crt")

    def wait_until_published(self, text):
        self.eventually("the ConfigMap has the CA", lambda: self.published() == text, HEAL_SECONDS)

    def synced(self, status="True", reason="Succeeded"):
        return self.wait_for_condition("CredentialsSynced", status, reason, seconds=HEAL_SECONDS)["message"]


class Published(CaTest):
    def make_with(self, ca, **spec):
        self.make_server(ca={"ca.crt": ca})
        self.make_database(**spec)
        self.wait_for_condition("Ready", "True", seconds=HEAL_SECONDS)

    def test_a_short_one_is_in_both(self):
        self.make_with(self.admin.authority)
        self.assertEqual(self.published(), self.admin.authority)
        self.assertEqual(self.secret()["ca.crt"], self.admin.authority)
        owner = self.config_map()["metadata"]["ownerReferences"][0]
        self.assertEqual((owner["kind"], owner["name"], owner["controller"]), ("DjangoDatabase", "app", True))
        self.assert_quiet()

    def test_the_longest_of_a_secret(self):
        self.make_with(self.bundle(LONGEST))
        self.assertEqual(self.published(), self.bundle(LONGEST))
        self.assertEqual(self.secret()["ca.crt"], self.bundle(LONGEST))

    def test_one_byte_more_is_in_the_config_map_alone(self):
        self.make_with(self.bundle(LONGEST + 1))
        self.assertEqual(self.published(), self.bundle(LONGEST + 1))
        self.assertNotIn("ca.crt", self.secret())

    def test_a_bundle_is_in_no_secret(self):
        bundle = self.bundle(BUNDLE)
        self.make_with(bundle, access={"readers": [{"name": "reports"}]})
        self.assertEqual(self.published(), bundle)
        for name in ("app-database", "app-reports"):
            found = self.secret(name)
            self.assertNotIn("ca.crt", found)
            self.assertEqual(found["DB_SSLROOTCERT"], "/etc/djangodb/ca.crt")
            self.assertLess(max(map(len, found.values())), 1024)
        said = self.synced()
        for words in (str(BUNDLE), "configMap: {name: app-database-ca}", "secret: {secretName: app-database}"):
            self.assertIn(words, said)
        self.assert_quiet()

    def test_a_migration_reads_it_from_the_config_map(self):
        self.make_with(self.bundle(BUNDLE))
        deployment = self.mounting({"configMap": {"name": "app-database-ca"}})
        self.api.create("deployment", deployment)
        job = self.eventually("the Job is made", lambda: self.jobs_of("migrate"), HEAL_SECONDS)[0]
        pod = job["spec"]["template"]["spec"]
        self.assertEqual(pod["volumes"][0]["configMap"]["name"], "app-database-ca")
        self.assertNotIn("ca.crt", self.secret("app-migrate"))
        self.assertEqual(self.secret("app-migrate")["DB_SSLROOTCERT"], "/etc/djangodb/ca.crt")

    def mounting(self, source):
        container = {"name": "app", "image": IMAGE, "envFrom": [{"secretRef": {"name": "app-database"}}]}
        return {
            "metadata": {"name": "web", "namespace": self.space, "labels": {"djangodb.io/database": "app"}},
            "spec": {
                "replicas": 0,
                "selector": {"matchLabels": {"app": "web"}},
                "template": {
                    "metadata": {"labels": {"app": "web"}},
                    "spec": {"containers": [container], "volumes": [{"name": "ca", **source}]},
                },
            },
        }

    def test_a_deployment_that_mounts_the_secret_is_named(self):
        self.make_with(self.bundle(BUNDLE))
        self.api.create("deployment", self.mounting({"secret": {"secretName": "app-database"}}))
        self.eventually("it is named", lambda: 'Deployment "web"' in self.synced(), HEAL_SECONDS)

    def test_the_largest_that_a_secret_of_the_servers_owner_can_hold(self):
        largest = self.bundle(1024 * 1024)
        self.make_with(largest)
        self.assertEqual(self.published(), largest)

    def test_comments_in_another_encoding_are_kept(self):
        latin = self.admin.authority.encode() + "# Főtanúsítvány\n".encode("iso8859-2")
        self.make_server()
        data = {"data": {"ca.crt": base64.b64encode(latin).decode()}}
        self.api.patch("secret", self.space + "-ca", data, stage.OPERATOR_SPACE)
        self.make_database()
        self.wait_for_condition("Ready", "True", seconds=HEAL_SECONDS)
        self.assertEqual(base64.b64decode(self.config_map()["binaryData"]["ca.crt"]), latin)
        self.assertEqual(base64.b64decode(self.api.read("secret", "app-database", self.space)["data"]["ca.crt"]), latin)
        self.assert_quiet()
        for text in (self.admin.authority, self.bundle(LONGEST)):
            self.change_ca(text)
            self.wait_until_published(text)
            self.assertNotIn("binaryData", self.config_map())
        self.synced()


class Changed(CaTest):
    """Pods run, mount what they mount, and are started again at any time."""

    def setUp(self):
        super().setUp()
        self.make_ready_database()

    def test_a_bundle_leaves_what_pods_mount(self):
        bundle = self.bundle(BUNDLE)
        before = self.api.read("secret", "app-database", self.space)
        self.change_ca(bundle)
        self.wait_until_published(bundle)
        said = self.eventually("it is told", lambda: (lambda m: m if str(BUNDLE) in m else None)(self.synced()))
        self.assertIn("stays there as it was before", said)
        self.assertEqual(self.api.read("secret", "app-database", self.space)["data"], before["data"])
        self.wait_for_condition("Ready", "True")
        self.assert_quiet()
        self.assertEqual(decoded(before)["ca.crt"], self.admin.authority)

    def test_what_a_person_removes_is_not_written_again(self):
        bundle = self.bundle(BUNDLE)
        self.change_ca(bundle)
        self.wait_until_published(bundle)
        self.api.patch("secret", "app-database", {"data": {"ca.crt": None}}, self.space)
        self.assert_quiet()
        self.assertNotIn("ca.crt", self.secret())
        self.assertNotIn("stays there", self.synced())
        self.change_ca(self.admin.authority)
        self.eventually("it is back", lambda: self.secret().get("ca.crt") == self.admin.authority, HEAL_SECONDS)
        self.wait_until_published(self.admin.authority)

    def test_without_verification_mounted_files_stay(self):
        self.api.patch("pgserver", self.space, {"spec": {"tls": {"mode": "Require", "caSecretRef": None}}})
        self.eventually("it is not verified", lambda: self.secret()["DB_SSLMODE"] == "require", HEAL_SECONDS)
        self.assertNotIn("DB_SSLROOTCERT", self.secret())
        self.assertEqual(self.secret()["ca.crt"], self.admin.authority)
        self.assertEqual(self.published(), self.admin.authority)
        self.wait_for_condition("Ready", "True", seconds=HEAL_SECONDS)
        self.assert_quiet()

    def test_an_edited_config_map_is_restored(self):
        """Nobody wakes the operator: it goes round what it published."""
        before = self.config_map()["data"]
        self.audit.wait_until_quiet((self.space,))
        for change in (
            lambda: self.api.patch("configmap", "app-database-ca", {"data": {"ca.crt": "edited"}}, self.space),
            lambda: self.api.patch("configmap", "app-database-ca", {"data": None}, self.space),
            lambda: self.api.patch(
                "configmap", "app-database-ca", {"data": None, "binaryData": {"ca.crt": "/w=="}}, self.space
            ),
            lambda: self.api.delete("configmap", "app-database-ca", self.space),
        ):
            change()  # the operator may be quicker than a look at what that did
            self.wait_until_published(before["ca.crt"])
        self.api.patch("configmap", "app-database-ca", {"data": {"more.crt": "kept"}}, self.space)
        self.touch()
        self.audit.wait_until_quiet((self.space,))
        self.assertEqual(self.config_map()["data"], {**before, "more.crt": "kept"})
        self.wait_for_condition("Ready", "True")


class SomebodyElses(CaTest):
    def make_theirs(self):
        return self.api.create(
            "configmap",
            {"metadata": {"name": "app-database-ca", "namespace": self.space}, "data": {"ca.crt": "theirs"}},
        )

    def test_it_is_left_and_no_release_waits(self):
        theirs = self.make_theirs()
        self.make_ready_database()
        said = self.synced("False", "SecretConflict")
        self.assertIn('ConfigMap "app-database-ca"', said)
        self.assertEqual(self.config_map(), theirs)
        self.assertEqual(self.secret()["ca.crt"], self.admin.authority)
        self.wait_for_condition("Ready", "True")
        self.assert_quiet()
        self.api.delete("configmap", "app-database-ca", self.space)
        self.wait_until_published(self.admin.authority)
        self.synced()

    def test_a_bundle_has_no_other_place(self):
        theirs = self.make_theirs()
        self.make_server(ca={"ca.crt": self.bundle(BUNDLE)})
        self.make_database()
        self.assertIn("too long for a Secret", self.synced("False", "SecretConflict"))
        self.wait_for_condition("Ready", "False", "SecretConflict")
        self.assertEqual(self.config_map(), theirs)


def load_tests(_loader, tests, _pattern):
    return side_by_side(tests)


if __name__ == "__main__":
    unittest.main()
