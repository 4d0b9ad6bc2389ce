"""What the migrations will do is allowed, approved or refused before any of them runs. No kubelet runs, so the test
says what each probe has found.
"""

import json
import re
import time
import unittest

import test_preflight
import world
from case import HEAL_SECONDS, side_by_side
from probes import PASSED
from release_case import failure
from stage import install
from wait import Unmet

DIGEST, OTHER = "4fde2fb8321362f4", "00000000000000e1"
PLANNED = "0a0b0c0d0e0f10110a0b0c0d0e0f1012"
NOT_APPROVED = 91
FOUND = {
    **PASSED,
    "plan_digest": DIGEST,
    "planned": PLANNED,
    "destructive": ["orders.0002_drop"],
    "destructive_count": 1,
    "incompatible": [],
    "incompatible_count": 0,
    "plan": [
        {
            "migration": "orders.0002_drop",
            "phase": "Contract",
            "lock": "ACCESS EXCLUSIVE",
            "destructive": True,
            "tables": ["orders_order"],
            "why": "drops a column",
        }
    ],
    "tables": {"orders_order": [81, 49152]},
}


class Plan(test_preflight.Preflight):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        install.wait_for_approvals()

    def wait_for(self, status, reason):
        return self.wait_for_condition("PlanApproved", status, reason, seconds=HEAL_SECONDS)

    def found(self, **migrations):
        """A release whose probe has found that a column goes."""
        self.configure(migrations=migrations)
        self.deploy()
        self.end(answer=FOUND)

    def approve(self, digest):
        self.configure(migrations={"approvedPlan": digest})

    def approved_of_job(self):
        (container,) = self.job()["spec"]["template"]["spec"]["containers"]
        return {v["name"]: v.get("value") for v in container["env"]}.get("DJANGODB_APPROVED")

    def decisions(self):
        return {record["status"].get("plan", {}).get("decision") for record in self.api.list("djrel", self.space)}

    def plan(self):
        (record,) = self.api.list("djrel", self.space)
        return record["status"]["plan"]


class Allowed(Plan):
    def test_as_long_as_nothing_else_is_said(self):
        self.found()
        self.job()
        self.assertIsNone(self.approved_of_job(), "it is as the Job of the version before")
        self.finish()
        self.assertEqual((self.plan()["digest"], self.plan()["decision"]), (DIGEST, "Allowed"))

    def test_where_nothing_is_found_of_what_is_restricted(self):
        self.found(incompatible="Block")
        self.assertEqual(self.approved_of_job(), PLANNED)
        self.finish()


class Approval(Plan):
    def test_is_waited_for_and_given(self):
        self.found(destructive="Approve")
        said = self.wait_for("False", "ApprovalRequired")["message"]
        for part in ("data is lost by orders.0002_drop", 'approvedPlan: "%s"' % DIGEST, "the old ones serve"):
            self.assertIn(part, said)
        self.wait_for_condition("Stalled", "True", "ApprovalRequired")
        self.assertEqual(self.jobs(), {}, "nothing migrates before")
        self.assertTrue(self.api.read("deployment", "web", self.space)["spec"]["paused"])
        self.eventually("the record has the plan", lambda: self.plan()["decision"] == "ApprovalRequired")
        self.assertEqual(
            self.plan()["migrations"],
            [
                {
                    "name": "orders.0002_drop",
                    "phase": "Contract",
                    "lock": "ACCESS EXCLUSIVE",
                    "tables": "orders_order (81 rows, 48 kB)",
                    "effects": "loses data",
                    "reason": "drops a column",
                }
            ],
        )
        self.approve(OTHER)
        self.audit.wait_until_quiet((self.space,))
        self.wait_for("False", "ApprovalRequired")
        self.approve(DIGEST)
        self.assertEqual(self.approved_of_job(), PLANNED)
        self.finish()
        self.assertEqual(self.plan()["decision"], "Approved")

    def test_what_changed_since_is_not_applied_and_judged_anew(self):
        self.found(destructive="Approve", approvedPlan=DIGEST)
        self.job()
        time.sleep(1.1)  # Kubernetes' times are whole seconds, and a real Job takes some
        self.job_ends(exit_code=NOT_APPROVED, answer=failure("PlanChanged"))
        self.end(attempt=2, answer={**FOUND, "plan_digest": OTHER, "planned": PLANNED + "0a0b0c0d0e0f1013"})
        said = self.wait_for("False", "ApprovalRequired")["message"]
        self.assertIn("Plan %s has to be approved" % OTHER, said)
        self.assertIn("Nothing more is migrated", said)
        self.approve(OTHER)
        self.migrate()
        self.job_ends(2)
        self.wait_for_condition("Ready", "True", "Ready", seconds=HEAL_SECONDS)

    def test_a_probe_that_is_gone_comes_again_before_the_next_attempt(self):
        self.found(destructive="Approve", approvedPlan=DIGEST)
        self.job_ends(exit_code=85, answer=failure("LockTimeout"))
        former = self.probe()["metadata"]
        world.kubectl("-n", self.space, "delete", "job", former["name"])

        def owners():
            pods = self.api.list("pod", self.space, labelSelector="job-name=" + former["name"])
            return [pod["metadata"]["ownerReferences"][0]["uid"] for pod in pods]

        self.eventually("another one comes", lambda: owners() not in ([], [former["uid"]]), HEAL_SECONDS)
        self.eventually("its Pod is the only one", lambda: len(owners()) == 1, HEAL_SECONDS)
        self.end(answer=FOUND)
        self.migrate()
        self.job_ends(2)
        self.wait_for_condition("Ready", "True", "Ready", seconds=HEAL_SECONDS)

    def test_is_of_one_time(self):
        """A backup brings back what the plan had taken away: the same approval does not do it again."""
        self.found(destructive="Approve", approvedPlan=DIGEST)
        self.finish()
        self.sql("DELETE FROM public.django_migrations", self.database)
        self.change_template(
            "web", {"spec": {"containers": [{"name": "app", "env": [{"name": "MODE", "value": "2"}]}]}}
        )
        self.end(answer=FOUND, mode="2")
        said = self.wait_for("False", "ApprovalRequired")["message"]
        (name,) = re.findall('approvedPlan: "([0-9a-f]{16})"', said)
        self.assertNotEqual(name, DIGEST)
        self.approve(name)
        self.eventually("both are approved", lambda: self.decisions() == {"Approved"}, HEAL_SECONDS)


