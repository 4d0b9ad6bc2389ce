"""SIGTERM ends us immediately, wherever we are, and cancels the running statement."""

import os
import signal
import threading
import time

from djangodb_answer import ANSWER, STOPPING, outranked, publish, say
from djangodb_exit_codes import EXIT_CODES

# Seconds for a migration without a transaction to find out what it left, and to end us itself.
LAST_LOOK = 3
WORKING = {}  # the connection whose statement a signal cancels, once there is one


def working_on(connection):
    WORKING["connection"] = connection


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
        cancelling = threading.Thread(target=cancel, daemon=True)
        cancelling.start()
        cancelling.join(5)  # a server that does not answer must not keep us past the Pod's grace period
        if ANSWER.get("unfinished"):
            time.sleep(LAST_LOOK)
        os._exit(EXIT_CODES[outranked("Interrupted")])

    threading.Thread(target=wait, daemon=True).start()


def cancel():
    """Without it the server would go on with the statement, and hold its locks, long after we are gone."""
    try:
        raw = WORKING["connection"].connection
        (getattr(raw, "cancel_safe", None) or raw.cancel)()
    except (KeyError, AttributeError):
        pass  # not connected: nothing to cancel
    except Exception as error:
        say("the statement could not be cancelled: %s" % error)
