"""Operations that are done for real, in a transaction that is rolled back: what they lock and write, and what fails."""

from django.db import connection, models, transaction
from django.db.migrations.migration import Migration
from django.db.migrations.state import ProjectState

from operation_models import APP, ROWS, base_operations

# By number: a table may have another name since, or be gone.
LOCKS = "select relation, mode from pg_locks where pid = pg_backend_pid() and locktype = 'relation'"
FILES = """
select oid, pg_relation_filenode(oid) from pg_class where relkind = 'r' and relnamespace = 'public'::regnamespace
"""
TABLES = "select oid, relname from pg_class where relkind = 'r' and relnamespace = 'public'::regnamespace"
# PostgreSQL's names in pg_locks and in its manual; the weaker ones are those of rows.
NAMES = {
    "ShareUpdateExclusiveLock": "SHARE UPDATE EXCLUSIVE",
    "ShareLock": "SHARE",
    "ShareRowExclusiveLock": "SHARE ROW EXCLUSIVE",
    "AccessExclusiveLock": "ACCESS EXCLUSIVE",
}

SHOWN = "select %s::text from t_item where id = 1"
REFUSED = ("22001", "22003")  # too long, out of range


class Measured:
    failed = ""  # why the operations themselves did not go well
    locks = frozenset()  # of (table, lock)
    rewritten = frozenset()  # tables
    old_on_new = ()  # what of the old release fails
    new_on_old = ()


def ask(statement):
    with connection.cursor() as cursor:
        cursor.execute(statement)
        return cursor.fetchall()


def state_of(*operations):
    state = ProjectState()
    for operation in base_operations() + list(operations):
        operation.state_forwards(APP, state)
    return state


def apply(operations, state):
    migration = type("Migration", (Migration,), {"operations": list(operations)})("0001", APP)
    with connection.schema_editor(atomic=True) as editor:
        migration.apply(state.clone(), editor)


def make_tables():
    apply(base_operations(), ProjectState())
    with connection.cursor() as cursor:
        cursor.execute(ROWS)
        cursor.execute("analyze")


def measure(operations):
    found = Measured()
    with transaction.atomic():
        found.new_on_old = failures(state_of(*operations))
        transaction.set_rollback(True)
    with transaction.atomic():
        files, tables = dict(ask(FILES)), dict(ask(TABLES))
        try:
            with transaction.atomic():
                apply(operations, state_of())
        except Exception as error:
            found.failed = sqlstate(error) or repr(error)
        else:
            found.locks = {(tables[oid], NAMES[mode]) for oid, mode in ask(LOCKS) if oid in tables and mode in NAMES}
            after = dict(ask(FILES))
            found.rewritten = {tables[oid] for oid in files if after.get(oid, files[oid]) != files[oid]}
            found.old_on_new = failures(state_of())
        transaction.set_rollback(True)
    return found


def values_after(operation, column, value):
    """A value as text, before the operation and after it; None when that was refused."""
    shown = "select trim_scale(%s::numeric)::text from t_item where id = 1" if column == "price" else SHOWN
    with transaction.atomic():
        with connection.cursor() as cursor:
            cursor.execute("update t_item set %s = %s where id = 1" % (column, value))
            cursor.execute("set constraints all immediate")
        ((before,),) = ask(shown % column)
        try:
            with transaction.atomic():
                apply([operation], state_of())
            ((after,),) = ask(shown % column)
        except Exception as error:
            assert sqlstate(error) in REFUSED
            after = None
        transaction.set_rollback(True)
    return before, after


def sqlstate(error):
    return getattr(error.__cause__, "sqlstate", None) or getattr(error.__cause__, "pgcode", None)


def failures(state):
    """What a release with these models can't do."""
    return [name for name, work in works(state.apps) if not goes_well(work)]


def goes_well(work):
    try:
        with transaction.atomic():
            work()
            with connection.cursor() as cursor:
                cursor.execute("set constraints all immediate")
                cursor.execute("set constraints all deferred")
    except Exception as error:
        if not sqlstate(error):
            raise
        return False
    return True


def works(apps):
    known = apps.all_models[APP]
    item = known.get("item") or known["thing"]
    yield "select", lambda: list(item.objects.all()[:3])
    yield "insert", lambda: item.objects.create(**values_for(item))
    yield "update", lambda: [row.save() for row in item.objects.all()[:1]]
    yield "delete", lambda: item.objects.filter(pk=3).delete()
    yield "delete parent", lambda: known["parent"].objects.filter(pk=2).delete()
    for other in sorted(set(known) & {"lonely", "alone", "moved", "book"}):
        yield "select " + other, lambda other=other: list(known[other].objects.all()[:3])


def values_for(model):
    """What an INSERT has to give; all else is left to the defaults."""
    values = {}
    for number, field in enumerate(model._meta.concrete_fields):
        has_default = field.has_default() or getattr(field, "db_default", models.NOT_PROVIDED) != models.NOT_PROVIDED
        if field.primary_key or field.null or has_default or getattr(field, "generated", False):
            continue
        if field.is_relation:
            values[field.attname] = 7
        elif isinstance(field, (models.CharField, models.TextField)):
            values[field.name] = "v%d" % number
        else:
            values[field.name] = 7
    return values
