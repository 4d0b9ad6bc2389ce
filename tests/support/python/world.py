"""The real things an end-to-end run needs, as functions: kubectl, helm, PostgreSQL."""

import base64
import json
import os
import pathlib
import subprocess
import time

ROOT = pathlib.Path(__file__).resolve().parents[3]
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
    """Puts the local cluster's kubeconfig and tools into the environment (DJDB_CLUSTER=current: the user's)."""
    if os.environ.get("DJDB_CLUSTER") != "current":
        os.environ.update(shell_exports(str(ROOT / "tests/cluster/env")))
    os.environ.update(shell_exports(str(ROOT / "tests/cluster/postgres"), "env"))


def environment(name):
    return os.environ.get(name, "")


def cluster_directory():
    """Where the local cluster keeps its logs and sockets."""
    return pathlib.Path(environment("DJDB_CLUSTER_DIR") or ROOT / ".cluster").absolute()


def run(*command, stdin=None, check=True):
    done = subprocess.run(command, input=stdin, capture_output=True, text=True, check=False)
    if check and done.returncode != 0:
        raise Unmet("%s failed:\n%s%s" % (" ".join(command[:6]), done.stdout, done.stderr))
    return done.stdout


def kubectl(*arguments, stdin=None, check=True):
    return run("kubectl", *arguments, stdin=stdin, check=check)


def read(kind, name, namespace="default"):
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


PSQL = ["psql", "-XAtq", "-v", "ON_ERROR_STOP=1", "-U", "postgres"]


def psql(database):
    """The test's superuser, by the Unix socket; the operator never has it."""
    return [*PSQL, "-h", environment("DJDB_PG_SOCKET"), "-p", environment("DJDB_PG_PORT"), "-d", database]


def sql(statement, database="postgres"):
    return run(*psql(database), "-c", statement).strip()


def postgres_log():
    return pathlib.Path(environment("DJDB_PG_CA")).parent / "log"


class Session:
    """A superuser's session that stays: for a question that is asked often, or a lock that is held for a while."""

    def __init__(self, database="postgres"):
        self._psql = subprocess.Popen(
            psql(database), stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self._psql.stdin.close()
        self._psql.wait(30)

    def ask(self, statement):
        """The lines of the answer."""
        self._psql.stdin.write(statement + ";\n\\echo --\n")
        self._psql.stdin.flush()
        lines = []
        for line in self._psql.stdout:
            if line == "--\n":
                return "".join(lines).strip()
            lines.append(line)
        raise Unmet("%s: %s" % (statement, self._psql.stderr.read()))
