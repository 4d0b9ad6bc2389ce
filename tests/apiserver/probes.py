"""In the place of the kubelet for what tries an app out in one namespace: each starts, and says what it is to say.

Those are the probes of the pre-flight, and what proves a release once it has rolled out.
"""

import datetime
import json
import threading

from kube_api import Refused

LABEL = "djangodb.io/job-kind in (%s)"
PASSED = {
    "v": 1,
    "kind": "probe",
    "ok": True,
    "reason": None,
    "message": "Django 5.2 with psycopg 3.2 reads and writes the database over TLS",
    "leaves": ["orders.0001_initial"],
    "recorded_in": "public",
    "warnings": [],
}


# A migration is pending of which nothing is to be said.
PENDING = {
    **PASSED,
    "plan_digest": "4fde2fb8321362f4",
    "planned": "0a0b0c0d0e0f1011",
    "destructive": [],
    "destructive_count": 0,
    "incompatible": [],
    "incompatible_count": 0,
}
VERIFIED = {
    "v": 1,
    "kind": "verify",
    "ok": True,
    "reason": None,
    "message": "Django 5.2 with psycopg 3.2 reads all 3 tables of its models and writes django_session over TLS",
}


def failure(reason):
    return {**PASSED, "ok": False, "reason": reason, "message": "as the test wants it"}


def now():
    return datetime.datetime.now(datetime.UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def status_of(container):
    return {"name": container, "image": "", "imageID": "", "restartCount": 0, "ready": False}


def end_pod(api, pod, exit_code, answer, container="app"):
    """Its container has ended so."""
    name, space = pod["metadata"]["name"], pod["metadata"]["namespace"]
    ended = {
        "exitCode": exit_code,
        "reason": "Error" if exit_code else "Completed",
        "message": json.dumps(answer),
        "startedAt": now(),
        "finishedAt": now(),
    }
    status = {
        "phase": "Failed" if exit_code else "Succeeded",
        "containerStatuses": [{**status_of(container), "state": {"terminated": ended}}],
    }
    api.call("PATCH", api.path("pod", space, name) + "/status", {"status": status}, "application/merge-patch+json")


class Probes:
    """Each passes as soon as its Pod is made, until stop()."""

    INTERVAL_SECONDS = 0.2

    def __init__(self, api, space, kinds="probe, verify"):
        self._api = api
        self._space = space
        self._label = LABEL % kinds
        self._stopped = threading.Event()
        self._thread = threading.Thread(target=self._serve, daemon=True)
        self._thread.start()

    def stop(self):
        self._stopped.set()
        self._thread.join()

    def _serve(self):
        while not self._stopped.wait(self.INTERVAL_SECONDS):
            for pod in self._api.list("pod", self._space, labelSelector=self._label):
                if pod["status"].get("phase") == "Pending" and "deletionTimestamp" not in pod["metadata"]:
                    self._let_pass(pod)

    def _let_pass(self, pod):
        try:
            is_probe = pod["metadata"]["labels"]["djangodb.io/job-kind"] == "probe"
            end_pod(self._api, pod, 0, PASSED if is_probe else VERIFIED)
        except Refused as refusal:
            if refusal.code not in (404, 409):  # it is gone, or somebody else wrote: the next look tells
                raise
