"""Images that can't be released, and users who do it otherwise than meant: each has a reason of its own, and a way out.

An image that does not exist, a volume that does not, an image without Django, a wrong password, an image whose Pods
never become ready; two images together; a user's own pause; a plan that is to be approved; a Deployment that gets its
label when its image is already wanted. The old Pods serve through all of it.
"""

import json
import pathlib
import re
import sys

sys.path += [str(pathlib.Path(__file__).resolve().parents[1] / folder) for folder in ("support/python", "cluster")]
import operator_pod
import world
from install import Server, wait_for_approvals
from postgres import Postgres
from shop import Shop, image, remove as remove_shops
from story import require, show, step, tell
from wait import PATIENCE, wait_for

SHOP = Shop("gallery", Server("gallery", Postgres()), replicas=1)
LABEL = "djangodb.io/database"
# A condition says within 10 s what is wrong; what is above is for a busy machine.
QUICK = 30


def refused(version, condition, reason, *deployments, seconds=PATIENCE):
    """Asks for `version` and requires that it stays out."""
    stays_out(lambda: SHOP.upgrade(version, *deployments), condition, reason, seconds=seconds)


def stays_out(ask, condition, reason, words="", seconds=PATIENCE):
    """Same Pods, same schema, and a condition that has `words` in its message."""
    pods, migrations = SHOP.pods(), SHOP.sql("select count(*) from django_migrations")
    ask()
    found = SHOP.wait_for_condition(condition, "False", reason, seconds, words)
    show("it says: " + found["message"])
    require("the same Pods serve", SHOP.pods() == pods)
    require("the schema is as it was", SHOP.sql("select count(*) from django_migrations") == migrations)


def released(version):
    SHOP.upgrade(version)
    SHOP.wait_for_release(version)
    show("ok: %s went through" % version)


def missing_image():
    step("An image that does not exist, then the one that was meant")
    refused("v1-typo", "PreflightPassed", "PreflightJobStuck")
    released("v1")
    wait_for("the Job that never started to be gone", lambda: not SHOP.jobs_of("v1-typo", "probe"))
    show("ok: the Job that never started is gone")


def patch_template(volume, mount, version):
    """One write for each Deployment."""
    container = {
        "name": "app",
        "image": image(version),
        "volumeMounts": [{"mountPath": "/tls", "name": "tls", **mount}],
    }
    pod = {"volumes": [{"name": "tls", **volume}], "containers": [container]}
    for name in ("web", "worker"):
        SHOP.kubectl("patch", "deployment/" + name, "-p", json.dumps({"spec": {"template": {"spec": pod}}}))


def missing_volume():
    step("A template that mounts a Secret that does not exist, then the one of before")
    secret = "web-tls-7h2k9"  # the kubelet names it
    stays_out(
        lambda: patch_template({"secret": {"secretName": secret}}, {}, "v2"),
        "PreflightPassed",
        "PreflightJobStuck",
        secret,
    )
    patch_template({"$patch": "delete"}, {"$patch": "delete"}, "v1")
    SHOP.wait_for_release("v1")
    wait_for("the Job that never started to be gone", lambda: not SHOP.jobs_of("v2", "probe"))


def image_without_django():
    step("An image without Django")
    refused("no-django", "PreflightPassed", "DjangoMissing")


def wrong_password():
    step("A template with a password of its own, and back")
    released("v1")
    both = ("deployment/web", "deployment/worker")
    stays_out(
        lambda: SHOP.kubectl("set", "env", *both, "DB_PASSWORD=of-last-year"),
        "PreflightPassed",
        "AuthFailed",
        "read DB_USER and DB_PASSWORD from the Secret",
    )
    SHOP.kubectl("set", "env", *both, "DB_PASSWORD-")
    SHOP.wait_for_release("v1")


def failing_migration():
    step("A migration that fails, and the user who tries it again as the message says")
    refused("v2-broken", "MigrationsApplied", "MigrationFailed")
    failed = SHOP.read("job", SHOP.jobs_of("v2-broken")[0])
    SHOP.kubectl("delete", "job", failed["metadata"]["name"])

    def tried_again():
        job = SHOP.read("job", failed["metadata"]["name"])
        return job and job["metadata"]["uid"] != failed["metadata"]["uid"] and job["status"].get("failed")

    wait_for("the Job to be tried again", tried_again)
    SHOP.wait_for_condition("Stalled", "True", "MigrationFailed")
    released("v1")


