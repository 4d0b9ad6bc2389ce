"""What the operator gets: an exit code, and JSON of at most 4096 bytes on the termination log, valid at any moment."""

import os
import re
import sys
import threading
import time
import traceback

from djangodb_exit_codes import EXIT_CODES
from djangodb_fit import LIMIT, encode, fit
from djangodb_secrets import scrub

LONGEST_TEXT = 300  # characters; more of an error rarely says more
STARTED = time.monotonic()
ANSWER = {"v": 1, "kind": "", "ok": False, "reason": "InProgress", "message": "", "stage": "start"}
ANSWER_LOCK = threading.Lock()
STOPPING = threading.Event()  # a signal asked for the end, so whatever fails from then on was interrupted


def setting(name, default):
    return os.environ.get("DJANGODB_" + name) or default


# What PostgreSQL adds to an error: these lines hold rows of the app's tables.
ADDED = re.compile(r"\s*(DETAIL|HINT|CONTEXT|QUERY|STATEMENT|LINE \d+):")


def one_line(text):
    """The first line with words in it, and with one that ends in a colon the next: the text may begin with a line end.

    No more, since DETAIL and what follows hold rows of the app's tables, and are not English everywhere.
    """
    said = ""
    for line in scrub(text).splitlines():
        if ADDED.match(line):
            break
        if re.search(r"\w", line):
            said = " ".join((said + " " + line).split())
            if not said.endswith(":"):
                break
    # No lone surrogates (file names that are not UTF-8): JSON readers refuse them.
    return said[:LONGEST_TEXT].encode("utf-8", "replace").decode()


def described(error):
    """Its kind and its words."""
    return "%s: %s" % (type(error).__name__, error)


def publish(**changes):
    """Writes the answer as it stands, so that a SIGKILL still tells which migration was in flight."""
    with ANSWER_LOCK:
        ANSWER.update(changes)
        ANSWER["ms"] = int((time.monotonic() - STARTED) * 1000)
        write(fit(ANSWER))


def write(text):
    """In one system call over what was there, filled up with spaces: a kill never leaves half an answer."""
    try:
        log = os.open(
            setting("TERMINATION_LOG", "/dev/termination-log"), os.O_WRONLY | os.O_CREAT | os.O_CLOEXEC, 0o644
        )
        try:
            os.pwrite(log, text.ljust(min(os.fstat(log).st_size, LIMIT)), 0)
        finally:
            os.close(log)
    except OSError:
        pass  # some runtimes do not let a read-only container write it; the exit code still speaks


def log(text):
    print(scrub(text), file=sys.stderr, flush=True)


def say(text):
    log("%s: %s" % (ANSWER["kind"], text))


def log_answer():
    """All of it: the termination log may have room for a part only."""
    with ANSWER_LOCK:
        line = encode(scrubbed(ANSWER)).decode()
    print("djangodb-%s %s" % (ANSWER["kind"], line), file=sys.stderr, flush=True)


def scrubbed(value):
    """Text by text: what looks like a secret in a line of JSON may reach over the end of a text."""
    if isinstance(value, dict):
        return {name: scrubbed(inner) for name, inner in value.items()}
    if isinstance(value, (list, tuple)):
        return [scrubbed(inner) for inner in value]
    return scrub(value) if isinstance(value, str) else value


def outranked(reason):
    """While a migration that can't be undone is under way, nothing that ends us is clean, least of all a signal."""
    if ANSWER.get("unfinished"):
        return "PartiallyApplied"
    return "Interrupted" if STOPPING.is_set() else reason


def end(reason, message, error=None, advice=None, **more):
    """The only way out besides success; never returns."""
    reason = outranked(reason)
    if error is not None:
        log("".join(traceback.format_exception(type(error), error, error.__traceback__)))
    text = "; ".join(filter(None, (one_line(message), advice)))
    say("%s: %s" % (reason, text))
    publish(ok=False, reason=reason, message=text, **more)
    log_answer()
    sys.stdout.flush()
    os._exit(EXIT_CODES[reason])


def end_well(message):
    publish(ok=True, reason=None, message=message, stage="done")
    say("done, %s" % message)
    log_answer()
    sys.stdout.flush()
    os._exit(0)
