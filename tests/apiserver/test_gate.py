"""The gate on a real API server and a real Deployment controller: nothing rolls whose image has not passed.

No node means no migration that succeeds, so an image that passed is written into the ledger, where the operator would
have written it. Deployments ask for 0 Pods where a rollout has to end, since without a node none becomes available.
"""

import copy
import json
import threading
import unittest

import stage
from case import HEAL_SECONDS, ClusterTest, deployment, side_by_side
from kube_api import Api
from stage import world

PASSED, NEW = "registry.test/shop:passed", "registry.test/shop:new"
GATE = "djangodb-release-gate"


class GateTest(ClusterTest):
    def setUp(self):
        super().setUp()
        self.let_probes_pass()
        self.make_ready_database()

    def read(self, name="web"):
        return self.api.read("deployment", name, self.space)

    def images_that_rolled(self):
        return {
            r["spec"]["template"]["spec"]["containers"][0]["image"] for r in self.api.list("replicaset", self.space)
        }

    def is_held(self, name="web"):
        """Paused, by nobody who could be told apart as a user; and the controller has seen it so."""
        found = self.read(name)
        owned = any("f:paused" in entry["fieldsV1"].get("f:spec", {}) for entry in found["metadata"]["managedFields"])
        seen = found.get("status", {}).get("observedGeneration") == found["metadata"]["generation"]
        return found["spec"].get("paused", False) and not owned and seen

    def assert_held(self, name="web"):
        self.eventually(name + " is held", lambda: self.is_held(name))
        self.assertNotIn(NEW, self.images_that_rolled())

    def make_open_deployment(self, name="web", **settings):
        """One whose image passed, so that the operator has opened it."""
        self.let_pass(PASSED)
        self.make_deployment(name, PASSED, **settings)
        self.eventually("it rolls", lambda: PASSED in self.images_that_rolled())
        self.assertNotIn("paused", self.read(name)["spec"])


class Held(GateTest):
    def test_a_new_deployment_is_held_before_anything_runs(self):
        made = self.make_deployment("web", NEW, replicas=1)
        self.assertTrue(made["spec"]["paused"])
        self.assert_held()
        self.assertEqual(self.api.list("replicaset", self.space), [])
        self.assertIn(NEW, self.wait_for_condition("MigrationsApplied", "False", "MigrationRunning")["message"])

    def test_a_users_resume_does_not_open_it(self):
        self.make_deployment("web", NEW)
        world.kubectl("-n", self.space, "rollout", "resume", "deployment/web")
        self.assert_held()
        self.assertEqual(self.api.list("replicaset", self.space), [])

    def kubectl_past_conflicts(self, *command, stdin):
        """kubectl replace reads and then writes; controllers may write the Deployment's status in between."""
        for _ in range(5):
            try:
                return world.kubectl(*command, stdin=stdin)
            except world.Unmet as error:
                if "(Conflict)" not in str(error):
                    raise
        raise AssertionError("five conflicts in a row")

    def test_every_way_to_change_the_image_is_held(self):
        manifest = deployment("web", self.space, PASSED)
        self.let_pass(PASSED)
        world.apply(json.dumps(manifest))
        self.eventually("version 1 rolls", lambda: PASSED in self.images_that_rolled())
        changed = copy.deepcopy(manifest)
        changed["spec"]["template"]["spec"]["containers"][0]["image"] = NEW
        ways = {
            "set image": ("-n", self.space, "set", "image", "deployment/web", "app=" + NEW),
            "client-side apply": ("apply", "-f", "-"),
            "server-side apply": ("apply", "--server-side", "--force-conflicts", "-f", "-"),
            "replace": ("replace", "-f", "-"),
        }
        for way, command in ways.items():
            with self.subTest(way=way):
                self.kubectl_past_conflicts(*command, stdin=json.dumps(changed))
                self.assert_held()
                self.assertEqual(self.images_that_rolled(), {PASSED})
                # Back to the image that passed: opened immediately, whoever wrote last.
                world.kubectl("-n", self.space, "set", "image", "deployment/web", "app=" + PASSED)
                self.eventually("it is open again", lambda: "paused" not in self.read()["spec"])

    def test_scaling_works_while_it_is_held(self):
        self.make_open_deployment(replicas=1)
        world.kubectl("-n", self.space, "set", "image", "deployment/web", "app=" + NEW)
        self.assert_held()
        world.kubectl("-n", self.space, "scale", "deployment/web", "--replicas=3")
        self.eventually(
            "the old version has 3 Pods",
            lambda: [r["spec"]["replicas"] for r in self.api.list("replicaset", self.space)] == [3],
        )
        self.assert_held()

    def test_an_unlabelled_deployment_is_not_touched(self):
        self.make_deployment("free", NEW, database=None)
        self.eventually("it rolls", lambda: NEW in self.images_that_rolled())
        self.assertNotIn("paused", self.read("free")["spec"])

    def test_a_label_that_names_no_database_is_explained(self):
        self.make_deployment("web", NEW, database="nobody")
        self.assert_held()
        said = self.eventually(
            "an Event says why",
            lambda: [e["note"] for e in self.api.list("event", self.space) if e["reason"] == "DatabaseNotFound"],
        )
        self.assertIn('"nobody"', said[0])
        self.assertIn("rollout resume", said[0])

    def test_deleted_and_made_anew_is_held_anew(self):
        self.make_open_deployment()
        self.api.delete("deployment", "web", self.space)
        self.eventually("it is gone", lambda: self.read() is None)
        self.make_deployment("web", NEW)
        self.assert_held()


