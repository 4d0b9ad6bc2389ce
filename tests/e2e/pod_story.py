"""What a Job's Pod keeps of the template, beside an app whose Pods others select and that keep away from one another.

A Service that publishes Pods which are not ready, PodDisruptionBudgets, a required anti-affinity on the only node, a
native sidecar, an entry point, folders and resources of the migration's own, an init container that is kept.
"""

import contextlib
import json
import pathlib
import sys

sys.path += [str(pathlib.Path(__file__).resolve().parents[1] / folder) for folder in ("support/python", "cluster")]
import operator_pod
import world
from install import Server
from moments import migration_waits_inside
from postgres import Postgres
from shop import Shop, image, remove as remove_shops
from story import require, show, step, tell
from wait import wait_for

SHOP = Shop("crowd", Server("crowd", Postgres()), replicas=1)
CONFINED = {
    "allowPrivilegeEscalation": False,
    "readOnlyRootFilesystem": True,
    "capabilities": {"drop": ["ALL"]},
}


def helper(name, *command, **settings):
    """A container of the app's image, since the node has no other."""
    return {"name": name, "image": image("v1"), "command": list(command), "securityContext": CONFINED, **settings}


def proxy():
    """A native sidecar: it ends when the others have."""
    return helper("proxy", "sleep", "infinity", restartPolicy="Always")


def patch_template(name, pod, annotations=None):
    template = {"metadata": {"annotations": annotations or {}}, "spec": pod}
    SHOP.kubectl("patch", "deployment/" + name, "-p", json.dumps({"spec": {"template": template}}))


def crowd_in():
    """The app's Pods keep away from one another, and others select them by their labels."""
    step("An app with a required anti-affinity on one node, a native sidecar, two PodDisruptionBudgets and a Service")
    for name in ("web", "worker"):
        # On one node the old Pod has to go before the new one comes.
        rolling = {"rollingUpdate": {"maxSurge": 0, "maxUnavailable": 1}}
        SHOP.kubectl("patch", "deployment/" + name, "-p", json.dumps({"spec": {"strategy": rolling}}))
        away = {"labelSelector": {"matchLabels": {"app": name}}, "topologyKey": "kubernetes.io/hostname"}
        pod = {
            "affinity": {"podAntiAffinity": {"requiredDuringSchedulingIgnoredDuringExecution": [away]}},
            "initContainers": [proxy()],
        }
        patch_template(name, pod, {"example.org/inject": "yes"})
    for name, budget in (("at-most", {"maxUnavailable": 1}), ("percent", {"minAvailable": "50%"})):
        SHOP.make("policy/v1", "PodDisruptionBudget", name, {"selector": {"matchLabels": {"app": "web"}}, **budget})
    SHOP.make(
        "v1",
        "Service",
        "everyone",
        {"selector": {"app": "web"}, "publishNotReadyAddresses": True, "ports": [{"port": 80, "targetPort": 8000}]},
    )
    SHOP.wait_for_release("v1")


def rolls_out(deployment):
    spec, status = deployment["spec"], deployment["status"]
    counts = [status.get(name, 0) for name in ("replicas", "updatedReplicas", "availableReplicas")]
    return (
        not spec.get("paused")
        and status["observedGeneration"] == deployment["metadata"]["generation"]
        and counts == [spec["replicas"]] * 3
    )


@contextlib.contextmanager
def next_release():
    """Of the same image: until the record of another one has succeeded, and both Deployments run what they ask for."""
    before = SHOP.releases()[-1]["metadata"]["name"]
    yield

    def probe():
        newest = SHOP.releases()[-1]
        is_next = newest["metadata"]["name"] != before and newest["status"].get("outcome") == "Succeeded"
        return is_next and all(map(rolls_out, SHOP.items("deployment")))

    wait_for("the next release to have succeeded", probe)


def pod_of(job):
    name = job["metadata"]["name"]
    (pod,) = world.api().list("pod", SHOP.space, labelSelector="job-name=" + name)
    return pod


def addresses():
    """Of the Pods that the Service sends to."""
    slices = world.api().list("endpointslice", SHOP.space, labelSelector="kubernetes.io/service-name=everyone")
    return {
        address for found in slices for endpoint in found.get("endpoints") or [] for address in endpoint["addresses"]
    }


def budgets():
    """What keeps a PodDisruptionBudget from being reckoned, by its name."""
    return {
        budget["metadata"]["name"]: [
            c["message"] for c in budget["status"]["conditions"] if c["reason"] == "SyncFailed"
        ]
        for budget in SHOP.items("poddisruptionbudget")
    }


def latest(kind="migrate"):
    return max(SHOP.jobs(kind), key=lambda job: job["metadata"]["creationTimestamp"])


def watched_migration(change, look):
    """Calls `look` with the migration's Pod while it is inside its ALTER TABLE."""
    with migration_waits_inside(SHOP) as reached:
        change()
        reached()
        look(pod_of(latest()))


