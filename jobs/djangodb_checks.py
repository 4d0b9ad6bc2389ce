"""Django's own system checks, with those that it keeps for deployments."""

import collections

from djangodb_answer import ANSWER, described, end, one_line, publish, say, setting
from djangodb_reasons import lost, sqlstate
from djangodb_rolled_back import rolled_back, with_code_of_the_app
from djangodb_warnings import warn

MOST_NAMES = 8
NOT_THERE = ("42P01", "42703")  # a table, a column


def check(connection):
    from django.core import checks

    publish(stage="checks")
    found = findings(connection)
    for finding in found:
        say("check: %s" % one_line(finding))
    wanted = setting("FAIL_LEVEL", None)
    failed = [finding for finding in found if wanted and finding.level >= getattr(checks, wanted)]
    if failed:
        end("ChecksFailed", "%s: %s" % (summary(failed), failed[0].msg))
    if found:
        warn(summary(found))


def findings(connection):
    """Warnings and worse, the worst first."""
    from django.core import checks

    raw = connection.connection
    try:
        with rolled_back(connection), with_code_of_the_app(connection):
            every = checks.run_checks(include_deployment_checks=True)
    except BaseException as error:  # code of the app may even exit
        if lost(raw, error):
            raise
        # Code that reads a table when it is loaded can't be checked before that is migrated.
        if setting("FAIL_LEVEL", None) and not (ANSWER["pending"] and sqlstate(error) in NOT_THERE):
            end("ChecksFailed", described(error), error)
        warn("check --deploy itself failed: %s" % described(error))
        return []
    found = [finding for finding in every if finding.level >= checks.WARNING and not finding.is_silenced()]
    return sorted(found, key=lambda finding: (-finding.level, finding.id or ""))


def summary(found):
    count = collections.Counter(finding.id or "no id" for finding in found)
    names = [name if times == 1 else "%s (%d)" % (name, times) for name, times in count.items()]
    more = " and %d more" % (len(names) - MOST_NAMES) if len(names) > MOST_NAMES else ""
    return "check --deploy: " + ", ".join(names[:MOST_NAMES]) + more