class HeldNotPaused(GateTest):
    """The gate's hold is told from a user's pause by its mark, not by who owns the field."""

    HELD = "djangodb.io/held"

    def apply_with_pause(self, paused, image=NEW):
        """As Flux does it."""
        manifest = deployment("web", self.space, image)
        manifest["spec"]["paused"] = paused
        world.kubectl(
            "apply", "--server-side", "--field-manager=kustomize-controller", "-f", "-", stdin=json.dumps(manifest)
        )

    def mark(self):
        return self.read()["metadata"].get("annotations", {}).get(self.HELD)

    def assert_marked(self):
        found = self.read()
        self.assertTrue(found["spec"].get("paused"))
        self.assertEqual(found["metadata"]["annotations"].get(self.HELD), "true")
        self.assertNotIn(NEW, self.images_that_rolled())

    def assert_open(self):
        self.eventually("it is open", lambda: "paused" not in self.read()["spec"])
        self.assertIsNone(self.mark(), "opening takes both away in one write")

    def test_a_manifest_that_says_paused_false(self):
        self.apply_with_pause(False)
        self.assert_marked()
        self.assertIn(NEW, self.wait_for_condition("MigrationsApplied", "False", "MigrationRunning")["message"])
        self.let_pass(PASSED)
        self.apply_with_pause(False, PASSED)
        self.assert_open()
        before = self.read()["spec"]
        self.apply_with_pause(False, PASSED)
        self.assertFalse(self.read()["spec"].get("paused", False), "the same again is not held")
        self.assertEqual(self.read()["spec"]["template"], before["template"])
        world.kubectl("-n", self.space, "rollout", "restart", "deployment/web")
        self.assert_open()
        self.apply_with_pause(False)
        self.assert_marked()

    def test_a_held_one_that_comes_back_from_a_backup(self):
        self.make_deployment("web", NEW)
        self.assert_marked()
        backup = world.kubectl("-n", self.space, "get", "deployment", "web", "-o", "yaml")
        world.kubectl("-n", self.space, "delete", "deployment", "web")
        world.kubectl("create", "-f", "-", stdin=backup)
        self.assert_marked()
        self.wait_for_condition("MigrationsApplied", "False", "MigrationRunning")
        self.assertNotEqual(self.conditions()["Gated"]["reason"], "PausedByUser")

    def test_the_mark_can_not_be_taken_away(self):
        self.make_deployment("web", NEW)
        world.kubectl("-n", self.space, "annotate", "deployment/web", self.HELD + "-")
        self.assert_marked()
        manifest = json.dumps(deployment("web", self.space, NEW))
        # kubectl reads it and writes with that version, which the Deployment's controller must not change meanwhile.
        self.eventually(
            "its controller has seen it",
            lambda: self.read()["status"].get("observedGeneration") == self.read()["metadata"]["generation"],
        )
        world.kubectl("replace", "--force=false", "-f", "-", stdin=manifest)
        self.assert_marked()

    def test_a_mark_that_was_left_behind_is_taken_away(self):
        """The operator of the version before opens a gate and knows of no mark; it would hide a user's pause."""
        self.make_open_deployment()
        config = json.loads(world.kubectl("config", "view", "--raw", "--minify", "--flatten", "-o", "json"))
        config["users"][0]["user"] = {"token": (stage.operator().folder / "token").read_text()}
        as_operator = Api(config)
        self.addCleanup(as_operator.close)
        as_operator.patch("deployment", "web", {"metadata": {"annotations": {self.HELD: "true"}}}, self.space)
        self.assertNotIn("paused", self.read()["spec"], "the gate lets the operator write")
        self.eventually("the mark is gone", lambda: self.mark() is None)
        self.assertEqual(len(self.api.list("replicaset", self.space)), 1)
        world.kubectl("-n", self.space, "rollout", "pause", "deployment/web")
        self.wait_for_condition("Gated", "False", "PausedByUser")

    def test_a_template_that_came_in_a_users_pause_is_held_when_he_resumes(self):
        self.make_open_deployment()
        world.kubectl("-n", self.space, "rollout", "pause", "deployment/web")
        world.kubectl("-n", self.space, "set", "image", "deployment/web", "app=" + NEW)
        self.assertIsNone(self.mark(), "it is his pause still")
        self.wait_for_condition("Gated", "False", "PausedByUser")
        world.kubectl("-n", self.space, "rollout", "resume", "deployment/web")
        self.assert_marked()
        self.wait_for_condition("MigrationsApplied", "False", "MigrationRunning")

    def test_one_that_is_made_paused_is_the_users(self):
        self.apply_with_pause(True)
        self.assertIsNone(self.mark())
        found = self.wait_for_condition("Gated", "False", "PausedByUser")
        self.assertIn("kustomize-controller", found["message"])
        self.assertEqual(self.api.list("job", self.space), [])
        self.apply_with_pause(False)
        self.assert_marked()


