"""The API server's audit log: who asked for what, in the order in which it was answered.

An outside observer's view of the operator: nothing in here asks the operator itself.
"""

import dataclasses
import datetime
import itertools
import json
import time

import world
from wait import PATIENCE, Unmet, wait_for

OPERATOR = "system:serviceaccount:%s:djangodb-operator" % world.OPERATOR_NAMESPACE
READS = ("get", "list", "watch")
QUIET_SECONDS = 2


@dataclasses.dataclass(frozen=True)
class Request:
    user: str
    verb: str
    group: str
    resource: str  # "jobs" or "jobs/status"; "" when it is about no object
    space: str
    name: str
    code: int
    message: str
    allowed: bool  # by its rights; admission may still refuse it
    open: bool  # a watch that goes on
    stamps: tuple  # when it was received and when answered, as the log has it

    @property
    def succeeded(self):
        return 200 <= self.code < 300

    @property
    def is_write(self):
        return self.verb not in READS

    @property
    def by_operator(self):
        return self.user == OPERATOR

    @property
    def received(self):
        """Seconds since the epoch, to the microsecond."""
        return _seconds(self.stamps[0])

    @property
    def answered(self):
        return _seconds(self.stamps[1])

    def concerns(self, words):
        """Whether it is about an object of one of the namespaces `words`, or one that is named after them."""
        return any(self.space == word or self.name.startswith(word) for word in words)

    def __str__(self):
        return "%s %s %s" % (self.verb, self.resource, "/".join(filter(None, [self.space, self.name])))


def _seconds(stamp):
    return datetime.datetime.fromisoformat(stamp.replace("Z", "+00:00")).timestamp()


def parse(line):
    event = json.loads(line)
    about, status = event.get("objectRef") or {}, event.get("responseStatus") or {}
    return Request(
        event["user"].get("username", ""),
        event["verb"],
        about.get("apiGroup", ""),
        "/".join(filter(None, (about.get("resource", ""), about.get("subresource", "")))),
        about.get("namespace", ""),
        about.get("name", ""),
        status.get("code", 0),
        status.get("message", ""),
        event.get("annotations", {}).get("authorization.k8s.io/decision") == "allow",
        event["stage"] == "ResponseStarted",
        (event["requestReceivedTimestamp"], event["stageTimestamp"]),
    )


def answered(verbs, resource, space, name=None):
    """A predicate: a request of the operator's that was granted."""

    def matches(request):
        return (
            request.by_operator
            and request.verb in verbs.split()
            and request.resource == resource
            and request.space == space
            and name in (None, request.name)
            and request.succeeded
        )

    return matches


def _end_of_last_line(log):
    """Where the next line begins: a reader sees a long line of the API server grow page by page."""
    end = log.seek(0, 2)
    while end > 0:
        start = max(0, end - 65536)
        log.seek(start)
        newline = log.read(end - start).rfind(b"\n")
        if newline >= 0:
            return start + newline + 1
        end = start
    return 0


def whole_lines(log):
    """Up to the line in the making: of that one a growing file gives pieces, and the last ends as a line does."""
    return itertools.takewhile(lambda line: line.endswith(b"\n"), log)


class AuditLog:
    def __init__(self, directory):
        """`directory`: the cluster's state directory."""
        self.path = directory / "log/audit.log"
        if not self.path.exists():
            raise Unmet("there is no audit log at %s: this needs the local cluster" % self.path)

    def end(self):
        """A mark: what is answered from now on stands behind it."""
        with open(self.path, "rb") as log:
            return _end_of_last_line(log)

    def tail(self):
        return Tail(self.path)

    def requests(self, since=0, user=OPERATOR, open_watches=False):
        """Of this log file; with `since` 0 also of those that the API server has put aside."""
        files = [self.path] if since else sorted(self.path.parent.glob("audit*.log"))
        found = []
        for file in files:
            with open(file, "rb") as log:
                log.seek(since)
                lines = [line for line in whole_lines(log) if user.encode() in line]
            found += [
                request
                for request in map(parse, lines)
                if request.user == user and request.resource and (open_watches or not request.open)
            ]
        return found

    def writes(self, words, since):
        """But for what servers say of themselves: the tests share one PostgreSQL, and each claim changes it."""
        return [
            r
            for r in self.requests(since)
            if r.is_write and r.resource != "postgresservers/status" and r.concerns(words)
        ]

    def reads(self, words, since):
        return [r for r in self.requests(since) if not r.is_write and r.concerns(words)]

    def wait_until_quiet(self, words, seconds=30):
        """Until the operator has written nothing about `words` for a while; returns the mark behind its last write."""
        mark, since = self.end(), time.monotonic()

        def is_quiet():
            nonlocal mark, since
            if self.writes(words, mark):
                mark, since = self.end(), time.monotonic()
            return time.monotonic() - since >= QUIET_SECONDS

        wait_for("the operator to write nothing more about %s" % (words,), is_quiet, seconds)
        return mark


class Tail:
    """The requests from now on, as they are answered."""

    def __init__(self, path):
        self._file = open(path, "rb")  # noqa: SIM115  # closed by __exit__
        self._file.seek(_end_of_last_line(self._file))
        self._rest = b""

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self._file.close()

    def requests(self):
        """What has been written since the last call."""
        *lines, self._rest = (self._rest + self._file.read()).split(b"\n")
        return [request for request in map(parse, lines) if not request.open]

    def wait_for(self, matches, what, seconds=PATIENCE):
        """Returns the first request that `matches`, about a millisecond after it was answered."""
        return wait_for(what + " in the log", lambda: next(filter(matches, self.requests()), None), seconds, 0.001)
