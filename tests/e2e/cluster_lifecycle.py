"""The local cluster's own scripts: a second `up` does nothing, a crashed one comes back, `down` leaves nothing.

Runs last: it stops the cluster that the stories used, and leaves it stopped. What is compared is the machine: its
processes, mounts, links, packet rules, kernel settings and files.
"""

import json
import os
import pathlib
import signal
import subprocess
import sys

sys.path += [str(pathlib.Path(__file__).resolve().parents[1] / folder) for folder in ("support/python", "cluster")]
import world
from local.processes import start_time
from local.settings import short_hash
from postgres import Postgres
from story import require, show, step, tell
from wait import wait_for

POSTGRES = Postgres()
CLUSTER = world.ROOT / "tests/cluster"
PROC = pathlib.Path("/proc")
# The API server's suite runs beside this one in a state directory of its own and ends when it likes.
OTHER_STAGE = world.cluster_directory() / "apiserver-suite"
SETTINGS = (
    "net/ipv4/ip_forward",
    "vm/overcommit_memory",
    "vm/panic_on_oom",
    "kernel/panic",
    "kernel/panic_on_oops",
    "kernel/keys/root_maxkeys",
    "kernel/keys/root_maxbytes",
)


def script(*command):
    said = world.run(str(CLUSTER / command[0]), *command[1:])
    show(said)
    return said


def asked(*command):
    """What a program of the host says, or nothing where it is not installed or refuses."""
    return subprocess.run(command, capture_output=True, text=True, check=False).stdout


def recorded():
    """The process ids that the scripts wrote down."""
    for folder in (world.cluster_directory() / "run", world.cluster_directory() / "postgres/run"):
        for file in folder.glob("*.pid"):
            yield int(file.read_text().split()[0])


def is_ours(folder):
    """A process of a Pod, a shim of our containerd, or one that PostgreSQL started in its data."""
    words = (folder / "cmdline").read_bytes().decode(errors="replace").split("\0")
    return (
        any("/djdb/" in line for line in (folder / "cgroup").read_text().splitlines())
        or ("shim" in words[0] and str(world.cluster_directory() / "containerd/containerd.sock") in words)
        or os.readlink(folder / "cwd").startswith(servers_home() + "/")
    )


def servers_home():
    """Where this PostgreSQL's data is; nothing when it is down."""
    file = world.cluster_directory() / "postgres/home"
    return file.read_text().strip() if file.exists() else str(world.cluster_directory() / "postgres")


def homes():
    """Where the servers of this state directory keep their data when it is closed to them; others' are others'."""
    ours = {short_hash(str(folder)) for folder in world.cluster_directory().glob("postgres*")}
    ours.add(short_hash(str(world.cluster_directory() / "postgres")))
    return sorted(
        str(path) for path in pathlib.Path("/var/tmp").glob("djdb-postgres-*") if path.name.rpartition("-")[2] in ours
    )


def processes():
    """The cluster's, by what was recorded and by where they belong; nothing of anybody else's has a part in that."""
    found, known = {}, set(recorded())
    for folder in PROC.glob("[0-9]*"):
        try:
            if int(folder.name) in known or is_ours(folder):
                found[int(folder.name)] = (folder / "cmdline").read_text(errors="replace").replace("\0", " ")
        except OSError:
            continue  # ended meanwhile
    return found


def mounts():
    return [line.split()[4] for line in (PROC / "self/mountinfo").read_text().splitlines()]


def machine():
    """Everything outside of the state directory that the scripts may touch."""
    rules = json.loads(asked("nft", "--json", "--stateless", "list", "ruleset") or '{"nftables": []}')["nftables"]
    return {
        "processes": sorted(processes().values()),
        "mounts": [point for point in mounts() if "netns" in point or str(world.cluster_directory()) in point],
        "links": sorted(link["ifname"] for link in json.loads(asked("ip", "-json", "link"))),
        "routes": asked("ip", "route"),
        "packet rules": [rule for rule in rules if "metainfo" not in rule],
        "iptables": (PROC / "net/ip_tables_names").read_text() if (PROC / "net/ip_tables_names").exists() else "",
        "kernel settings": [(PROC / "sys" / name).read_text() for name in SETTINGS if (PROC / "sys" / name).exists()],
        "cgroups": sorted(str(path) for path in pathlib.Path("/sys/fs/cgroup").glob("**/djdb")),
        "state directory": sorted(path.name for path in world.cluster_directory().glob("*") if path != OTHER_STAGE),
        "PostgreSQL's homes": homes(),
        "shims' sockets": sorted(str(path) for path in pathlib.Path("/run/containerd/s").glob("*")),
        "container logs": sorted(str(path) for path in pathlib.Path("/var/log/containers").glob("*")),
    }


def differences(found, wanted):
    return "\n".join(
        "%s:\n  is     %s\n  was    %s" % (subject, found[subject], wanted[subject])
        for subject in wanted
        if found[subject] != wanted[subject]
    )


def down():
    script("postgres", "down", "--all")
    script("down")


def up():
    said = script("up") + script("postgres", "up")
    world.enter()
    return said


def start_a_pod():
    """Something for a crash to leave behind: a container of an image that every local cluster has."""
    image = "--image=localhost/djdb-pause:1"
    world.kubectl("run", "left-behind", image, "--image-pull-policy=Never", "--restart=Never")
    wait_for("the Pod to run", lambda: world.read("pod", "left-behind", "default")["status"].get("phase") == "Running")


def second_up_does_nothing():
    step("A second up does nothing")
    before = processes()
    said = up()
    require("both say so", said.count("already up") == 2, said)
    require("every process is the one it was", processes() == before, set(processes()) ^ set(before))


def crash():
    """Ends every process of the cluster, of its Pods and of PostgreSQL together, and nothing else."""
    step("All of it is killed by SIGKILL, and up brings it back with its data")
    world.kubectl("create", "configmap", "remembered", "--from-literal=a=b")
    POSTGRES.sql("CREATE DATABASE remembered")
    start_a_pod()
    victims = processes()
    for pid in victims:
        try:
            os.kill(pid, signal.SIGKILL)
        except ProcessLookupError:
            continue  # its parent's end was its own
    wait_for("all %d processes to be gone" % len(victims), lambda: not set(victims) & set(processes()), 30)
    up()
    require("what was in Kubernetes is there", world.read("configmap", "remembered", "default")["data"] == {"a": "b"})
    databases = POSTGRES.sql("select datname from pg_database").split()
    require("what was in PostgreSQL is there", "remembered" in databases, databases)
    second_up_does_nothing()


def main():
    step("Stopping what is there")
    down()
    before = machine()
    require("nothing runs", not before["processes"] and not before["cgroups"], before["processes"])
    step("Starting from nothing")
    up()
    second_up_does_nothing()
    crash()
    step("Stopping it leaves nothing")
    ran = processes()
    down()
    left = [line for pid, line in ran.items() if start_time(pid)]
    require("no process is left", not left, left)
    after = machine()
    require("the machine is as it was", after == before, differences(after, before))
    require("down does nothing when nothing is there", "nothing to stop" in script("down"))


if __name__ == "__main__":
    tell(main)
