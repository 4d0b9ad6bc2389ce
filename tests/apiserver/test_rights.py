"""The operator's rights: all that it asked was allowed, and all that it is allowed it asks for.

Walks one resource through its life, so that it stands alone, and then reads all that the audit log holds: behind the
whole suite that is the whole suite.
"""

import unittest

import stage
from case import HEAL_SECONDS, ClusterTest
from operator_process import ACCOUNT
from stage import world

PASSED, NEW = "registry.test/shop:passed", "registry.test/shop:new"

# Rights that this life does not bring into use.
ELSEWHERE = {
    ("batch", "jobs", "patch"): "the TTL of a Job that succeeded: that needs a node, which the e2e suite has",
    ("batch", "jobs", "delete"): "of a Job whose Pod never started: test_bad_input has one",
    ("", "configmaps", "patch"): "a CA that changed: test_ca has one",
    ("", "pods/log", "get"): "of a Job that has ended: test_records has some",
    ("djangodb.io", "djangoreleases", "delete"): "of those behind the limit: test_records has some",
    ("batch", "jobs", "get"): "of a Job that somebody else gave that name: test_bad_input has one",
}


class Rights(ClusterTest):
    def live_one_life(self):
        self.make_server(deletion={"allowDrop": True})
        self.make_database(deletion={"policy": "Delete"})  # asked about once more before it is dropped
        self.wait_for_condition("Ready", "True", seconds=HEAL_SECONDS)
        self.make_deployment("web", NEW)  # held, its migration starts
        self.eventually("the Job is made", lambda: self.api.list("job", self.space))
        self.let_pass(PASSED)
        world.kubectl("-n", self.space, "set", "image", "deployment/web", "app=" + PASSED)  # opened
        self.wait_for_condition("RolledOut", "True", "Succeeded")
        self.api.delete("djdb", "app", self.space)
        self.eventually("it is gone", lambda: self.api.read("djdb", "app", self.space) is None)
        # A server-side apply that makes an object needs create as well as patch.
        return [
            (r.space, r.group, r.resource, verb)
            for r in self.audit.requests(open_watches=True)
            for verb in ([r.verb, "create"] if (r.verb, r.code) == ("patch", 201) else [r.verb])
        ]

    def granted(self, kind, space=None):
        return {
            (group, resource, verb)
            for rule in self.api.read(kind, "djangodb-operator", space)["rules"]
            for group in rule["apiGroups"]
            for resource in rule["resources"]
            for verb in rule["verbs"]
        }

    def test_every_right_is_used(self):
        asked = self.live_one_life()
        home = stage.OPERATOR_SPACE
        in_cluster = {(group, resource, verb) for space, group, resource, verb in asked if space != home}
        at_home = {(group, resource, verb) for space, group, resource, verb in asked if space == home}
        cluster_rights, home_rights = self.granted("clusterrole"), self.granted("role", home)
        self.assertEqual(sorted(cluster_rights - in_cluster - set(ELSEWHERE)), [], "rights that nothing uses")
        self.assertEqual(sorted(home_rights - at_home), [], "rights in the operator's namespace that nothing uses")

    def test_nothing_was_forbidden(self):
        self.live_one_life()
        self.assertEqual([r for r in self.audit.requests() if not r.allowed or r.code == 401], [])

    def test_no_right_to_what_it_has_no_business_with(self):
        account = "--as=system:serviceaccount:%s:%s" % (stage.OPERATOR_SPACE, ACCOUNT)
        for question in (
            ("list", "secrets", "-A"),
            ("watch", "secrets", "-n", "default"),
            ("create", "pods"),
            ("create", "deployments.apps"),
            ("delete", "deployments.apps"),
            ("update", "deployments.apps"),
            ("delete", "djangodatabases.djangodb.io"),
            ("patch", "postgresservers.djangodb.io"),
            ("*", "*"),
            ("create", "pods/exec"),
            ("create", "serviceaccounts/token"),
            ("impersonate", "users"),
            ("escalate", "clusterroles"),
            ("bind", "clusterroles"),
            ("patch", "mutatingadmissionpolicies"),
            ("delete", "mutatingadmissionpolicybindings"),
            ("patch", "namespaces"),
            ("get", "nodes"),
        ):
            with self.subTest(question=question):
                said = world.kubectl("auth", "can-i", *question, account, check=False)
                self.assertEqual(said.strip().splitlines()[-1:], ["no"])

    def test_the_operator_is_no_administrator(self):
        """It runs here as it would in a cluster: by its own account's token, and by no certificate."""
        command = stage.operator().command
        used = stage.operator().kubeconfig.read_text()
        self.assertIn(str(stage.operator().kubeconfig), command)
        self.assertIn("tokenFile", used)
        self.assertNotIn("client-certificate", used)


if __name__ == "__main__":
    unittest.main()
