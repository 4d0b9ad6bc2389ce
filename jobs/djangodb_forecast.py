"""What each pending migration will do, told before anything is done.

`plan` has an entry for each, in order, without what is false or empty:

    migration     orders.0002_reference
    phase         when it may be applied, see djangodb_effects.py; `judged` is our own word where it declares another
    lock          PostgreSQL's strongest on tables that are there; UNKNOWN for code and SQL
    scans         others wait while it reads or writes all of such a table, or runs code and SQL
    destructive, data, irreversible
    atomic        only as false
    tables        those that are there; their [rows, bytes] are in the answer's own `tables`
    operations    the kinds
    why           of the phase, one sentence

`destructive` and `incompatible` name those that lose data, and those that break the release that runs, or may. In a new
database (`is_new`) there is neither.
"""

import contextlib

from djangodb_answer import described, publish
from djangodb_approval import is_new
from djangodb_digits import digest_of, planned
from djangodb_effects import ANY, BREAK, CONTRACT, EXPAND, INCOMPATIBLE, combine, without_old_release
from djangodb_steps import database_operations
from djangodb_unfinished import name_of
from djangodb_walk import Walk, models_gone
from djangodb_warnings import warn

# What a migration may say of itself: rollout = "expand", or django-safemigrate's safe = Safe.before_deploy().
DECLARED = {
    "any": ANY,
    "expand": EXPAND,
    "contract": CONTRACT,
    "break": BREAK,
    "always": ANY,
    "before_deploy": EXPAND,
    "after_deploy": CONTRACT,
}
# By the connection's own search_path, and with nothing that a schema of the app's could stand before.
SIZES = """
select wanted.name, c.reltuples::pg_catalog.int8, pg_catalog.pg_total_relation_size(c.oid)
from pg_catalog.unnest(%s::pg_catalog.text[]) as wanted (name)
join pg_catalog.pg_class c on c.oid = pg_catalog.to_regclass(
    case when pg_catalog.left(wanted.name, 1) = '"' then wanted.name else pg_catalog.quote_ident(wanted.name) end)
"""


def foretell(connection, executor, plan):
    """What can't be told is left out of the answer, and is no reason to refuse the release."""
    with warned_of("the plan has no digest"):
        digits = planned(executor.loader, plan)
        publish(planned=digits, plan_digest=digest_of(digits))
    entries, new = None, False
    with warned_of("whether the database is new can't be told"):
        new = is_new(connection, executor.loader)
    publish(is_new=new)
    with warned_of("the plan can't be judged"):
        entries = forecast(connection, executor, plan, new)
        destructive = [entry["migration"] for entry in entries if "destructive" in entry]
        incompatible = [entry["migration"] for entry in entries if entry["phase"] in INCOMPATIBLE]
        publish(
            plan=entries,
            destructive=destructive,
            destructive_count=len(destructive),
            incompatible=incompatible,
            incompatible_count=len(incompatible),
        )
    if entries is not None:
        with warned_of("the sizes of tables can't be read"):
            publish(tables=sizes(connection, sorted({table for entry in entries for table in entry.get("tables", ())})))


@contextlib.contextmanager
def warned_of(what):
    try:
        yield
    except (Exception, SystemExit) as error:  # code of the app may even exit
        warn("%s: %s" % (what, described(error)))


def forecast(connection, executor, plan, new):
    if not plan:
        return []
    state = executor._create_project_state(with_applied_migrations=True)
    operations = [(each.app_label, operation) for each in plan for operation in database_operations(each.operations)]
    walk = Walk(connection, state, models_gone(operations))
    return [entry_of(walk, migration, new) for migration in plan]


def entry_of(walk, migration, new):
    app, operations = migration.app_label, migration.operations
    effects = [effect for operation in operations for effect in walk.step(operation, app)]
    if new:
        effects = [without_old_release(effect) for effect in effects]
    whole = combine(effects, migration.atomic)
    phase = whole.phase if new else declared_phase(migration) or whole.phase
    entry = {
        "migration": name_of(migration),
        "phase": phase,
        "judged": whole.phase if phase != whole.phase else "",
        "lock": whole.lock,
        "scans": whole.scans,
        "destructive": whole.destructive,
        "data": whole.data,
        "irreversible": not all(is_reversible(operation) for operation in operations),
        "tables": sorted({effect.table for effect in effects} - walk.new - {""}),
        "operations": list(dict.fromkeys(type(operation).__name__ for operation in operations)),
        "why": whole.why,
    }
    entry = {name: value for name, value in entry.items() if value}
    if not migration.atomic:
        entry["atomic"] = False
    return entry


def is_reversible(operation):
    parts = getattr(operation, "database_operations", ())
    return bool(operation.reversible) and all(is_reversible(part) for part in parts)


def declared_phase(migration):
    """None where it says nothing that we know."""
    for attribute in ("rollout", "safe"):
        with contextlib.suppress(Exception, SystemExit):
            said = getattr(migration, attribute, None)
            said = said() if callable(said) else said
            said = getattr(said, "when", said)
            word = DECLARED.get(str(getattr(said, "value", said)).lower())
            if word:
                return word
    return None


def sizes(connection, tables):
    """[rows, bytes] by the server's last count; -1 rows: it has never counted."""
    if not tables:
        return {}
    with connection.cursor() as cursor:
        cursor.execute(SIZES, [tables])
        return {name: [rows, size] for name, rows, size in cursor.fetchall()}
