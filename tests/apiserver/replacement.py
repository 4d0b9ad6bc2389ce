"""An operator that is killed, and another version of it that takes over: once, for many tests at the same time."""

import threading

import previous
import stage
from stage import install
from wait import Unmet

NEW, OLD = "this version", "the version before"
ARRIVAL_SECONDS = 300


def binaries():
    """Of both; this version's is what `stage.py up` was given, noted before another takes its place."""
    process = stage.operator()
    given = process.folder / "given"
    if not given.exists():
        given.write_text(process.command[0])
    return {NEW: given.read_text(), OLD: str(previous.BINARY)}


CHARTS = {NEW: install.CHART, OLD: previous.CHART}


def install_chart(version):
    install.operator(chart=CHARTS[version])


def start(version):
    process = stage.operator()
    stage.prepare(process, binaries()[version])
    process.start()


def run_alone(version):
    """From now on this one, with its own chart, and as if there had never been another."""
    stage.operator().stop()
    install_chart(version)
    start(version)


class Replacement:
    """Where tests meet.

    `die` waits until all have brought theirs to its moment, and kills the operator; `start` waits until all have done
    what is to happen while none runs, and starts the other one.
    """

    def __init__(self, tests, chart, version):
        self._changed = threading.Condition()
        self._tests = tests
        self._here = 0
        self._actions = [lambda: self._kill(chart), lambda: start(version)]

    @staticmethod
    def _kill(chart):
        stage.operator().kill()
        install_chart(chart)

    def die(self):
        self._meet(left=1)

    def start(self):
        self._meet(left=0)

    def wait_for_the_others(self):
        """For what can't wait for them: everything else is at its moment."""
        with self._changed:
            self._wait(lambda: self._here >= self._tests - 1)

    def leave(self):
        """A test has ended, well or not; the others go on."""
        with self._changed:
            self._tests -= 1
            self._act_if_all_are_here()

    def _meet(self, left):
        with self._changed:
            self._here += 1
            self._act_if_all_are_here()
            self._wait(lambda: len(self._actions) <= left)

    def _wait(self, holds):
        if not self._changed.wait_for(holds, ARRIVAL_SECONDS):
            raise Unmet("waited %d s for the other tests" % ARRIVAL_SECONDS)

    def _act_if_all_are_here(self):
        # For those that wait for the others too.
        self._changed.notify_all()
        if self._actions and self._here and self._here == self._tests:
            self._here = 0
            self._actions.pop(0)()
