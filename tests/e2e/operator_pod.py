"""The operator in the cluster, which the stories share; its process on the node, and that one's sudden end."""

import json
import os
import pathlib
import signal

import install
import world
from local.settings import locked
from wait import Unmet, wait_for

PROGRAM = "djangodb-operator"


def ensure():
    """Installs it, at its most talkative, unless it serves like that: stories that run side by side share one."""
    held = locked(world.cluster_directory() / "run")
    try:
        found = world.read("deployment", PROGRAM, world.OPERATOR_NAMESPACE) or {"spec": None, "status": {}}
        if not found["status"].get("readyReplicas") or "--log-level=trace" not in json.dumps(found["spec"]):
            install.operator_pod("--set", "logLevel=trace")
    finally:
        os.close(held)


def remove():
    """Idempotent, and with every PostgresServer, so that what follows starts from nothing. Apps go before."""
    world.kubectl("delete", "pgserver", "--all", "--ignore-not-found", check=False)
    world.run("helm", "-n", install.SPACE, "uninstall", install.RELEASE, "--wait", check=False)
    world.kubectl("delete", "namespace", install.SPACE, "--ignore-not-found", "--timeout=90s", check=False)


def log():
    return world.kubectl("-n", world.OPERATOR_NAMESPACE, "logs", "deployment/" + PROGRAM, check=False)


def last_words():
    """Without what it says at its most talkative alone."""
    lines = [line for line in log().splitlines() if not any(level in line for level in ("trace", "debug"))]
    return "\n".join(lines[-40:])


def pod():
    pods = world.api().list("pod", world.OPERATOR_NAMESPACE, labelSelector="app.kubernetes.io/name=" + PROGRAM)
    return pods[0] if len(pods) == 1 else None


def container(found):
    statuses = found["status"].get("containerStatuses") or [{}]
    return statuses[0]


def pid_in(uid):
    """The process of that name whose cgroup is the Pod's."""
    for folder in pathlib.Path("/proc").glob("[0-9]*"):
        try:
            if (folder / "comm").read_text().strip() == PROGRAM[:15] and uid in (folder / "cgroup").read_text():
                return int(folder.name)
        except OSError:
            continue  # ended meanwhile
    return None


class Operator:
    """Finds the process ahead of time, so that `kill` is one system call."""

    def __init__(self):
        found = wait_for("the operator's Pod", pod)
        self.uid = found["metadata"]["uid"]
        self.restarts = container(found).get("restartCount", 0)
        self.pid = wait_for("the operator's process on this node", lambda: pid_in(self.uid))
        self.started = pathlib.Path("/proc/%d/stat" % self.pid).read_text().rsplit(")", 1)[1].split()[19]

    def kill(self):
        os.kill(self.pid, signal.SIGKILL)
        self.restarts += 1

    def wait_until_replaced(self):
        """Until the node runs another process of it; the kubelet has seen the first one's end by then."""
        dead = self.pid
        self.pid = wait_for("the kubelet to start the operator again", lambda: self._other(dead))

    def _other(self, dead):
        found = pid_in(self.uid)
        return found if found != dead else None

    def wait_until_ready(self):
        """Serving again in the same Pod, having ended by exit code 137 as often as it was killed."""

        def probe():
            found = pod()
            state = container(found) if found else {}
            return state if state.get("ready") and state.get("restartCount", 0) >= self.restarts else None

        state = wait_for("the operator to be ready again", probe)
        ended = state["lastState"]["terminated"]
        if ended["exitCode"] != 137 or state["restartCount"] != self.restarts:
            raise Unmet(
                "the operator ended by itself: exit code %d, %d restarts instead of %d"
                % (ended["exitCode"], state["restartCount"], self.restarts)
            )
