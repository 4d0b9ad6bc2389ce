"""The real things that a test drives and reads: programs, kubectl, the API server. PostgreSQL is in postgres.py."""

import base64
import functools
import json
import os
import pathlib
import subprocess

from kube_api import Api
from wait import Unmet

ROOT = pathlib.Path(__file__).resolve().parents[3]
OPERATOR_NAMESPACE = "djangodb-system"
# No program that a test starts takes as long; one that hangs ends the test and not the day.
PROGRAM_SECONDS = 300


def shell_exports(*command):
    """The environment that `command` prints as export lines."""
    lines = subprocess.run(command, check=True, capture_output=True, text=True).stdout
    script = lines + "\nenv -0"
    output = subprocess.run(["bash", "-c", script], check=True, capture_output=True).stdout
    return dict(line.split("=", 1) for line in output.decode().split("\0") if "=" in line)


def enter():
    """Puts the local cluster's kubeconfig and tools into the environment (DJDB_CLUSTER=current: the user's)."""
    os.environ.update(shell_exports(str(ROOT / "tests/cluster/env")))


def environment(name):
    return os.environ.get(name, "")


def cluster_directory():
    """Where the local cluster keeps its logs and sockets."""
    return pathlib.Path(environment("DJDB_CLUSTER_DIR") or ROOT / ".cluster").absolute()


def run(*command, stdin=None, check=True, seconds=PROGRAM_SECONDS):
    try:
        done = subprocess.run(command, input=stdin, capture_output=True, text=True, check=False, timeout=seconds)
    except subprocess.TimeoutExpired:
        raise Unmet("%s did not end in %d s" % (" ".join(command[:6]), seconds)) from None
    if check and done.returncode != 0:
        raise Unmet("%s failed:\n%s%s" % (" ".join(command[:6]), done.stdout, done.stderr))
    return done.stdout


def kubectl(*arguments, stdin=None, check=True):
    return run("kubectl", *arguments, stdin=stdin, check=check)


def api():
    """The API server by HTTP: a question costs a hundredth of kubectl's, and tests ask often."""
    return _api(environment("KUBECONFIG"))


@functools.cache
def _api(_):
    return Api(json.loads(kubectl("config", "view", "--raw", "--minify", "--flatten", "-o", "json")))


def read(kind, name, namespace=None):
    """The object, or None; `kind` as in kube_api.GROUPS."""
    return api().read(kind, name, namespace)


def apply(text):
    return kubectl("apply", "-f", "-", stdin=text)


def secret(name, namespace, **values):
    data = {key: base64.b64encode(value.encode()).decode() for key, value in values.items()}
    return json.dumps(
        {
            "apiVersion": "v1",
            "kind": "Secret",
            "metadata": {"name": name, "namespace": namespace},
            "data": {key.replace("_", "."): value for key, value in data.items()},
        }
    )


def condition(resource, kind):
    for found in ((resource or {}).get("status") or {}).get("conditions") or []:
        if found["type"] == kind:
            return found
    return {}