class Approvers(Plan):
    """An editor of the resource, and jane, who may approve as well."""

    def setUp(self):
        super().setUp()
        group = {"apiVersion": "rbac.authorization.k8s.io/v1", "metadata": {"name": "edits", "namespace": self.space}}
        rule = {"apiGroups": ["djangodb.io"], "resources": ["djangodatabases"], "verbs": ["*"]}
        world.apply(json.dumps({**group, "kind": "Role", "rules": [rule]}))
        for user, role in (("editor", "--role=edits"), ("jane", "--clusterrole=djangodb-plan-approver")):
            world.kubectl("-n", self.space, "create", "rolebinding", user, role, "--user", user)

    def patch_as(self, user, patch):
        """What kubectl says."""
        command = ("-n", self.space, "patch", "djdb", "app", "--type=merge", "-p", json.dumps(patch), "--as=" + user)
        try:
            return world.kubectl(*command)
        except Unmet as refused:
            return str(refused)

    def approve_as(self, user, digest):
        return self.patch_as(user, {"spec": {"migrations": {"approvedPlan": digest}}})

    def approver(self):
        return self.resource()["metadata"].get("annotations", {}).get("djangodb.io/approved-by")

    def test_have_a_right_of_their_own(self):
        said = self.approve_as("editor", DIGEST)
        self.assertIn("editor may not approve plans in namespace %s, so nothing was changed" % self.space, said)
        self.assertIsNone(self.approver())
        self.assertIn("patched", self.approve_as("jane", DIGEST))
        self.assertEqual(self.approver(), "jane")
        self.assertIn("patched", self.patch_as("editor", {"spec": {"migrations": {"lockTimeout": "7s"}}}))
        self.assertEqual(self.approver(), "jane", "who edits something else approves nothing")
        self.assertIn("editor may not approve", self.approve_as("editor", OTHER))
        self.assertIn("patched", self.approve_as("editor", None))
        self.assertEqual(self.approver() or "", "", "what is taken back has no approver")

    def test_alone_loosen_what_is_asked(self):
        def set_as(user, **policies):
            return self.patch_as(user, {"spec": {"migrations": policies}})

        self.assertIn("patched", set_as("editor", destructive="Approve", incompatible="Approve"))
        for loosened in ("Allow", None):
            self.assertIn(
                "editor may not allow in namespace %s what had to be approved" % self.space,
                set_as("editor", destructive=loosened),
            )
        self.assertIn("may not allow", self.patch_as("editor", {"spec": {"migrations": None}}))
        self.assertIn("patched", set_as("editor", incompatible="Block"))
        self.assertIn("may not allow", set_as("editor", incompatible="Approve"))
        self.assertIn("patched", set_as("jane", incompatible="Allow", destructive="Allow"))

    def test_are_noted_by_nobody_but_the_api_server(self):
        forged = {"metadata": {"annotations": {"djangodb.io/approved-by": "the boss"}}}
        self.patch_as("editor", forged)
        self.assertEqual(self.approver(), "")
        self.approve_as("jane", DIGEST)
        self.patch_as("editor", forged)
        self.assertEqual(self.approver(), "jane")
        self.patch_as("editor", {"metadata": {"annotations": None}})
        self.assertEqual(self.approver(), "jane")

    def test_stand_in_the_record(self):
        self.found(destructive="Approve")
        self.wait_for("False", "ApprovalRequired")
        self.approve_as("jane", DIGEST)
        self.finish()
        self.assertEqual((self.plan()["decision"], self.plan()["approvedBy"]), ("Approved", "jane"))


class Refused(Plan):
    def test_until_the_policy_changes(self):
        self.found(destructive="Block", approvedPlan=DIGEST)
        said = self.wait_for("False", "PlanRefused")["message"]
        self.assertIn("spec.migrations.destructive is Block", said)
        self.assertEqual(self.jobs(), {})
        self.configure(migrations={"destructive": "Allow"})
        self.job()

    def test_what_nobody_has_judged(self):
        self.configure(migrations={"destructive": "Approve"}, preflight={"when": "Never"})
        self.deploy()
        said = self.wait_for("False", "PlanUnknown")["message"]
        self.assertIn("spec.preflight.when is Never", said)
        self.assertEqual(self.jobs(), {})
        self.configure(preflight={"when": "Always"})
        self.end()  # of a version that told no plan
        self.wait_for("False", "PlanUnknown")
        self.assertEqual(self.jobs(), {})


def load_tests(_, tests, __):
    return side_by_side(tests)


if __name__ == "__main__":
    unittest.main()
