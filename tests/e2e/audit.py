"""The API server's audit log: who asked for what, in the order in which it was answered.

An outside observer's view of the operator: nothing in here asks the operator itself.
"""

import json
import time

import world
from world import Unmet

OPERATOR = "system:serviceaccount:%s:djangodb-operator" % world.OPERATOR_NAMESPACE


def path():
    found = world.cluster_directory() / "log/audit.log"
    if not found.exists():
        raise Unmet("there is no audit log at %s: this story needs the local cluster" % found)
    return found


def user(event):
    return event["user"]["username"]


def target(event):
    """resource, or resource/subresource"""
    reference = event.get("objectRef") or {}
    return "/".join(filter(None, [reference.get("resource", ""), reference.get("subresource", "")]))


def name(event):
    return (event.get("objectRef") or {}).get("name", "")


def space(event):
    return (event.get("objectRef") or {}).get("namespace", "")


def succeeded(event):
    return event.get("responseStatus", {}).get("code", 500) < 300


def is_write(event):
    return event["verb"] in ("create", "update", "patch", "delete", "deletecollection")


def describe(event):
    return "%s %s %s" % (event["verb"], target(event), "/".join(filter(None, [space(event), name(event)])))


def by_operator(verbs, resource, namespace, named=None):
    """A predicate: a request of the operator's that was granted."""
    def matches(event):
        return (user(event) == OPERATOR and event["verb"] in verbs.split() and target(event) == resource
                and space(event) == namespace and named in (None, name(event)) and succeeded(event))

    return matches


class Tail:
    """The events from now on."""

    def __init__(self):
        self._file = open(path(), "rb")
        self._file.seek(0, 2)
        self._rest = b""

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self._file.close()

    def new(self):
        """What has been written since the last call."""
        lines = (self._rest + self._file.read()).split(b"\n")
        self._rest = lines.pop()
        return [json.loads(line) for line in lines]

    def wait_for(self, matches, what, seconds=60):
        """Returns at the first event that `matches`, about a millisecond after it was answered."""
        deadline = time.monotonic() + seconds
        while time.monotonic() < deadline:
            found = [event for event in self.new() if matches(event)]
            if found:
                return found[0]
            time.sleep(0.001)
        raise Unmet("waited %d s for %s in the audit log" % (seconds, what))
