"""The node is lost in the midst of a migration, and what runs on it neither ends nor lets go of its locks.

The kubelet is stopped, and with it the migration's own processes: the kernel goes on answering for their connection, so
that PostgreSQL has no reason to end it. In the end the node comes back, and the processes go on.
"""

import contextlib
import os
import pathlib
import signal
import sys

sys.path += [str(pathlib.Path(__file__).resolve().parents[1] / folder) for folder in ("support/python", "cluster")]
import operator_pod
import world
from install import Server
from local.processes import Programs, start_time
from moments import migration_waits_inside
from postgres import Postgres
from shop import Shop, remove as remove_shops
from story import require, show, step, tell
from wait import wait_for

SERVER = Server("lost-node", Postgres())
SHOP = Shop("lost-node", SERVER, replicas=1)
LOGIN = SHOP.database + "_migrate"


def kubelet():
    return Programs(world.cluster_directory()).pid("kubelet")


def processes_of(pod):
    """Of its containers; the one that holds its network is not of them."""
    uid = pod["metadata"]["uid"]
    for folder in pathlib.Path("/proc").glob("[0-9]*"):
        with contextlib.suppress(OSError):  # it has ended
            cgroup = (folder / "cgroup").read_text().replace("_", "-")
            if uid in cgroup and "python" in (folder / "cmdline").read_text():
                yield int(folder.name)


def is_migration_that_runs(pod):
    return pod["metadata"]["labels"].get("djangodb.io/job-kind") == "migrate" and pod["status"]["phase"] == "Running"


def signal_all(pids, number):
    for pid in pids:
        with contextlib.suppress(ProcessLookupError):
            os.kill(pid, number)


def sessions():
    query = "SELECT pid, state FROM pg_stat_activity WHERE usename = '%s' ORDER BY pid" % LOGIN
    return SERVER.postgres.sql(query)


def lose_node():
    """Returns the migration's Job, its Pod and the Pod's processes."""
    step("The node is lost while the migration of version 2 is inside its ALTER TABLE")
    with migration_waits_inside(SHOP) as reached:
        SHOP.upgrade("v2")
        reached()
        pod = next(filter(is_migration_that_runs, SHOP.items("pod")))
        pids = list(processes_of(pod))
        require("its processes are found", pids)
        signal_all([kubelet(), *pids], signal.SIGSTOP)
    wait_for("the server to have altered the table for nobody", lambda: "idle in transaction" in sessions(), 60)
    show("PostgreSQL has: %s" % sessions())
    return pod["metadata"]["labels"]["job-name"], pod, pids


def tell_user(job, pod):
    step("Its Pod is to go, and nobody says that it went")
    name = pod["metadata"]["name"]
    SHOP.kubectl("delete", "pod", name, "--wait=false")
    found = SHOP.wait_for_condition("MigrationsApplied", "False", "MigrationPodLost")
    show(found["message"])
    require("it names the Pod", name in found["message"])
    require("it names the node", pod["spec"]["nodeName"] in found["message"])
    require("it names the command", "kubectl delete job " + job in found["message"])
    require("it is Stalled", SHOP.condition("Stalled")["status"] == "True")
    require("the session is left alone: it may be underway", "idle in transaction" in sessions())
    require("the image is held", SHOP.read("deployment", "web")["spec"]["paused"])


def give_up(job):
    step("The user gives the Pod up, as the message says")
    before = sessions()
    SHOP.kubectl("delete", "job", job, "--wait=false")
    wait_for("the session to be ended", lambda: sessions() != before and "idle in transaction" not in sessions())
    wait_for("the next attempt's Job", SHOP.jobs)
    require("the table is free", int(SHOP.sql("select count(*) from orders_order")) >= 0)
    require("nothing of the earlier attempt is applied", SHOP.times_applied("0002_reference") == 0)


def come_back(pids):
    step("What was lost goes on, and the node comes back")
    since = SERVER.postgres.mark()
    signal_all(pids, signal.SIGCONT)
    wait_for("the earlier attempt's processes to end", lambda: not any(map(start_time, pids)))
    require("0002 is not applied by it", SHOP.times_applied("0002_reference") == 0)
    os.kill(kubelet(), signal.SIGCONT)
    SHOP.wait_for_release("v2")
    require("0002 is applied once", SHOP.times_applied("0002_reference") == 1)
    altered = [line for line in SERVER.postgres.logged(since).splitlines() if 'ADD COLUMN "reference"' in line]
    require("the server added its column once", sum("@%s " % SHOP.database in line for line in altered) == 1, altered)
    with SHOP.requests() as requests:
        wait_for("version 2 to answer 20 requests", lambda: requests.sent > 20, 60)
    require("version 2 serves", requests.versions == {"v2"}, requests.versions)


def main():
    world.enter()
    remove()
    operator_pod.ensure()
    SERVER.make([SHOP.space])
    step("Version 1 serves")
    SHOP.apply("namespace", "djangodatabase", "service", "deployments")
    SHOP.wait_for_release("v1")
    job, pod, pids = lose_node()
    try:
        tell_user(job, pod)
        give_up(job)
        come_back(pids)
    finally:
        signal_all([kubelet(), *pids], signal.SIGCONT)


def remove():
    os.kill(kubelet(), signal.SIGCONT)
    remove_shops(SHOP)
    SERVER.remove()


if __name__ == "__main__":
    tell(main, remove)
