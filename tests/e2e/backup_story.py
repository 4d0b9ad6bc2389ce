"""A backup before each migration, and the way back by docs/backups.md, command by command as they stand there.

A claim on the node's disk; a dump that meets a table that it may not read, so that nothing is migrated; version 2 with
its dump; rows written behind it; and the restore of that dump, from which version 1 serves again.
"""

import json
import pathlib
import re
import subprocess
import sys
import tempfile

sys.path += [str(pathlib.Path(__file__).resolve().parents[1] / folder) for folder in ("support/python", "cluster")]
import operator_pod
import world
from install import Server
from postgres import Postgres
from shop import Shop, image, remove as remove_shops
from story import require, show, step, tell
from wait import PATIENCE, wait_for

SHOP = Shop("archive", Server("archive", Postgres()), replicas=1)
CLIENT = "localhost/postgres-client:15"
CLAIM = "shop-backups"
RUNBOOK = world.ROOT / "docs/backups.md"


def make_claim(folder):
    """On the disk of the only node, as a volume of some provisioner's would be."""
    folder.chmod(0o777)
    volume = {
        "apiVersion": "v1",
        "kind": "PersistentVolume",
        "metadata": {"name": SHOP.space},
        "spec": {
            "capacity": {"storage": "1Gi"},
            "accessModes": ["ReadWriteOnce"],
            "persistentVolumeReclaimPolicy": "Retain",
            "claimRef": {"namespace": SHOP.space, "name": CLAIM},
            "hostPath": {"path": str(folder)},
        },
    }
    world.apply(json.dumps(volume))
    SHOP.make(
        "v1",
        "PersistentVolumeClaim",
        CLAIM,
        {
            "accessModes": ["ReadWriteOnce"],
            "storageClassName": "",
            "volumeName": SHOP.space,
            "resources": {"requests": {"storage": "1Gi"}},
        },
    )


def backed_up(version, folder):
    """What the record of this version says of its dump, which is there and whole."""
    # The first image may have two: `web` alone is a release until `worker` is there too.
    records = [found for found in SHOP.releases() if found["spec"]["image"] == image(version)]
    record = next((found for found in records if "backup" in found["status"]), records[-1])
    kept = record["status"].get("backup", {})
    show(json.dumps(kept))
    require("its record names a dump on the claim", kept.get("claimName") == CLAIM, record["status"])
    dump = folder / kept["file"]
    require("which is there, with its size", dump.stat().st_size == kept["bytes"])
    done = subprocess.run(["sha256sum", "-c", dump.name + ".sha256"], cwd=folder, capture_output=True, check=False)
    require("and its checksum", done.returncode == 0, done.stderr)
    kinds = list(dict.fromkeys(made["kind"] for made in record["status"]["steps"]))
    require("it was made before the migration", kinds[:3] == ["Preflight", "Backup", "Migration"], kinds)
    return record["metadata"]["name"]


def first_version(folder):
    step("Version 1, with backups asked for")
    SHOP.apply("namespace")
    make_claim(folder)
    SHOP.server.make([SHOP.space])
    SHOP.apply("djangodatabase")
    backup = {"when": "BeforeMigrate", "claimName": CLAIM, "image": CLIENT}
    SHOP.kubectl("patch", "djdb", "shop", "--type=merge", "-p", json.dumps({"spec": {"backup": backup}}))
    SHOP.apply("deployments", "service")
    SHOP.wait_for_release("v1")
    backed_up("v1", folder)
    SHOP.sql(
        "insert into orders_order (customer, cents, shipped) values ('before', 100, false), ('before', 200, false)"
    )


def table_of_another():
    step("Version 2, and a table that the backup may not read")
    SHOP.sql("create table notes_of_the_dba (id int)")
    pods = SHOP.pods()
    SHOP.upgrade("v2")
    found = SHOP.wait_for_condition("BackupFresh", "False", "BackupRetrying", PATIENCE, "notes_of_the_dba")
    show("it says: " + found["message"])
    require("nothing was migrated", SHOP.times_applied("0002_reference") == 0 and not SHOP.jobs_of("v2"))
    require("the same Pods serve", SHOP.pods() == pods)
    SHOP.sql("drop table notes_of_the_dba")


