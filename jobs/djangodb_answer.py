"""What the operator gets: an exit code, and JSON of at most 4096 bytes on the termination log, valid at any moment."""

import binascii
import json
import os
import re
import sys
import threading
import time
import traceback

from djangodb_exit_codes import EXIT_CODES
from djangodb_secrets import scrub

LIMIT = 4096  # what Kubernetes keeps of a termination message
LONGEST_TEXT = 300  # characters; more of an error rarely says more
STARTED = time.monotonic()
ANSWER = {"v": 1, "kind": "migrate", "ok": False, "reason": "InProgress", "message": "", "stage": "start"}
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


def hash_leaves(answer):
    """CRC-32 of each name, eight hex digits after eight, which the operator compares with those in the database."""
    leaves = answer.pop("leaves", [])
    answer["leaves_crc32"] = "".join("%08x" % binascii.crc32(name.encode()) for name in leaves)


# Cut in this order until the answer fits: what is longest and least needed goes first. Without leaves the operator
# has nothing to check, and does not believe the rest.
CUTS = (
    lambda answer: answer.pop("pending", None),
    lambda answer: answer.update(applied_count=len(answer.pop("applied", ()))),
    hash_leaves,
    lambda answer: answer.pop("leaves_crc32", None),
    lambda answer: answer.pop("settings", None),
    lambda answer: answer.update(message=""),
)


def fit(answer):
    """As bytes within the limit."""
    answer = dict(answer)
    text = encode(answer)
    for cut in CUTS:
        if len(text) <= LIMIT:
            break
        cut(answer)
        text = encode(answer)
    return text


def encode(answer):
    return json.dumps(answer, separators=(",", ":")).encode()


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


def say(text):
    print(scrub(text), file=sys.stderr, flush=True)


def outranked(reason):
    """While a migration that can't be undone is under way, nothing that ends us is clean, least of all a signal."""
    if ANSWER.get("unfinished"):
        return "PartiallyApplied"
    return "Interrupted" if STOPPING.is_set() else reason


def end(reason, message, error=None, advice=None, **more):
    """The only way out besides success; never returns."""
    reason = outranked(reason)
    if error is not None:
        say("".join(traceback.format_exception(type(error), error, error.__traceback__)))
    text = "; ".join(filter(None, (one_line(message), advice)))
    say("migrate: %s: %s" % (reason, text))
    publish(ok=False, reason=reason, message=text, **more)
    sys.stdout.flush()
    os._exit(EXIT_CODES[reason])


def end_well(message):
    publish(ok=True, reason=None, message=message, stage="done")
    say("migrate: done, %s" % message)
    sys.stdout.flush()
    os._exit(0)
