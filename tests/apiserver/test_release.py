"""What a release is: what of a Deployment is held and proven, and what opens immediately."""

import unittest

import release_case
from case import HEAL_SECONDS, ClusterTest, deployment, side_by_side
from release_case import ReleaseTest
from stage import world

IMAGE = "registry.invalid/shop:v1"


def config_map(space, data):
    return {
        "apiVersion": "v1",
        "kind": "ConfigMap",
        "metadata": {"name": "settings", "namespace": space},
        "data": data,
    }


class Release(ClusterTest):
    def setUp(self):
        super().setUp()
        self.make_ready_database()

    def jobs(self):
        return self.api.list("job", self.space)

    def release(self, **more):
        self.let_pass(IMAGE)
        made = deployment("web", self.space, IMAGE)
        made["spec"]["template"]["spec"].update(more)
        self.api.create("deployment", made)
        self.assert_opens(1)

    def change(self, **container):
        return self.change_template("web", {"spec": {"containers": [{"name": "app", **container}]}})

    def assert_proven_first(self):
        self.eventually("its Job is made", self.jobs)
        self.assertTrue(self.api.read("deployment", "web", self.space)["spec"]["paused"])
        self.assertEqual(self.templates(), 1)

    def assert_opens(self, templates=2):
        self.eventually("it rolls", lambda: self.templates() == templates)
        self.wait_for_condition("RolledOut", "True", "Succeeded", seconds=HEAL_SECONDS)
        self.assertEqual(self.jobs(), [])


class Changed(Release):
    """Measured on the version before: the same image with another environment was let through in two seconds."""

    def test_environment(self):
        self.release()
        world.kubectl("-n", self.space, "set", "env", "deployment/web", "INSTALLED_APPS=shop,loyalty")
        self.assert_proven_first()

    def test_command(self):
        self.release()
        self.change(command=["gunicorn", "--preload"])
        self.assert_proven_first()

    def test_a_volume(self):
        self.release()
        self.api.create("configmap", config_map(self.space, {"settings.ini": "debug = no"}))
        mounted = {"volumes": [{"name": "settings", "configMap": {"name": "settings"}}]}
        self.api.patch("deployment", "web", {"spec": {"template": {"spec": mounted}}}, self.space)
        self.eventually("what the app does not mount is not of its release", lambda: self.templates() == 2)
        self.change(volumeMounts=[{"name": "settings", "mountPath": "/etc/shop"}])
        self.eventually("its Job is made", self.jobs)

    def test_migrations_taken_back_by_hand(self):
        """It rolled without a Job, though the database lacked what the code needs."""
        self.release()
        self.sql(
            "CREATE TABLE django_migrations (id int, app text, name text); INSERT INTO django_migrations VALUES"
            " (1, 'orders', '0001_initial'); ALTER TABLE django_migrations OWNER TO %s_owner" % self.database,
            self.database,
        )
        world.kubectl("-n", self.space, "rollout", "restart", "deployment/web")
        self.assert_proven_first()


class NotChanged(Release):
    def test_a_restart(self):
        self.release()
        world.kubectl("-n", self.space, "rollout", "restart", "deployment/web")
        self.assert_opens()

    def test_labels_resources_and_probes(self):
        self.release()
        self.api.patch(
            "deployment",
            "web",
            {"spec": {"template": {"metadata": {"labels": {"team": "shop"}, "annotations": {"note": "kept"}}}}},
            self.space,
        )
        self.eventually("it rolls", lambda: self.templates() == 2)
        self.change(
            resources={"limits": {"memory": "1Gi"}},
            readinessProbe={"httpGet": {"path": "/", "port": 8000}},
            imagePullPolicy="Always",
        )
        self.assert_opens(3)
        self.eventually("its tag is warned of", lambda: "without a digest" in self.conditions()["Gated"]["message"])

    def test_the_digest_of_its_tag(self):
        """In one Deployment, as one pipeline pins it and another does not: this was ImagesDiverge."""
        pinned = IMAGE + "@sha256:" + "a" * 64
        self.let_pass(IMAGE)
        self.let_pass(pinned)
        self.make_deployment("web", IMAGE)
        self.make_deployment("worker", pinned)
        self.assert_opens(2)
        self.wait_for_condition("Gated", "True", "Succeeded")
        self.assertEqual(self.api.read("djdb", "app", self.space)["status"]["release"]["current"], pinned)

    def test_another_container(self):
        self.release()
        sidecar = {"containers": [{"name": "app", "image": IMAGE}, {"name": "proxy", "image": "envoy:1"}]}
        self.api.patch("deployment", "web", {"spec": {"template": {"spec": sidecar}}}, self.space)
        self.assert_opens()


