"""What was approved is what is migrated: each pending migration by its name and its bytes, as sixteen hex digits."""

import hashlib
import os
import sys

from djangodb_answer import end
from djangodb_unfinished import name_of

DIGITS = 16
# Before the digest of a whole plan, where its migrations are too many to be named one by one in a probe's answer.
WHOLE = "plan:"


def digits_of(loader, migration):
    content = name_of(migration).encode() + b"\0" + source_of(module_of(loader, migration))
    return hashlib.sha256(content).hexdigest()[:DIGITS]


def module_of(loader, migration):
    package, _ = loader.migrations_module(migration.app_label)
    return sys.modules.get("%s.%s" % (package, migration.name)) or sys.modules.get(type(migration).__module__)


def source_of(module):
    """By its own loader: it may lie in an archive, or be there as bytecode alone. Of what is nowhere, nothing."""
    spec = getattr(module, "__spec__", None)
    try:
        return spec.loader.get_data(spec.origin)
    except Exception:
        pass
    try:
        return (spec.loader.get_source(spec.name) or "").encode()
    except Exception:
        return b""


def planned(loader, plan):
    """In the order in which they are migrated."""
    return "".join(digits_of(loader, migration) for migration in plan)


def digest_of(digits):
    return hashlib.sha256(digits.encode()).hexdigest()[:16] if digits else ""


def refuse_unapproved(loader, plan):
    """An empty text approves of nothing, so then nothing may be pending. No variable: all is approved."""
    approved = os.environ.get("DJANGODB_APPROVED")
    if approved is None:
        return
    if approved.startswith(WHOLE):
        digest = digest_of(planned(loader, plan))
        if digest != approved[len(WHOLE) :]:
            refuse("plan %s is pending, which is not the one" % (digest or "of nothing"))
        return
    chunks = {approved[at : at + DIGITS] for at in range(0, len(approved), DIGITS)}
    for migration in plan:
        if digits_of(loader, migration) not in chunks:
            refuse("%s is not part of the plan" % name_of(migration), migration=name_of(migration))


def refuse(what, **more):
    end("PlanChanged", "%s that was approved; nothing was migrated" % what, **more)