def nobody_takes_it_for_one_of_the_apps(pod):
    labels = pod["metadata"]["labels"]
    show("labels: %s" % labels)
    require("it lacks the label that selects the app's Pods", "app" not in labels, labels)
    require("it has a node beside the app's Pod", pod["spec"].get("nodeName"))
    require("the annotation is kept", pod["metadata"]["annotations"]["example.org/inject"] == "yes")
    (sidecar,) = pod["status"]["initContainerStatuses"]
    require("its sidecar runs", "running" in sidecar["state"], sidecar)
    own = {found["status"]["podIP"] for found in SHOP.items("pod") if found["metadata"]["labels"].get("app") == "web"}
    require("the Service sends to the app's Pod alone", addresses() == own, (addresses(), own))
    require("both budgets are reckoned", budgets() == {"at-most": [], "percent": []}, budgets())


def beside_the_app():
    step("Version 2: its migration's Pod runs beside them, and nobody takes it for one of the app's")
    watched_migration(lambda: SHOP.upgrade("v2"), nobody_takes_it_for_one_of_the_apps)
    SHOP.wait_for_release("v2")
    require("the finished Pod disturbs no budget", budgets() == {"at-most": [], "percent": []}, budgets())


def configure(**spec):
    SHOP.kubectl("patch", "djdb/shop", "--type=merge", "-p", json.dumps({"spec": spec}))


def take_back(migration):
    """So that the next Job has it to do again."""
    SHOP.sql("delete from django_migrations where app = 'orders' and name = '%s'" % migration)
    SHOP.sql("alter table orders_order drop column reference")


def release_again(marker):
    """The same image in another environment is another release."""
    SHOP.kubectl("set", "env", "deployment/web", "deployment/worker", "MARKER=" + marker)


def everybody_takes_it_for_one(pod):
    require("it has the app's label", pod["metadata"]["labels"]["app"] == "web")
    wait_for("the Service to send to it", lambda: pod["status"]["podIP"] in addresses())
    show("the Service sends to the Job's Pod as well: %s" % addresses())


def with_all_labels():
    step("podLabels.policy Keep, which a NetworkPolicy may need: the same Service sends to the Job's Pod")
    for name in ("web", "worker"):  # the running Pods' anti-affinity keeps away what has their labels
        patch_template(name, {"affinity": None})
    wait_for("both to run without it", lambda: all(map(rolls_out, SHOP.items("deployment"))))
    configure(app={"podLabels": {"policy": "Keep", "add": {"example.org/team": "shop"}}})
    take_back("0002_reference")
    with next_release():
        watched_migration(lambda: release_again("labels"), everybody_takes_it_for_one)
    require("the added label is there", pod_of(latest())["metadata"]["labels"]["example.org/team"] == "shop")
    configure(app={"podLabels": None})


def with_its_own_things():
    step("An entry point, an init container that is kept, a folder and resources of the migration's own")
    configure(
        app={"entrypoint": ["env", "ENTERED=yes"], "keepContainers": ["settings"]},
        migrations={
            "volumes": [{"name": "scratch", "mountPath": "/scratch", "sizeLimit": "16Mi"}],
            "resources": {"requests": {"cpu": "10m"}, "limits": {"memory": "512Mi"}},
        },
    )
    with next_release():
        for name in ("web", "worker"):
            patch_template(name, {"initContainers": [helper("settings", "true"), proxy()]})
    pod = pod_of(latest())
    (container,) = pod["spec"]["containers"]
    require("the entry point stands before the program", container["command"][:3] == ["env", "ENTERED=yes", "python3"])
    require("the migration's own limits hold", container["resources"]["limits"]["memory"] == "512Mi")
    require("its folder is mounted", "/scratch" in [mount["mountPath"] for mount in container["volumeMounts"]])
    names = [found["name"] for found in pod["spec"]["initContainers"]]
    require("the init container and the sidecar go along", names == ["settings", "proxy"], names)


def serving():
    """The Deployments' Pods that are not to end."""
    return {
        pod["metadata"]["name"]
        for pod in SHOP.items("pod")
        if "pod-template-hash" in pod["metadata"]["labels"] and "deletionTimestamp" not in pod["metadata"]
    }


def failing_init_container():
    step("An init container that is kept and fails: it is named, and the old Pods serve")
    before = serving()
    for name in ("web", "worker"):
        patch_template(name, {"initContainers": [helper("settings", "false"), proxy()]})
    found = SHOP.wait_for_condition(
        "PreflightPassed", "False", words='init container "settings" ended with exit code 1'
    )
    show("it says: " + found["message"])
    require("the same Pods serve", serving() == before, (serving(), before))
    for name in ("web", "worker"):
        patch_template(name, {"initContainers": [helper("settings", "true"), proxy()]})
    wait_for("both to run as before", lambda: all(map(rolls_out, SHOP.items("deployment"))))


def main():
    world.enter()
    remove()
    step("Version 1")
    operator_pod.ensure()
    SHOP.server.make([SHOP.space])
    SHOP.apply("namespace", "djangodatabase", "service", "deployments")
    SHOP.wait_for_release("v1")
    crowd_in()
    beside_the_app()
    with_all_labels()
    with_its_own_things()
    failing_init_container()


def remove():
    remove_shops(SHOP)
    SHOP.server.remove()


if __name__ == "__main__":
    tell(main, remove)