def second_version(folder):
    step("It is dropped, and the backup tried again")
    SHOP.wait_for_release("v2")
    require("0002 is applied once", SHOP.times_applied("0002_reference") == 1)
    name = backed_up("v2", folder)
    left = [file.name for file in folder.iterdir() if file.name.endswith(".partial")]
    require("nothing of the failed attempt fills the claim", not left, left)
    return name


def blocks():
    """The commands of the runbook, block by block."""
    text = RUNBOOK.read_text()
    return re.findall(r"^```\n(.*?)^```", text[text.index("## Restore") :], re.MULTILINE | re.DOTALL)


def adapted(commands, folder, record):
    """To this story's namespace, database, image and record."""
    for written, here in (
        ("-n shop ", "-n %s " % SHOP.space),
        ("examples/shop/manifests/restore.yaml", str(folder / "restore.yaml")),
        ("djrel shop-2", "djrel " + record),
        ("--dbname=shop", "--dbname=" + SHOP.database),
        ("shop_owner", SHOP.database + "_owner"),
        ("app=shop:v1", "app=" + image("v1")),
    ):
        commands = commands.replace(written, here)
    return commands


def follow(commands):
    for line in commands.strip().splitlines():
        show("$ " + line)
    # The reader's shell; nothing of the operator's is in it.
    done = subprocess.run(["bash", "-euo", "pipefail", "-c", commands], capture_output=True, text=True, check=False)
    require("they succeed", done.returncode == 0, done.stdout + done.stderr)
    return done.stdout


def restore(folder, record):
    step("Rows are written behind it; then the dump is restored as docs/backups.md says")
    SHOP.sql("insert into orders_order (customer, cents, shipped, reference) values ('behind', 300, false, 'lost')")
    manifest = (world.ROOT / "examples/shop/manifests/restore.yaml").read_text()
    manifest = manifest.replace("namespace: shop", "namespace: " + SHOP.space).replace("postgres:16", CLIENT)
    (folder / "restore.yaml").write_text(manifest)
    which, stop, prepare, set_aside, _, load, release, tidy_up = blocks()
    run = [adapted(block, folder, record) for block in (which, stop, prepare + set_aside + load, release, tidy_up)]
    require("the list has the dump", record in follow(run[0]))
    follow(run[1])
    require("it observes", SHOP.wait_for_condition("Ready", "False", "ObserveOnly"))
    follow(run[2])
    require("the rows of before are back", customers() == ["before", "before"], customers())
    require("so is the schema of before", SHOP.times_applied("0002_reference") == 0)
    follow("\n".join(line for line in run[3].splitlines() if "rollout restart" not in line))
    SHOP.wait_for_release("v1")
    require("nothing was migrated for it", len(SHOP.jobs_of("v1")) <= 1 and SHOP.times_applied("0002_reference") == 0)
    with SHOP.requests() as requests:
        wait_for("version 1 to answer", lambda: "v1" in requests.versions)
        wait_for("ten requests", lambda: requests.sent >= 10)
    require("version 1 reads and writes: %s" % requests, not requests.failures, requests.failures[:3])
    follow(run[4])


def customers():
    return SHOP.sql("select customer from orders_order where customer <> 'demo' order by 1").split()


def main():
    world.enter()
    remove()
    operator_pod.ensure()
    with tempfile.TemporaryDirectory(prefix="djdb-claim-") as name:
        folder = pathlib.Path(name)
        first_version(folder)
        table_of_another()
        restore(folder, second_version(folder))


def remove():
    remove_shops(SHOP)
    world.kubectl("delete", "pv", SHOP.space, "--ignore-not-found", check=False)
    SHOP.server.remove()


if __name__ == "__main__":
    tell(main, remove)
