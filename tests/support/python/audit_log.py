"""What the operator asked of the API server, from the API server's own audit log."""

import dataclasses
import json
import time

OPERATOR = "system:serviceaccount:djangodb-system:djangodb-operator"
READS = ("get", "list", "watch")


@dataclasses.dataclass(frozen=True)
class Request:
    verb: str
    group: str
    resource: str  # with /subresource
    space: str
    name: str
    code: int
    allowed: bool  # by its rights; admission may still refuse it

    def concerns(self, words):
        """Whether it is about an object of one of the namespaces `words`, or one that is named after them."""
        return any(self.space == word or self.name.startswith(word) for word in words)


class AuditLog:
    def __init__(self, cluster):
        self._path = cluster / "log/audit.log"

    def end(self):
        """A mark: what is asked from now on stands behind it."""
        return self._path.stat().st_size

    def requests(self, since=0, user=OPERATOR):
        with open(self._path, "rb") as log:
            log.seek(since)
            lines = log.read().splitlines(keepends=True)
        found = []
        for line in lines:
            if not line.endswith(b"\n") or user.encode() not in line:
                continue  # the last line may still be in the making
            event = json.loads(line)
            about = event.get("objectRef")
            if about and event["user"]["username"] == user and event["stage"] != "ResponseStarted":
                resource = "/".join(filter(None, (about["resource"], about.get("subresource"))))
                found.append(Request(
                    event["verb"], about.get("apiGroup", ""), resource, about.get("namespace", ""),
                    about.get("name", ""), event["responseStatus"]["code"],
                    event.get("annotations", {}).get("authorization.k8s.io/decision") == "allow",
                ))
        return found

    def writes(self, words, since):
        """But for what servers say of themselves: the suite's tests share one PostgreSQL, and each claim changes it."""
        return [r for r in self.requests(since)
                if r.verb not in READS and r.resource != "postgresservers/status" and r.concerns(words)]

    def reads(self, words, since):
        return [r for r in self.requests(since) if r.verb in READS and r.concerns(words)]

    def wait_until_quiet(self, words, seconds=15):
        """Until the operator has written nothing about `words` for two seconds; returns the mark behind its last write."""
        deadline = time.monotonic() + seconds
        mark = self.end()
        quiet_since = time.monotonic()
        while time.monotonic() - quiet_since < 2:
            if time.monotonic() > deadline:
                raise AssertionError(
                    "the operator still writes after %d s: %s" % (seconds, self.writes(words, mark)[-5:]))
            time.sleep(0.1)
            if self.writes(words, mark):
                mark, quiet_since = self.end(), time.monotonic()
        return mark
