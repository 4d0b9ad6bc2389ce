"""When a release counts as rolled out: scaling is none, and the last old Pod has to be gone.

No kubelet means that no Pod becomes available: what is released asks for 0 Pods at first, and more come when it is
scaled. A Pod that is bound to a node ends only when that node's kubelet says so: here, when the test removes it.
"""

import unittest

from case import HEAL_SECONDS, ClusterTest, deployment, side_by_side

FIRST, SECOND = "registry.test/shop:first", "registry.test/shop:second"


class Rollout(ClusterTest):
    def setUp(self):
        super().setUp()
        self.make_ready_database()
        self.let_pass(FIRST)
        self.let_pass(SECOND)

    def release(self, node=None):
        made = deployment("web", self.space, FIRST)
        made["spec"]["template"]["spec"]["nodeName"] = node
        self.api.create("deployment", made)
        self.wait_for_condition("RolledOut", "True", "Succeeded")
        self.wait_for_condition("Ready", "True")
        self.audit.wait_until_quiet((self.space,))

    def patch(self, change):
        self.api.patch("deployment", "web", change, self.space)

    def status(self):
        """Of the Deployment, once its controller has seen the last change."""
        found = self.api.read("deployment", "web", self.space)
        seen = found.get("status", {}).get("observedGeneration") == found["metadata"]["generation"]
        return found["status"] if seen else {}

    def pods(self):
        return self.api.list("pod", self.space)

    def make_silent_node(self):
        self.api.create("node", {"apiVersion": "v1", "kind": "Node", "metadata": {"name": self.space}})
        self.addCleanup(self.api.delete, "node", self.space)
        self.addCleanup(self.let_pods_go)
        return self.space

    def let_pods_go(self):
        """What the kubelet does when a Pod's containers have ended."""
        for pod in self.pods():
            path = self.api.path("pod", self.space, pod["metadata"]["name"])
            self.api.call("DELETE", path, gracePeriodSeconds=0)

    def test_scaling_is_no_release(self):
        self.release()
        before = self.api.read("djdb", "app", self.space)["status"]
        mark = self.audit.end()
        for replicas in (2, 1):
            self.scale("web", replicas)
            self.eventually("the Pods are asked for", lambda: self.status().get("replicas") == replicas)
            self.assertEqual(self.status().get("availableReplicas", 0), 0)
            self.touch()
            self.audit.wait_until_quiet((self.space,))
        self.assertEqual(self.audit.writes((self.space,), mark), [], "nothing else is said, not even for a moment")
        self.assertEqual(self.api.read("djdb", "app", self.space)["status"], before)

    def test_a_changed_template_is_one_even_with_the_same_image(self):
        self.release()
        self.scale("web", 1)
        self.eventually("the Pod is asked for", lambda: self.status().get("replicas") == 1)
        self.assertEqual(self.conditions()["Ready"]["status"], "True")
        self.patch({"spec": {"template": {"metadata": {"annotations": {"restarted": "now"}}}}})
        found = self.wait_for_condition("RolledOut", "False", "RollingOut")
        self.assertIn("new Pods of web", found["message"])
        self.assertEqual(self.conditions()["Ready"]["status"], "False")
        self.scale("web", 0)
        self.wait_for_condition("Ready", "True", seconds=HEAL_SECONDS)

    def test_old_pods_that_end_are_waited_for(self):
        self.release(node=self.make_silent_node())
        self.scale("web", 1)
        old = self.eventually("the Pod is there", self.pods)[0]["metadata"]["name"]
        self.patch({"spec": {"replicas": 0, "template": {"spec": {"containers": [{"name": "app", "image": SECOND}]}}}})
        self.eventually(
            "the old Pod ends", lambda: "deletionTimestamp" in self.api.read("pod", old, self.space)["metadata"]
        )
        self.eventually(
            "it is told",
            lambda: "old Pods of web" in self.wait_for_condition("RolledOut", "False", "RollingOut")["message"],
        )
        self.assertEqual(self.status().get("replicas", 0), 0)
        self.assert_quiet()
        self.assertEqual(self.conditions()["Ready"]["status"], "False")
        self.let_pods_go()
        self.wait_for_condition("RolledOut", "True", "Succeeded", seconds=HEAL_SECONDS)
        self.wait_for_condition("Ready", "True")

    def test_pods_of_the_released_template_that_end_are_not(self):
        self.release(node=self.make_silent_node())
        self.scale("web", 1)
        self.eventually("the Pod is there", self.pods)
        self.audit.wait_until_quiet((self.space,))
        mark = self.audit.end()
        self.scale("web", 0)
        self.eventually("it ends", lambda: self.status().get("terminatingReplicas") == 1)
        self.touch()
        self.audit.wait_until_quiet((self.space,))
        self.assertEqual(self.audit.writes((self.space,), mark), [])


def load_tests(_loader, tests, _pattern):
    return side_by_side(tests)


if __name__ == "__main__":
    unittest.main()
