"""An earlier image behind migrations that it does not know. No kubelet runs: the test says what each probe finds."""

import unittest

import test_preflight
import world
from case import HEAL_SECONDS, side_by_side
from probes import PENDING, Probes, end_pod
from release_case import IMAGE, WELL
from stage import install

NEXT = "registry.test/shop:v2"
FOUND = {**PENDING, "pending": ["orders.0002_note"]}
BREAKING = {**FOUND, "incompatible": ["orders.0002_note"], "incompatible_count": 1}
# What the earlier image finds behind it.
BEHIND = {**FOUND, "pending": [], "plan_digest": "", "planned": "", "ahead": ["orders.0002_note"], "ahead_count": 1}


class GoingBack(test_preflight.Preflight):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        install.wait_for_approvals()

    def let_probes_pass(self):
        self.proofs = Probes(self.api, self.space, "verify")
        self.addCleanup(self.proofs.stop)

    def setUp(self):
        super().setUp()
        self.deploy()
        self.end()
        self.finish()

    def set_image(self, image):
        self.change_template("web", {"spec": {"containers": [{"name": "app", "image": image}]}})

    def pod_of(self, kind, image):
        """Of the Job that is underway for this image."""

        def pod():
            pods = self.api.list("pod", self.space, labelSelector="djangodb.io/job-kind=" + kind)
            wanted = [
                p
                for p in pods
                if p["spec"]["containers"][0]["image"] == image and p["status"].get("phase") == "Pending"
            ]
            return wanted[0] if wanted else None

        return self.eventually("a %s of %s is made" % (kind, image), pod, HEAL_SECONDS)

    def answer(self, kind, image, answer, exit_code=0):
        end_pod(self.api, self.pod_of(kind, image), exit_code, answer)

    def migrate_next(self, plan):
        self.set_image(NEXT)
        self.answer("probe", NEXT, plan)
        self.pod_of("migrate", NEXT)
        self.sql("INSERT INTO public.django_migrations (app, name) VALUES ('orders', '0002_note')", self.database)
        self.answer("migrate", NEXT, {**WELL, "leaves": ["orders.0002_note"], "applied": ["orders.0002_note"]})

    def release_next(self, plan):
        self.migrate_next(plan)
        self.wait_for_current(NEXT)

    def wait_for_current(self, image):
        def probe():
            resource = self.resource()["status"]
            ready = {c["type"]: c["status"] for c in resource["conditions"]}["Ready"]
            return resource["release"]["current"] == image and ready == "True"

        self.eventually("%s is released" % image, probe, HEAL_SECONDS)

    def paused(self):
        return self.api.read("deployment", "web", self.space)["spec"].get("paused", False)

    def test_behind_what_was_judged_compatible_it_rolls(self):
        self.release_next(FOUND)
        self.set_image(IMAGE)
        self.answer("probe", IMAGE, BEHIND)
        self.answer("migrate", IMAGE, WELL)
        self.wait_for_current(IMAGE)

    def test_behind_what_was_not_it_is_held_until_somebody_takes_it_on(self):
        self.release_next(BREAKING)
        self.set_image(IMAGE)
        self.answer("probe", IMAGE, BEHIND)
        found = self.wait_for_condition("PlanApproved", "False", "RollbackUnsafe", seconds=HEAL_SECONDS)
        self.assertIn("orders.0002_note, which it does not know", found["message"])
        self.wait_for_condition("Stalled", "True", "RollbackUnsafe")
        self.assertTrue(self.paused())
        self.assert_quiet()
        name = found["message"].split('spec.migrations.approvedPlan: "')[1].split('"')[0]
        self.configure(migrations={"approvedPlan": name})
        self.answer("migrate", IMAGE, WELL)
        self.wait_for_current(IMAGE)
        record = max(self.api.list("djrel", self.space), key=lambda one: one["metadata"]["name"])
        self.assertEqual(record["status"]["plan"]["decision"], "Approved")
        self.assertEqual(record["status"]["plan"]["digest"], name)
        self.assertTrue(record["status"]["plan"]["approvedBy"])

    def test_what_was_held_opens_at_once_when_the_running_image_is_set_again(self):
        self.release_next(BREAKING)
        self.set_image(IMAGE)
        self.answer("probe", IMAGE, BEHIND)
        self.wait_for_condition("PlanApproved", "False", "RollbackUnsafe", seconds=HEAL_SECONDS)
        self.set_image(NEXT)
        self.wait_for_current(NEXT)
        self.assertFalse(self.paused())

    def released_and_failed(self, plan):
        """A release that rolls out and does not work; returns what Verified says of it."""
        self.proofs.stop()
        self.migrate_next(plan)
        failed = {"v": 1, "kind": "verify", "ok": False, "reason": "VerifyFailed", "message": "it answers 500"}
        self.answer("verify", NEXT, failed, exit_code=93)
        return self.wait_for_condition("Verified", "False", "VerifyFailed", seconds=HEAL_SECONDS)["message"]

    def test_a_release_that_fails_names_the_command_where_the_one_before_works(self):
        said = self.released_and_failed(FOUND)
        self.assertIn(IMAGE + " works with the database, since what was migrated was judged compatible", said)
        self.assertIn("kubectl -n %s rollout undo deployment/web --to-revision=1" % self.space, said)
        world.kubectl("-n", self.space, "rollout", "undo", "deployment/web", "--to-revision=1")
        self.answer("probe", IMAGE, BEHIND)
        self.answer("migrate", IMAGE, WELL)
        self.wait_for_condition("RolledOut", "True", "Succeeded", seconds=HEAL_SECONDS)

    def test_a_release_that_fails_says_why_the_one_before_does_not_work(self):
        self.assertIn("is not safe, since it may fail behind orders.0002_note", self.released_and_failed(BREAKING))


def load_tests(_loader, tests, _pattern):
    return side_by_side(tests)


if __name__ == "__main__":
    unittest.main()
