#!/usr/bin/env python3
"""Where the time of a release went, from an API server's audit log.

usage: release_times.py STATE_DIRECTORY      of tests/cluster/up

A release begins with the answer to the last write of a user's to a Deployment before its first Job, and ends with the
answer to the operator's patch of the first Deployment that it let through. A Job runs from the answer to its creation
to the answer to the last word of the kubelet on its Pod, which says that its container ended (the operator does not
wait for the Job controller to notice). What is left between them is the operator's own share. A gate that opens without
a new Job before it, for a template that has passed already, does not count.
"""

import dataclasses
import pathlib
import sys

sys.dont_write_bytecode = True
sys.path.append(str(pathlib.Path(__file__).resolve().parents[1] / "support/python"))
import audit_log
import figures

KUBELET = "system:node:djdb-node"
USER = "djdb-admin"
PROBE, MIGRATION = "probe", "migrate"


@dataclasses.dataclass
class Job:
    name: str
    made: float
    ended: float = 0.0

    @property
    def seconds(self):
        return self.ended - self.made


@dataclasses.dataclass
class Release:
    space: str
    asked: float  # for
    jobs: dict = dataclasses.field(default_factory=dict)  # by their kind
    opened: float = 0.0

    @property
    def own(self):
        """The operator's share, in seconds: before the Jobs, between them, and behind them."""
        return self.opened - self.asked - sum(job.seconds for job in self.jobs.values())

    @property
    def is_whole(self):
        return MIGRATION in self.jobs and all(job.ended for job in self.jobs.values())


def read(directory):
    """All that was granted, in the order of time."""
    log = audit_log.AuditLog(directory)
    requests = log.requests() + log.requests(user=KUBELET) + log.requests(user=USER)
    return sorted((request for request in requests if request.succeeded), key=lambda request: request.answered)


def kind_of(job):
    return PROBE if "-%s-" % PROBE in job else MIGRATION


def releases(requests):
    asked, underway, found = {}, {}, []
    for request in requests:
        space = request.space
        about = (request.verb, request.resource)
        if request.user == KUBELET and request.resource == "pods/status":
            note_end(underway.get(space), request)
        elif about == ("create", "jobs") and request.by_operator:
            release = underway.setdefault(space, Release(space, asked.get(space, request.received)))
            # Of several attempts, or of several environments, the last one counts.
            release.jobs[kind_of(request.name)] = Job(request.name, request.answered)
        elif request.resource == "deployments" and request.is_write:
            release = underway.get(space)
            if request.user == USER:
                asked[space] = request.answered
            elif release and release.is_whole:
                release.opened = request.answered
                found.append(underway.pop(space))
    return found


def note_end(release, request):
    """Of the Job that is waited for: once the next one is made, the kubelet only tidies up."""
    job = list(release.jobs.values())[-1] if release else None
    if job and job.name == request.name.rpartition("-")[0]:
        job.ended = request.answered


def report(directory):
    found = releases(read(directory))
    for release in found:
        times = ", ".join("%s %.1f s" % (kind, job.seconds) for kind, job in release.jobs.items())
        print("  %s: the operator %.0f ms; %s" % (release.space, release.own * 1000, times))
    if not found:
        print("  no release was found", file=sys.stderr)
        return 1
    print_spread("the operator's own share", [release.own for release in found])
    to_gate = [release.opened - release.jobs[MIGRATION].ended for release in found]
    print_spread("of it the migration's end -> gate open", to_gate)
    for kind in (PROBE, MIGRATION):
        seconds = [release.jobs[kind].seconds for release in found if kind in release.jobs]
        if seconds:
            print_spread("%s Jobs, from their creation to their container's end" % kind, seconds)
    return 0


def print_spread(what, seconds):
    milliseconds = [1000 * one for one in seconds]
    print("  %s, %d releases: %s ms (min / median / max)" % (what, len(seconds), figures.spread(milliseconds, "%.0f")))


if __name__ == "__main__":
    if len(sys.argv) != 2:
        sys.exit(__doc__)
    sys.exit(report(pathlib.Path(sys.argv[1])))
