"""Sixteen hex digits for a migration: of its name, its bytes, and what it runs that stands elsewhere.

In each process the same, whatever the hash seed is and wherever things lie in memory.
"""

import hashlib
import inspect
import re
import sys

from djangodb_unfinished import name_of

DIGITS = 16
ADDRESS = re.compile(r" at 0x[0-9a-fA-F]+")


def digits_of(loader, migration):
    parts = [name_of(migration).encode(), source_of(module_of(loader, migration))]
    parts += [part for operation in migration.operations for part in parts_of(operation)]
    return hashlib.sha256(b"\0".join(parts)).hexdigest()[:DIGITS]


def planned(loader, plan):
    """In the order in which they are migrated."""
    return "".join(digits_of(loader, migration) for migration in plan)


def digest_of(digits):
    return hashlib.sha256(digits.encode()).hexdigest()[:DIGITS] if digits else ""


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


def parts_of(operation):
    """SQL may be read from a file, and code may be imported."""
    try:
        return list(texts_of(operation))
    except (Exception, SystemExit):  # code of the app's, such as a property
        return []


def texts_of(operation):
    from django.db.migrations import RunPython, RunSQL

    for made_from in type(operation).__mro__:
        if made_from is not object and not made_from.__module__.startswith("django."):
            yield source_of(sys.modules.get(made_from.__module__))
    if isinstance(operation, RunSQL):
        yield shown(operation.sql).encode(errors="backslashreplace")
    elif isinstance(operation, RunPython):
        yield code_of(operation.code)
    for part in getattr(operation, "database_operations", None) or ():
        yield from parts_of(part)


def code_of(function):
    try:
        return inspect.getsource(function).encode()
    except Exception:
        return b""


def shown(value):
    if isinstance(value, (list, tuple)):
        return "[%s]" % ",".join(map(shown, value))
    if isinstance(value, (set, frozenset)):
        return "{%s}" % ",".join(sorted(map(shown, value)))
    if isinstance(value, dict):
        return "{%s}" % ",".join("%s:%s" % (shown(name), shown(part)) for name, part in value.items())
    return ADDRESS.sub("", repr(value))
