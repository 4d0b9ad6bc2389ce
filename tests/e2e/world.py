"""The real things an end-to-end run needs, as functions: kubectl, helm, PostgreSQL, requests through a Service."""

import base64
import json
import os
import pathlib
import subprocess
import threading
import time
import urllib.request

ROOT = pathlib.Path(__file__).resolve().parents[2]
OPERATOR_NAMESPACE = "djangodb-system"


class Unmet(Exception):
    """Something is not as claimed."""


def shell_exports(*command):
    """The environment that `command` prints as export lines."""
    lines = subprocess.run(command, check=True, capture_output=True, text=True).stdout
    script = lines + "\nenv -0"
    output = subprocess.run(["bash", "-c", script], check=True, capture_output=True).stdout
    return dict(line.split("=", 1) for line in output.decode().split("\0") if "=" in line)


def enter():
    """Puts the local cluster's kubeconfig and tools into this process's environment (DJDB_CLUSTER=current: the user's)."""
    if os.environ.get("DJDB_CLUSTER") != "current":
        os.environ.update(shell_exports(str(ROOT / "tests/cluster/env")))
    os.environ.update(shell_exports(str(ROOT / "tests/cluster/postgres"), "env"))


def run(*command, stdin=None, check=True):
    done = subprocess.run(command, input=stdin, capture_output=True, text=True, check=False)
    if check and done.returncode != 0:
        raise Unmet("%s failed:\n%s%s" % (" ".join(command[:6]), done.stdout, done.stderr))
    return done.stdout


def kubectl(*arguments, stdin=None, check=True):
    return run("kubectl", *arguments, stdin=stdin, check=check)


def read(kind, name, namespace="shop"):
    text = kubectl("-n", namespace, "get", kind, name, "-o", "json", "--ignore-not-found")
    return json.loads(text) if text.strip() else None


def apply(text):
    return kubectl("apply", "-f", "-", stdin=text)


def secret(name, namespace, **values):
    data = {key: base64.b64encode(value.encode()).decode() for key, value in values.items()}
    return json.dumps(
        {"apiVersion": "v1", "kind": "Secret", "metadata": {"name": name, "namespace": namespace},
         "data": {key.replace("_", "."): value for key, value in data.items()}}
    )


def condition(resource, kind):
    for found in ((resource or {}).get("status") or {}).get("conditions") or []:
        if found["type"] == kind:
            return found
    return {}


def wait_for(what, probe, seconds=120):
    """Polls `probe` until it returns something true."""
    deadline = time.monotonic() + seconds
    last = None
    while time.monotonic() < deadline:
        last = probe()
        if last:
            return last
        time.sleep(0.3)
    raise Unmet("waited %d s for %s" % (seconds, what))


def wait_for_condition(kind, status, reason=None, name="shop", seconds=120):
    def probe():
        found = condition(read("djdb", name), kind)
        return found if found.get("status") == status and reason in (None, found.get("reason")) else None

    try:
        return wait_for("%s=%s %s" % (kind, status, reason or ""), probe, seconds)
    except Unmet as error:
        raise Unmet("%s\n%s" % (error, kubectl("-n", "shop", "describe", "djdb", name, check=False))) from None


def sql(statement, database="postgres"):
    """As the test's superuser over the Unix socket; the operator never has it."""
    return run(
        "psql", "-XAtq", "-h", os.environ["DJDB_PG_SOCKET"], "-p", os.environ["DJDB_PG_PORT"], "-U", "postgres",
        "-d", database, "-c", statement,
    ).strip()


def set_image(version):
    return kubectl("-n", "shop", "set", "image", "deployment/web", "deployment/worker", "app=localhost/shop:" + version)


class Requests:
    """Sends requests through the Service until stopped, and counts."""

    def __init__(self, address):
        self.address = address
        self.sent = 0
        self.failures = []
        self.versions = set()
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._loop, daemon=True)

    def __enter__(self):
        self._thread.start()
        return self

    def __exit__(self, *_):
        self._stop.set()
        self._thread.join(30)

    def _loop(self):
        while not self._stop.wait(0.03):
            self.sent += 1
            try:
                post = self.sent % 2
                path, body = ("/orders", b'{"customer": "demo", "cents": 250}') if post else ("/orders/count", None)
                with urllib.request.urlopen("http://%s%s" % (self.address, path), body, timeout=10) as answer:
                    self.versions.add(json.load(answer)["version"])
            except Exception as error:  # every kind of failure counts
                self.failures.append("%s: %s" % (type(error).__name__, error))
