"""The operator's rights against what it asked for in all the stories before: nothing was refused, nothing is unused.

Reads the chart's roles as Helm renders them and the API server's audit log; asks the cluster nothing.
"""

import json
import pathlib
import sys

sys.path += [str(pathlib.Path(__file__).resolve().parents[1] / folder) for folder in ("support/python", "cluster")]
import world
from audit_log import AuditLog
from story import require, show, step, tell

# Rights that an audit event shows or not, as it happens.
SELDOM = {
    ("events.k8s.io", "events", "list"): "why a Pod does not start within 10 s; tests/apiserver/test_migration.py",
    ("batch", "jobs", "get"): "whose a Job is that is there already: only when it is asked for again before the watch"
    " brought it; tests/apiserver has a foreign one",
}


def documents(text):
    """JSON values one after another."""
    decoder, at = json.JSONDecoder(), 0
    while text[at:].strip():
        at += len(text[at:]) - len(text[at:].lstrip())
        value, at = decoder.raw_decode(text, at)
        yield from value["items"] if value["kind"] == "List" else [value]


def granted():
    """(group, resource, verb, namespace or "" for all) as rendered, of the roles that the operator has itself."""
    folder = str(world.ROOT / "charts/djangodb-operator")
    chart = world.run(
        "helm",
        "template",
        "x",
        "-n",
        world.OPERATOR_NAMESPACE,
        folder,
        "--set",
        "crds.enabled=false",
        "--kube-version",
        "1.36.0",
    )
    manifests = world.run("kubectl", "create", "--dry-run=client", "-o", "json", "-f", "-", stdin=chart)
    found, rendered = set(), list(documents(manifests))
    bound = {(one["roleRef"]["kind"], one["roleRef"]["name"]) for one in rendered if "roleRef" in one}
    for role in rendered:
        if (role["kind"], role["metadata"]["name"]) in bound:
            space = role["metadata"].get("namespace", "")
            for rule in role["rules"]:
                found |= {
                    (group, resource, verb, space)
                    for group in rule["apiGroups"]
                    for resource in rule["resources"]
                    for verb in rule["verbs"]
                }
    return found


def right(request):
    return request.group, request.resource, request.verb, request.space


def covers(right_of_role, used):
    return right_of_role[:3] == used[:3] and right_of_role[3] in ("", used[3])


def is_refusal(request):
    """For want of a right: in a namespace that is being terminated nobody may make anything."""
    return request.code in (401, 403) and "because it is being terminated" not in request.message


def main():
    world.enter()
    roles = granted()
    asked = AuditLog(world.cluster_directory()).requests(open_watches=True)
    step("%d requests of the operator's against %d rights" % (len(asked), len(roles)))
    require("the stories before it left their requests", len(asked) > 100, len(asked))
    refused = {str(request) for request in asked if is_refusal(request)}
    require("nothing was refused", not refused, "\n".join(sorted(refused)))
    used = {right(request) for request in asked}
    unused = [one for one in roles if not any(covers(one, other) for other in used)]
    for one in sorted(unused):
        if one[:3] in SELDOM:
            show("%s %s: %s" % (one[2], one[1], SELDOM[one[:3]]))
    left = sorted(one for one in unused if one[:3] not in SELDOM)
    require("nothing is unused", not left, "\n".join(" ".join(one) for one in left))


if __name__ == "__main__":
    tell(main)