def two_images():
    step("One Deployment of the two gets version 2")
    refused("v2", "Gated", "ImagesDiverge", "web", seconds=QUICK)
    tried = SHOP.jobs_of("v2", "probe") + SHOP.jobs_of("v2")
    require("nothing was tried", not tried, tried)
    SHOP.upgrade("v1", "web")
    SHOP.wait_for_release("v1")


def users_pause():
    step("A user pauses a Deployment, version 2 comes, the user resumes it")
    set_migrations(incompatible="Approve")
    SHOP.kubectl("rollout", "pause", "deployment/worker")
    SHOP.wait_for_condition("Gated", "False", "PausedByUser", QUICK)
    refused("v2", "Gated", "PausedByUser", seconds=QUICK)
    tried = SHOP.jobs_of("v2", "probe") + SHOP.jobs_of("v2")
    require("nothing was tried", not tried, tried)
    SHOP.kubectl("rollout", "resume", "deployment/worker")


def set_migrations(**fields):
    SHOP.kubectl("patch", "djdb", "shop", "--type=merge", "-p", json.dumps({"spec": {"migrations": fields}}))


def plan_to_be_approved():
    step("Version 2 runs code over rows, which the resource wants approved")
    found = SHOP.wait_for_condition("PlanApproved", "False", "ApprovalRequired")
    show("it says: " + found["message"])
    require("nothing was migrated", not SHOP.jobs_of("v2") and SHOP.times_applied("0002_reference") == 0)
    plan = SHOP.releases()[-1]["status"]["plan"]
    show(json.dumps(plan, indent=2))
    (planned,) = plan["migrations"]
    require("the plan names it", planned["name"] == "orders.0002_reference", planned)
    require("and what is locked", planned["lock"] == "ACCESS EXCLUSIVE" and "orders_order (" in planned["tables"])
    require("and that code runs", "runs code" in planned["effects"], planned)
    wait_for_approvals()
    set_migrations(approvedPlan=plan["digest"])
    SHOP.wait_for_release("v2")
    require("0002 is applied once", SHOP.times_applied("0002_reference") == 1)


def pods_that_never_become_ready():
    step("An image whose migrations pass and whose Pods never become ready")
    deadline = '{"spec": {"progressDeadlineSeconds": %d}}'
    SHOP.kubectl("patch", "deployment/web", "--type=merge", "-p", deadline % 10)
    before = SHOP.pods()
    SHOP.upgrade("unready")
    # It is of version 1, and 0002 is applied by now.
    found = SHOP.wait_for_condition("PlanApproved", "False", "RollbackUnsafe")
    show("it says: " + found["message"])
    require("it is held", SHOP.pods() == before, SHOP.pods())
    (taken_on,) = re.findall('spec.migrations.approvedPlan: "([0-9a-f]{16})"', found["message"])
    set_migrations(approvedPlan=taken_on)
    found = SHOP.wait_for_condition("RolledOut", "False", "RolloutTimedOut")
    show("it says: " + found["message"])
    require("the old Pod still serves", set(before) & set(SHOP.pods()), SHOP.pods())
    SHOP.kubectl("patch", "deployment/web", "--type=merge", "-p", deadline % 600)
    released("v2")


def labelled_late():
    step("Deployments get their label when they already run an image that has not passed")
    both = ("deployment/web", "deployment/worker")
    SHOP.kubectl("label", *both, LABEL + "-")
    SHOP.upgrade("v2-broken")  # its migration has the name of one that is applied by now, so it has nothing to do
    for deployment in both:
        SHOP.kubectl("rollout", "status", deployment, "--timeout=120s")
    SHOP.kubectl("label", *both, LABEL + "=shop")
    found = SHOP.wait_for_condition("Gated", "False", "UngatedRollout", QUICK)
    show("it says: " + found["message"])
    SHOP.wait_for_condition("MigrationsApplied", "False", "MigrationFailed", QUICK)  # its Job of before still stands
    SHOP.kubectl("delete", "job", *SHOP.jobs_of("v2-broken"))
    SHOP.wait_for_release("v2-broken")


def main():
    world.enter()
    remove()
    step("Version 1")
    operator_pod.ensure()
    SHOP.server.make([SHOP.space])
    SHOP.apply("namespace", "djangodatabase", "service", "deployments")
    SHOP.wait_for_release("v1")
    with SHOP.requests() as requests:
        missing_image()
        missing_volume()
        image_without_django()
        wrong_password()
        failing_migration()
        two_images()
        users_pause()
        plan_to_be_approved()
        pods_that_never_become_ready()
        labelled_late()
    show(str(requests))
    require("no request failed in all this time", not requests.failures, requests.failures[:3])


def remove():
    remove_shops(SHOP)
    SHOP.server.remove()


if __name__ == "__main__":
    tell(main, remove)
