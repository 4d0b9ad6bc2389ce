#!/usr/bin/env python3
"""How long a release waited between its migration's end and its gate's opening, from an API server's audit log.

usage: gate_delay.py STATE_DIRECTORY      of tests/cluster/up

A delay begins with the answer to the status update by which the Job controller made the Job Complete (the last that it
sends for a Job), and ends with the answer to the operator's patch of the first Deployment that it let through. A gate
that opens without a new Job before it, for an image that has passed already, does not count.
"""

import pathlib
import sys

sys.dont_write_bytecode = True
sys.path.append(str(pathlib.Path(__file__).resolve().parents[1] / "support/python"))
import audit_log  # noqa: E402
import figures  # noqa: E402

JOB_CONTROLLER = "system:serviceaccount:kube-system:job-controller"


def read(directory):
    log = audit_log.AuditLog(directory)
    requests = log.requests() + log.requests(user=JOB_CONTROLLER)
    return sorted((request for request in requests if request.succeeded), key=lambda request: request.answered)


def delays(requests):
    """(namespace, Job, seconds) of each release, in the order of time."""
    begun = set()  # namespaces in which the operator made a Job, while its gate is still closed
    written = {}  # namespace -> the Job whose status was last written, and when
    found = []
    for request in requests:
        space = request.space
        if request.user == JOB_CONTROLLER and request.resource == "jobs/status":
            written[space] = (request.name, request.answered)
        elif not request.by_operator:
            continue
        elif (request.verb, request.resource) == ("create", "jobs"):
            begun.add(space)
        elif (request.verb, request.resource) == ("patch", "deployments") and space in begun & written.keys():
            begun.remove(space)
            job, finished = written[space]
            found.append((space, job, request.answered - finished))
    return found


def report(directory):
    found = delays(read(directory))
    for namespace, job, seconds in found:
        print("  %s/%s: %.0f ms" % (namespace, job, seconds * 1000))
    if not found:
        print("  no release was found", file=sys.stderr)
        return 1
    milliseconds = [seconds * 1000 for _, _, seconds in found]
    print("  Job's completion -> gate open, %d releases: %s ms (min / median / max)"
          % (len(found), figures.spread(milliseconds, "%.0f")))
    return 0


if __name__ == "__main__":
    if len(sys.argv) != 2:
        sys.exit(__doc__)
    sys.exit(report(pathlib.Path(sys.argv[1])))