class AppContainer(Release):
    def make(self, annotation=None, default=None, containers=("helper", "app")):
        self.let_pass(IMAGE)
        made = deployment("web", self.space, IMAGE)
        images = {"app": IMAGE}
        made["spec"]["template"]["spec"]["containers"] = [
            {"name": name, "image": images.get(name, "helper:1")} for name in containers
        ]
        if annotation:
            made["metadata"]["annotations"] = {"djangodb.io/container": annotation}
        if default:
            made["spec"]["template"]["metadata"]["annotations"] = {"kubectl.kubernetes.io/default-container": default}
        self.api.create("deployment", made)

    def test_by_an_annotation_of_the_deployment(self):
        self.make(annotation="app", default="helper")
        self.assert_opens(1)

    def test_by_the_default_container_of_kubectl(self):
        self.make(default="app")
        self.assert_opens(1)

    def test_a_name_that_is_not_there(self):
        self.make(annotation="ap")
        found = self.wait_for_condition("Gated", "False", "AppContainerMissing")
        self.assertIn("djangodb.io/container", found["message"])


class Configured(ReleaseTest):
    """Of what an app names beside its template, a change can't be held; the next template is."""

    def setUp(self):
        super().setUp()
        self.make_ready_database()
        self.make_secret("token", {"TOKEN": "one"}, self.space)
        made = deployment("web", self.space, release_case.IMAGE)
        sources = [{"configMapRef": {"name": "settings"}}, {"secretRef": {"name": "token"}}]
        made["spec"]["template"]["spec"]["containers"][0]["envFrom"] = sources
        self.api.create("deployment", made)
        self.finish()
        self.remove_job()

    def remove_job(self):
        """Of another revision the attempt is the first again."""
        self.api.delete("job", self.job()["metadata"]["name"], self.space)
        self.eventually("the Job goes", lambda: not self.jobs())

    def restart(self, at):
        """As kubectl does it, which refuses a second one in the same second."""
        marked = {"metadata": {"annotations": {"kubectl.kubernetes.io/restartedAt": at}}}
        self.api.patch("deployment", "web", {"spec": {"template": marked}}, self.space)

    def test_a_config_map_that_appears_and_a_secret_that_changes(self):
        """The ConfigMap is not there at first: that is a version too."""
        self.wait_for_condition("Gated", "True", "Succeeded")
        self.api.create("configmap", config_map(self.space, {"DEBUG": "no"}))
        found = self.wait_for_condition("Gated", "False", "ConfigChanged", seconds=HEAL_SECONDS)
        self.assertIn('ConfigMap "settings" changed', found["message"])
        self.assertNotIn("token", found["message"])
        self.api.patch("secret", "token", {"stringData": {"TOKEN": "two"}}, self.space)
        self.eventually(
            "the Secret is told too",
            lambda: 'Secret "token"' in self.conditions()["Gated"]["message"],
            HEAL_SECONDS,
        )
        self.assertEqual(self.jobs(), {})

        self.restart("noon")
        self.job()
        self.assertEqual(self.templates(), 1)
        self.job_ends()
        self.wait_for_condition("RolledOut", "True", "Succeeded", seconds=HEAL_SECONDS)
        self.wait_for_condition("Gated", "True", "Succeeded")
        self.assertEqual(self.templates(), 2)
        self.remove_job()

        self.restart("one o'clock")
        self.eventually("nothing has changed since", lambda: self.templates() == 3)
        self.assertEqual(self.jobs(), {})


def load_tests(_, tests, __):
    return side_by_side(tests)


if __name__ == "__main__":
    unittest.main()
