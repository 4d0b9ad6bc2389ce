#!/usr/bin/env python3
"""How long a release waited between its migration's end and its gate's opening, from an API server's audit log.

usage: gate_delay.py STATE_DIRECTORY      of tests/cluster/up

A delay begins with the answer to the last word of the kubelet on the Job's Pod, which says that its container ended
(the operator does not wait for the Job controller to notice), and ends with the answer to the operator's patch of the
first Deployment that it let through. A gate that opens without a new Job before it, for an image that has passed
already, does not count.
"""

import pathlib
import sys

sys.dont_write_bytecode = True
sys.path.append(str(pathlib.Path(__file__).resolve().parents[1] / "support/python"))
import audit_log
import figures

KUBELET = "system:node:djdb-node"


def read(directory):
    log = audit_log.AuditLog(directory)
    requests = log.requests() + log.requests(user=KUBELET)
    return sorted((request for request in requests if request.succeeded), key=lambda request: request.answered)


def delays(requests):
    """(namespace, Job, seconds) of each release, in the order of time."""
    begun = {}  # namespace -> the Job that the operator made there, while its gate is still closed
    written = {}  # namespace and Job -> when its Pod's status was last written
    found = []
    for request in requests:
        space = request.space
        if request.user == KUBELET and request.resource == "pods/status":
            written[space, request.name.rpartition("-")[0]] = request.answered
        elif not request.by_operator:
            continue
        elif (request.verb, request.resource) == ("create", "jobs"):
            begun[space] = request.name
        elif (request.verb, request.resource) == ("patch", "deployments") and (space, begun.get(space)) in written:
            job = begun.pop(space)
            found.append((space, job, request.answered - written[space, job]))
    return found


def report(directory):
    found = delays(read(directory))
    for namespace, job, seconds in found:
        print("  %s/%s: %.0f ms" % (namespace, job, seconds * 1000))
    if not found:
        print("  no release was found", file=sys.stderr)
        return 1
    milliseconds = [seconds * 1000 for _, _, seconds in found]
    print(
        "  migration's end -> gate open, %d releases: %s ms (min / median / max)"
        % (len(found), figures.spread(milliseconds, "%.0f"))
    )
    return 0


if __name__ == "__main__":
    if len(sys.argv) != 2:
        sys.exit(__doc__)
    sys.exit(report(pathlib.Path(sys.argv[1])))