class Opened(GateTest):
    def test_an_image_that_passed_is_opened_at_once(self):
        self.make_open_deployment()

        def current():
            found = self.api.read("djdb", "app", self.space)["status"]
            return found.get("release", {}).get("current")

        self.eventually("the image is the current one", lambda: current() == PASSED)
        self.wait_for_condition("Ready", "True", "Ready")
        self.assertEqual(self.api.list("job", self.space), [])

    def test_a_restart_of_an_image_that_passed_is_opened(self):
        self.make_open_deployment()
        world.kubectl("-n", self.space, "rollout", "restart", "deployment/web")
        self.eventually("a second template rolls", lambda: len(self.api.list("replicaset", self.space)) == 2)
        self.assertEqual(self.api.list("job", self.space), [])

    def test_applying_the_same_again_leaves_it_open(self):
        manifest = json.dumps(deployment("web", self.space, PASSED))
        self.let_pass(PASSED)
        world.apply(manifest)
        self.eventually("it rolls", lambda: PASSED in self.images_that_rolled())
        self.wait_for_condition("Ready", "True")
        before = self.read()["spec"]
        world.apply(manifest)
        self.assertEqual(self.read()["spec"], before)
        world.kubectl("apply", "--server-side", "--force-conflicts", "-f", "-", stdin=manifest)
        self.assertEqual(self.read()["spec"], before)
        self.assertEqual(len(self.api.list("replicaset", self.space)), 1)

    def test_a_template_that_changed_since_it_was_judged_is_never_let_through(self):
        """A writer swaps images as fast as it can while the operator opens what passed.

        A conflict in the audit log shows that the operator's patch carries the version it judged: the API server
        answers so to no merge patch without one.
        """
        self.let_pass(PASSED)
        self.make_deployment("web", NEW)
        stop = threading.Event()

        def swap():
            images = [PASSED, NEW]
            while not stop.is_set() or images[0] == PASSED:  # the last one written is NEW
                images.reverse()
                self.api.patch(
                    "deployment",
                    "web",
                    {"spec": {"template": {"spec": {"containers": [{"name": "app", "image": images[0]}]}}}},
                    self.space,
                )

        mark = self.audit.end()
        writer = threading.Thread(target=swap)
        writer.start()
        try:
            self.eventually(
                "the operator met a template that had changed",
                lambda: any(
                    r.resource == "deployments" and r.code == 409 for r in self.audit.writes((self.space,), mark)
                ),
                60,
            )
        finally:
            stop.set()
            writer.join(30)
        self.assert_held()
        self.assertLessEqual(self.images_that_rolled(), {PASSED})


