"""SIGTERM ends us immediately, wherever we are, and what we are at: it cancels the running statement."""

import os
import signal
import threading
import time

from djangodb_answer import ANSWER, STOPPING, outranked, publish, say
from djangodb_exit_codes import EXIT_CODES

# Seconds for a migration without a transaction to find out what it left, and to end us itself.
LAST_LOOK = 3
WORKING = {}  # what a signal calls to end what we are at, once there is something


def working_on(connection):
    working_until(lambda: cancel(connection))


def working_until(stop):
    WORKING["stop"] = stop


def watch_signals():
    """In a thread, because psycopg2 blocks in C and PID 1 ignores the default.

    Called before the app's code runs, so that the threads which that starts do not take the signal.
    """
    signals = {signal.SIGTERM, signal.SIGINT}
    signal.pthread_sigmask(signal.SIG_BLOCK, signals)

    def wait():
        signal.sigwait(signals)
        STOPPING.set()
        reason = outranked("Interrupted")
        publish(ok=False, reason=reason, message="stopped by a signal")
        cancelling = threading.Thread(target=WORKING.get("stop"), daemon=True)
        cancelling.start()
        cancelling.join(5)  # a server that does not answer must not keep us past the Pod's grace period
        if ANSWER.get("unfinished"):
            time.sleep(LAST_LOOK)
        os._exit(EXIT_CODES[outranked("Interrupted")])

    threading.Thread(target=wait, daemon=True).start()


def cancel(connection):
    """Without it the server would go on with the statement, and hold its locks, long after we are gone."""
    try:
        raw = connection.connection
        (getattr(raw, "cancel_safe", None) or raw.cancel)()
    except AttributeError:
        pass  # not connected: nothing to cancel
    except Exception as error:
        say("the statement could not be cancelled: %s" % error)
