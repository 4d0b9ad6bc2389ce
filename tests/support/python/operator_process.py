"""The operator as a process of this machine, beside an API server without a node.

It comes in under the chart's own service account, by a token of it: what it may not do in a cluster it may not do here.
"""

import json
import pathlib
import re
import signal
import urllib.error
import urllib.request

import world
from local.processes import Programs
from local.settings import Settings, port

ACCOUNT = "djangodb-operator"
# How a sanitizer's report begins. The operator's own lines are JSON and begin with a brace.
REPORT = re.compile(
    r"^(?:=*\d*=*(?:ERROR|FATAL|WARNING): \w+Sanitizer|[^\s{]+:\d+:\d+: runtime error: ).*", re.MULTILINE
)
REPORT_CHARACTERS = 4000


class OperatorProcess:
    """The one process of a state directory, found again by its record."""

    def __init__(self, folder):
        self.folder = pathlib.Path(folder)
        self.kubeconfig = self.folder / "kubeconfig"
        self._programs = Programs(self.folder)

    def prepare(self, binary, *options):
        """Writes what the process needs to log in to the API server of $KUBECONFIG, where the chart is installed."""
        self.folder.mkdir(parents=True, exist_ok=True)
        config = json.loads(world.kubectl("config", "view", "--raw", "--minify", "--flatten", "-o", "json"))
        self._write(
            "token", world.kubectl("-n", world.OPERATOR_NAMESPACE, "create", "token", ACCOUNT, "--duration=8h").strip()
        )
        config["users"] = [{"name": config["users"][0]["name"], "user": {"tokenFile": str(self.folder / "token")}}]
        self._write("kubeconfig", json.dumps(config))
        probes = port(Settings(self.folder, "apiserver"), "probes")
        self._write(
            "command.json",
            json.dumps(
                [
                    str(binary),
                    "--kubeconfig",
                    str(self.kubeconfig),
                    "--namespace",
                    world.OPERATOR_NAMESPACE,
                    "--service-account",
                    ACCOUNT,
                    "--health-probe-bind-address",
                    "127.0.0.1:%d" % probes,
                    *options,
                ]
            ),
        )

    def _write(self, name, text):
        file = self.folder / name
        file.touch(mode=0o600)
        file.write_text(text)

    @property
    def command(self):
        return json.loads((self.folder / "command.json").read_text())

    @property
    def pid(self):
        return self._programs.pid("operator")

    @property
    def log_file(self):
        return self._programs.log / "operator.log"

    def is_sanitized(self):
        """Whether it runs with a sanitizer, which makes it slow."""
        return bool(self.pid) and "san.so" in pathlib.Path("/proc/%d/maps" % self.pid).read_text()

    def log(self):
        return self.log_file.read_text(errors="replace")

    def log_end(self):
        """A mark: what is logged from now on stands behind it."""
        return self.log_file.stat().st_size

    def runs(self, name, since, why=""):
        """How many runs for the DjangoDatabase `name` (namespace/name) have ended behind a mark.

        With --log-level debug: a run that changed nothing is told at that level.
        """
        with open(self.log_file, "rb") as log:
            log.seek(since)
            lines = log.read().decode(errors="replace").splitlines()
        words = ('"logger":"reconcile"', '"DjangoDatabase %s"' % name, '"why":"%s' % why)
        return sum(all(word in line for word in words) for line in lines)

    def sanitizer_report(self):
        """The first one in the log and what follows it; empty when there is none. Leaks are told at the very end."""
        log = self.log() if self.log_file.exists() else ""
        begin = REPORT.search(log)
        return log[begin.start() :][:REPORT_CHARACTERS] if begin else ""

    def start(self):
        self._programs.start("operator", self.command)
        self._programs.wait_for("operator", self._is_ready, "the operator's /readyz", 60)

    def stop(self):
        self._programs.stop("operator")

    def kill(self):
        """As a node that loses power does."""
        self._programs.stop("operator", signal.SIGKILL)

    def __enter__(self):
        self.start()
        return self

    def __exit__(self, *_):
        self.stop()

    def _is_ready(self):
        address = self.command[self.command.index("--health-probe-bind-address") + 1]
        opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
        try:
            return opener.open("http://%s/readyz" % address, timeout=2).status == 200
        except (urllib.error.URLError, OSError):
            return False
