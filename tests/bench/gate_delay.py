#!/usr/bin/env python3
"""How long a release waited between its migration's end and its gate's opening, from an API server's audit log.

usage: gate_delay.py AUDIT_LOG...

A delay begins with the answer to the status update by which the Job controller made the Job Complete (the last that it
sends for a Job), and ends with the answer to the operator's patch of the first Deployment that it let through. Only
Jobs count that the operator took note of as passed: it patches those, to arm their TTL.
"""

import pathlib
import sys

sys.dont_write_bytecode = True
sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent))
import audit_log  # noqa: E402
import figures  # noqa: E402

JOB_CONTROLLER = "system:serviceaccount:kube-system:job-controller"


def read(paths):
    requests = []
    for path in paths:
        with open(path, encoding="utf-8") as log:
            requests += [request for request in map(audit_log.parse, log) if request and request.succeeded]
    return sorted(requests, key=lambda request: request.answered)


def delays(requests):
    """(namespace, Job, seconds) of each release, in the order of time."""
    written = {}  # (namespace, Job) -> when its status was last written
    passed = {}  # namespace -> the Job that was noted last, while its gate is still shut
    found = []
    for request in requests:
        key = (request.namespace, request.name)
        if request.user == JOB_CONTROLLER and request.resource == "jobs/status":
            written[key] = request.answered
        elif request.user != audit_log.OPERATOR or request.verb != "patch":
            continue
        elif request.resource == "jobs" and key in written:
            passed[request.namespace] = (*key, written[key])
        elif request.resource == "deployments" and request.namespace in passed:
            namespace, job, finished = passed.pop(request.namespace)
            found.append((namespace, job, request.answered - finished))
    return found


def report(paths):
    found = delays(read(paths))
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
    if len(sys.argv) < 2:
        sys.exit(__doc__)
    sys.exit(report(sys.argv[1:]))
