"""What the API server's audit log tells: who asked for what, and when, to the microsecond."""

import dataclasses
import datetime
import json

OPERATOR = "system:serviceaccount:djangodb-system:djangodb-operator"


@dataclasses.dataclass(frozen=True)
class Request:
    user: str
    verb: str
    resource: str  # "jobs" or "jobs/status"
    namespace: str
    name: str
    code: int
    received: float  # seconds since the epoch
    answered: float

    @property
    def succeeded(self):
        return 200 <= self.code < 300


def _seconds(stamp):
    return datetime.datetime.fromisoformat(stamp.replace("Z", "+00:00")).timestamp()


def parse(line):
    """A request that was answered; none for what is no complete line, or no answer about an object."""
    try:
        event = json.loads(line)
    except json.JSONDecodeError:
        return None  # the API server is writing this line
    reference = event.get("objectRef")
    if event.get("stage") != "ResponseComplete" or not reference:
        return None
    resource = reference.get("resource", "")
    if reference.get("subresource"):
        resource += "/" + reference["subresource"]
    return Request(
        event["user"].get("username", ""), event["verb"], resource, reference.get("namespace", ""),
        reference.get("name", ""), event.get("responseStatus", {}).get("code", 0),
        _seconds(event["requestReceivedTimestamp"]), _seconds(event["stageTimestamp"]),
    )


class Tail:
    """Reads a log that is being written: each call gives what was added since the last one."""

    def __init__(self, path):
        self._file = open(path, encoding="utf-8")
        self._file.seek(0, 2)
        self._rest = ""

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self._file.close()

    def requests(self):
        *lines, self._rest = (self._rest + self._file.read()).split("\n")
        return [request for request in map(parse, lines) if request]
