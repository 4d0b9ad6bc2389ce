"""Keeps a dump that was read back: gives it its name, writes its SHA-256 beside it, and removes older ones.

The operator starts it as `python3 /djangodb/backup.py` in the app's image, behind pg_dump, which wrote the dump, and
pg_restore, which read it whole; and as `backup.py clear` before them, so that what failed attempts left does not fill
the claim. It needs the standard library alone: no database, no Django, and nothing of the app's.
It may be killed at any moment and run again.
"""

import errno
import hashlib
import os
import sys

# See migrate.py.
sys.path.insert(0, os.path.dirname(os.path.realpath(__file__)))
from djangodb_answer import described, end, end_well, publish
from djangodb_dumps import SUM, Dumps, named
from djangodb_signals import watch_signals
from djangodb_warnings import warn

MAGIC = b"PGDMP"  # of PostgreSQL's custom format
CHUNK = 1024 * 1024
READ_LOGS = "read the logs of containers djangodb-dump and djangodb-read-back; it is tried again with a new dump"


class NoDumpError(Exception):
    """There is nothing that could be kept."""


def advice_for(error):
    if isinstance(error, NoDumpError):
        return READ_LOGS
    if error.errno in (errno.EACCES, errno.EPERM):
        return (
            "user %d has to be able to read and write there: give the volume an fsGroup, or let that user write"
            % os.geteuid()
        )
    if error.errno == errno.EROFS:
        return "the claim has to be writable"
    if error.errno in (errno.ENOSPC, errno.EDQUOT, errno.EFBIG):
        return "enlarge the claim, or remove older dumps from it by hand"
    if error.errno in (errno.ENOENT, errno.ENOTDIR):
        return "the claim has to be mounted there"
    return "see to the claim's volume"


def examine(path):
    """Bytes and SHA-256 of what is on the disk from here on."""
    digest, size, start = hashlib.sha256(), 0, b""
    with named(path), open(path, "rb") as file:
        os.fsync(file.fileno())
        for chunk in iter(lambda: file.read(CHUNK), b""):
            start = start or chunk[: len(MAGIC)]
            digest.update(chunk)
            size += len(chunk)
    if size == 0:
        raise NoDumpError("%s is empty" % path)
    if start != MAGIC:
        raise NoDumpError("%s is no dump in PostgreSQL's custom format: it begins with %r" % (path, start))
    return size, digest.hexdigest()


def keep(dumps, partial):
    """Name, bytes and SHA-256."""
    attempt = dumps.attempt_of(partial)
    if os.path.lexists(dumps.path(partial)):
        size, digest = examine(dumps.path(partial))
        name = dumps.reserve(attempt, digest)
        dumps.rename(partial, name)
    else:
        name = dumps.kept_of(attempt)  # an earlier run came as far as that
        if name is None:
            raise NoDumpError("%s does not exist" % dumps.path(partial))
        size, digest = examine(dumps.path(name))
        if not dumps.agrees_with_sum(name, digest):
            raise NoDumpError("%s has another SHA-256 than %s says" % (dumps.path(name), name + SUM))
        dumps.sync()
    return name, size, digest


def remove(dumps, name):
    try:
        os.unlink(dumps.path(name))
    except FileNotFoundError:
        return True
    except OSError as error:
        warn("could not be removed: %s" % described(error))
        return False
    return True


def tidy(dumps, name, count):
    """The dump is kept by now, so that nothing here is a failure."""
    try:
        removed = [old for old in dumps.superfluous(name, count) if remove(dumps, old)]
        for lone in dumps.lone_sums():
            remove(dumps, lone)
    except OSError as error:
        warn("older dumps were not looked for: %s" % described(error))
        return []
    return removed


def clear(dumps, partial):
    """Removes what no run finishes any more, and finds out whether a dump can be written."""
    left = [name for name in dumps.partials_there() if remove(dumps, name)]
    with open(dumps.path(partial), "xb"):
        pass
    os.unlink(dumps.path(partial))
    return "%d unfinished dumps removed" % len(left)


def work():
    dumps = Dumps(os.environ["DJANGODB_BACKUP_FOLDER"], os.environ["DJANGODB_BACKUP_OF"])
    if sys.argv[1:] == ["clear"]:
        return clear(dumps, os.environ["DJANGODB_BACKUP_PARTIAL"])
    count = int(os.environ["DJANGODB_BACKUP_KEEP"])
    if count < 1:
        raise ValueError("DJANGODB_BACKUP_KEEP is %d, and one at least has to stay" % count)
    publish(stage="keep")
    name, size, digest = keep(dumps, os.environ["DJANGODB_BACKUP_PARTIAL"])
    publish(stage="tidy", file=name, bytes=size, sha256=digest)
    publish(removed=tidy(dumps, name, count))
    return "%s is kept: %d bytes, whose SHA-256 begins with %s" % (name, size, digest[:12])


def main():
    publish(kind="backup", warnings=[])
    watch_signals()
    try:
        message = work()
    except (NoDumpError, OSError) as error:
        text = str(error) if isinstance(error, NoDumpError) else described(error)
        # Of an init container people see the first words of its log alone.
        end("BackupFailed", text, None if sys.argv[1:] == ["clear"] else error, advice_for(error))
    except Exception as error:
        end("Internal", described(error), error)
    end_well(message)


if __name__ == "__main__":
    main()