class NotOurs(GateTest):
    def test_a_users_pause_is_respected(self):
        self.make_open_deployment()
        self.wait_for_condition("Ready", "True")
        world.kubectl("-n", self.space, "rollout", "pause", "deployment/web")
        found = self.wait_for_condition("Gated", "False", "PausedByUser")
        for word in ("web", "kubectl", "rollout resume"):
            self.assertIn(word, found["message"])
        self.assert_quiet()
        self.assertTrue(self.read()["spec"]["paused"])
        world.kubectl("-n", self.space, "rollout", "resume", "deployment/web")
        self.wait_for_condition("Ready", "True", seconds=HEAL_SECONDS)
        self.assertNotIn("paused", self.read()["spec"])

    def test_a_users_pause_holds_a_new_image_too(self):
        self.make_open_deployment()
        world.kubectl("-n", self.space, "rollout", "pause", "deployment/web")
        world.kubectl("-n", self.space, "set", "image", "deployment/web", "app=" + NEW)
        self.wait_for_condition("Gated", "False", "PausedByUser")
        self.assertEqual(self.api.list("job", self.space), [])
        self.assertEqual(self.images_that_rolled(), {PASSED})

    def test_a_label_that_comes_late_is_noticed(self):
        self.make_deployment("web", NEW, database=None)
        self.eventually("it rolls", lambda: NEW in self.images_that_rolled())
        world.kubectl("-n", self.space, "label", "deployment/web", "djangodb.io/database=app")
        found = self.wait_for_condition("Gated", "False", "UngatedRollout")
        for word in ("web", NEW, "before it was labelled"):
            self.assertIn(word, found["message"])
        self.wait_for_condition("PreflightPassed", "False", "CutoverUnconfirmed")
        self.change("djdb", "app", {"cutover": {"startEmpty": self.database}}, self.space)
        self.wait_for_condition("MigrationsApplied", "False", "MigrationRunning")

    def test_without_its_label_a_deployment_is_no_longer_ours(self):
        self.make_open_deployment()
        world.kubectl("-n", self.space, "label", "deployment/web", "djangodb.io/database-")
        self.wait_for_condition("RolledOut", "Unknown", "NoWorkload")


class Altered(GateTest):
    """These change what the whole cluster shares, so they run alone."""

    def setUp(self):
        super().setUp()
        self.policy = self.api.read("policy", GATE)
        self.binding = self.api.read("binding", GATE)
        self.make_open_deployment()
        self.wait_for_condition("Ready", "True")

    def restore(self, kind, original):
        bare = {
            **original,
            "metadata": {
                "name": GATE,
                "labels": original["metadata"]["labels"],
                "annotations": original["metadata"].get("annotations", {}),
            },
        }
        self.api.delete(kind, GATE)
        self.api.create(kind, bare)

    def assert_missing_until_restored(self, word, kind, original):
        found = self.wait_for_condition("Gated", "False", "GateMissing")
        for said in (GATE, word, "helm upgrade"):
            self.assertIn(said, found["message"])
        self.assertIn("Stalled", self.conditions())
        self.assert_quiet()
        self.restore(kind, original)
        self.wait_for_condition("Ready", "True")
        self.eventually(
            "a new image is held again",
            lambda: self.api.create("deployment", deployment("probe", self.space, NEW), dryRun="All")["spec"].get(
                "paused"
            ),
        )

    def test_policy_deleted(self):
        self.addCleanup(self.restore, "policy", self.policy)
        self.api.delete("policy", GATE)
        self.assert_missing_until_restored("missing", "policy", self.policy)

    def test_binding_deleted(self):
        self.addCleanup(self.restore, "binding", self.binding)
        self.api.delete("binding", GATE)
        self.assert_missing_until_restored("missing", "binding", self.binding)

    def test_policy_altered(self):
        self.addCleanup(self.restore, "policy", self.policy)
        self.api.patch("policy", GATE, {"spec": {"failurePolicy": "Ignore"}})
        self.assert_missing_until_restored("altered", "policy", self.policy)

    def test_binding_limited_to_some_namespaces(self):
        self.addCleanup(self.restore, "binding", self.binding)
        self.api.patch(
            "binding", GATE, {"spec": {"matchResources": {"namespaceSelector": {"matchLabels": {"gated": "x"}}}}}
        )
        self.assert_missing_until_restored("altered", "binding", self.binding)

    def test_nothing_is_released_while_it_is_missing(self):
        self.addCleanup(self.restore, "policy", self.policy)
        self.api.patch(
            "deployment", "web", {"spec": {"template": {"metadata": {"labels": {"changed": "yes"}}}}}, self.space
        )
        self.eventually("it rolled", lambda: len(self.api.list("replicaset", self.space)) == 2)
        self.api.delete("policy", GATE)
        self.wait_for_condition("Gated", "False", "GateMissing")
        mark = self.audit.end()
        self.touch()
        self.audit.wait_until_quiet((self.space,))
        self.assertEqual(
            [r for r in self.audit.writes((self.space,), mark) if r.resource in ("deployments", "jobs")], []
        )


def load_tests(_loader, tests, _pattern):
    return side_by_side(tests, alone=[Altered])


if __name__ == "__main__":
    unittest.main()
