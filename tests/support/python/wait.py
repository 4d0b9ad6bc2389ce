"""Waiting for something to become true, in one way for every test."""

import time

# Far above what anything takes: two cores may be busy with something else, and a bound costs nothing that holds.
PATIENCE = 300


class Unmet(AssertionError):
    """Something is not as claimed; for unittest a failure like any other."""


def wait_for(what, probe, seconds=PATIENCE, pause=0.1):
    """Asks `probe` until it answers something true, and returns that. The last answer counts even when it came late."""
    deadline = time.monotonic() + seconds
    while True:
        late = time.monotonic() > deadline
        found = probe()
        if found:
            return found
        if late:
            raise Unmet("waited %d s for %s" % (seconds, what))
        time.sleep(pause)
