"""Starts, finds and stops the programs of one cluster by recorded process id.

A record holds the process id and its start time, so that an id that the system gave to another program after a
crash or a reboot is never signalled.
"""

import contextlib
import os
import pathlib
import signal
import subprocess
import time

from .settings import ClusterError

TERMINATE_SECONDS = 15


def start_time(pid: int) -> str | None:
    try:
        stat = pathlib.Path(f"/proc/{pid}/stat").read_text()
    except OSError:
        return None
    fields = stat.rsplit(")", 1)[1].split()
    return None if fields[0] == "Z" else fields[19]


def wait_until(condition, what: str, seconds: float, interval: float = 0.05):
    """Polls `condition` and returns its first true answer; raises ClusterError after `seconds`."""
    deadline = time.monotonic() + seconds
    while True:
        answer = condition()
        if answer:
            return answer
        if time.monotonic() > deadline:
            raise ClusterError(f"cluster: gave up after {seconds:.0f} s waiting for {what}")
        time.sleep(interval)


class Programs:
    """The recorded programs below `directory`/run, their output in `directory`/log."""

    def __init__(self, directory: pathlib.Path):
        self.run = directory / "run"
        self.log = directory / "log"

    def names(self) -> list[str]:
        return sorted(path.stem for path in self.run.glob("*.pid"))

    def pid(self, name: str) -> int | None:
        """The process id while the recorded process is the one that runs."""
        try:
            pid, started = (self.run / f"{name}.pid").read_text().split()
        except (OSError, ValueError):
            return None
        return int(pid) if start_time(int(pid)) == started else None

    def start(self, name: str, command: list, **popen) -> None:
        if self.pid(name):
            return
        self.run.mkdir(parents=True, exist_ok=True)
        self.log.mkdir(parents=True, exist_ok=True)
        with open(self.log / f"{name}.log", "ab") as log:
            process = subprocess.Popen(
                [str(word) for word in command],
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                start_new_session=True,
                **popen,
            )
        (self.run / f"{name}.pid").write_text(f"{process.pid} {start_time(process.pid)}\n")

    def wait_for(self, name: str, condition, what: str, seconds: float = 60) -> None:
        """Waits for `condition`; a program that died first is reported with the end of its log."""

        def ready():
            if condition():
                return True
            if not self.pid(name):
                tail = (self.log / f"{name}.log").read_text(errors="replace").splitlines()[-5:]
                raise ClusterError(
                    f"cluster: {name} ended while starting; the end of {self.log / name}.log says:\n"
                    + "\n".join(f"  {line}" for line in tail)
                )
            return False

        wait_until(ready, f"{what} (see {self.log / name}.log)", seconds)

    def stop(self, name: str, first: signal.Signals = signal.SIGTERM) -> None:
        pid = self.pid(name)
        if pid:
            end_process(pid, first)
        (self.run / f"{name}.pid").unlink(missing_ok=True)


def end_process(pid: int, first: signal.Signals = signal.SIGTERM) -> None:
    """Ends one process: `first`, and SIGKILL when it does not follow."""
    started = start_time(pid)
    if started is None:
        return
    for step in (first, signal.SIGKILL):
        try:
            os.kill(pid, step)
        except ProcessLookupError:
            return
        deadline = time.monotonic() + TERMINATE_SECONDS
        while time.monotonic() < deadline:
            reap(pid)
            if start_time(pid) != started:
                return
            time.sleep(0.02)
    raise ClusterError(f"cluster: process {pid} did not end after SIGKILL")


def reap(pid: int) -> None:
    with contextlib.suppress(ChildProcessError):  # another run of `up` started it
        os.waitpid(pid, os.WNOHANG)
