"""What each of Django's operations does, by its own class or the one that it is made from.

A class of somebody else's that overrides what an operation does to the database is code that can't be judged.
"""

from djangodb_alterations import altered
from djangodb_effects import (
    ACCESS_EXCLUSIVE,
    ANY,
    BREAK,
    CONTRACT,
    EXPAND,
    SHARE,
    SHARE_ROW_EXCLUSIVE,
    SHARE_UPDATE_EXCLUSIVE,
    Effect,
    unknown,
)
from djangodb_fields import RENAMED, UNREMOVABLE, added, hold_others, locks_targets, removed, renamed
from djangodb_schema import Schema
from djangodb_statements import may_lose

DJANGO = ("django.db.migrations.operations.", "django.contrib.postgres.operations")

RELIED_ON = "drops %s, which the old release may rely on in ON CONFLICT"


class Change:
    """An operation, between the states of the models before and after it."""

    def __init__(self, operation, app, before, after, connection, gone=frozenset()):
        self.operation = operation
        self.app = app
        self.key = model_of(operation, app)
        self.connection = connection
        self.gone = gone  # the models that the new release does not have
        self.existed = self.key in before  # which is asked before the operation changes what is behind it
        self.before = Schema(before, connection)
        self.after = Schema(after, connection)

    @property
    def table(self):
        return self.before.table(self.key)

    def effect(self, phase, lock, why, **more):
        return Effect(phase, lock, why, self.table, **more)


def model_of(operation, app):
    """Its key, by the name that it has before; None where it is about no model."""
    for attribute in ("model_name", "old_name", "name"):
        if isinstance(getattr(operation, attribute, None), str):
            return app, getattr(operation, attribute).lower()
    return None


def known_class(operation):
    """Django's own class whose work it does. None: somebody else's."""
    for known in type(operation).__mro__:
        if known.__module__.startswith(DJANGO) and known.__name__ in JUDGES:
            return known if type(operation).database_forwards is known.database_forwards else None
    return None


def of_somebody_else(operation):
    return unknown("%s is no operation of Django's own" % type(operation).__name__, destructive=True)


def judge(change):
    """An Effect or more for each table that it touches."""
    known = known_class(change.operation)
    if known is None:
        return [of_somebody_else(change.operation)]
    if known.__name__ in OF_MODELS and not is_migrated(change):
        return []
    effects = JUDGES[known.__name__](change)
    return effects if isinstance(effects, list) else [effects]


def is_migrated(change):
    schema = change.after if change.key in change.after.models else change.before
    return schema.is_migrated(change.key)


def create_model(change):
    table = change.after.table(change.key)
    fields = [field for _, field in change.operation.fields]
    targets = locks_targets(change.after, change.key, fields, SHARE_ROW_EXCLUSIVE)
    effect = Effect(EXPAND, why="makes %s, which the new release uses" % table, table=table)
    return [effect] + [target for target in targets if target.table != table]


def delete_model(change):
    fields = list(change.before.models[change.key].fields.values())
    targets = locks_targets(change.before, change.key, fields, ACCESS_EXCLUSIVE)
    phase, why = CONTRACT, "drops %s, which the old release uses" % change.table
    if hold_others(change, fields):
        phase, why = BREAK, UNREMOVABLE % change.table
    tables = change.before.tables(change.key)
    return [Effect(phase, ACCESS_EXCLUSIVE, why, table, destructive=True) for table in tables] + targets


def rename_model(change):
    import django

    new = (change.key[0], change.operation.new_name.lower())
    before, after = change.table, change.after.table(new)
    own = change.after.tables(new)
    others = [table for table in change.after.tables_that_refer_to(new) if table not in own]
    others += change.before.tables(change.key)[1:]
    if before == after and not change.after.joins(new):
        # Up to 5.1 Django makes the references anew.
        others = others if django.VERSION < (5, 2) else []
        return [Effect(lock=ACCESS_EXCLUSIVE, table=table, scans=True) for table in others + [before] if others]
    effects = [Effect(lock=ACCESS_EXCLUSIVE, table=table, scans=True) for table in others]
    return [change.effect(BREAK, ACCESS_EXCLUSIVE, RENAMED % (before, after))] + effects


def alter_table(change):
    before, after = change.before.tables(change.key), change.after.tables(change.key)
    if before == after:
        return []
    return [Effect(BREAK, ACCESS_EXCLUSIVE, RENAMED % (before[0], after[0]), table) for table in before]


def add_field(change):
    return added(change, change.operation.name, change.operation.field)


def remove_field(change):
    return removed(change, change.operation.name, change.before.models[change.key].fields[change.operation.name])


def alter_field(change):
    name = change.operation.name
    return altered(change, name, change.before.models[change.key].fields[name], change.operation.field)


def rename_field(change):
    return renamed(change, change.operation.old_name, change.operation.new_name)


def add_index(change):
    return change.effect(
        EXPAND, SHARE, "an index on %s, and nobody writes while it is built" % change.table, scans=True
    )


def add_index_concurrently(change):
    return change.effect(EXPAND, SHARE_UPDATE_EXCLUSIVE, "an index on %s" % change.table, reads=True)


def remove_index(change):
    return change.effect(CONTRACT, ACCESS_EXCLUSIVE, dropped_index(change))


def remove_index_concurrently(change):
    return change.effect(CONTRACT, SHARE_UPDATE_EXCLUSIVE, dropped_index(change))


def dropped_index(change):
    return "drops an index of %s, which the old release may need" % change.table


def lock_only(change):
    return change.effect(ANY, SHARE_UPDATE_EXCLUSIVE, "")


def add_constraint(change):
    constraint = change.operation.constraint
    if not type(constraint).create_sql.__module__.startswith("django."):
        return unknown("%s is no constraint of Django's own" % type(constraint).__name__, table=change.table)
    why = "the old release may write rows that %s refuses" % constraint.name
    lock = SHARE if is_index_only(constraint) else ACCESS_EXCLUSIVE
    return change.effect(CONTRACT, lock, why, scans=True)


def is_index_only(constraint):
    """What PostgreSQL has as a unique index and not as a constraint."""
    from django.db.models import UniqueConstraint

    parts = ("condition", "include", "opclasses", "expressions")
    return isinstance(constraint, UniqueConstraint) and any(getattr(constraint, part, None) for part in parts)


def add_constraint_not_valid(change):
    return add_constraint(change)._replace(scans=False)


def validate_constraint(change):
    return change.effect(ANY, SHARE_UPDATE_EXCLUSIVE, "", reads=True)


def remove_constraint(change):
    name = change.operation.name
    constraints = change.before.models[change.key].options.get("constraints") or ()
    if all(is_check(constraint) for constraint in constraints if constraint.name == name):
        return change.effect(EXPAND, ACCESS_EXCLUSIVE, "the new release may write rows that %s refuses" % name)
    return change.effect(CONTRACT, ACCESS_EXCLUSIVE, RELIED_ON % name, frees=True)


def is_check(constraint):
    from django.db.models import CheckConstraint

    return isinstance(constraint, CheckConstraint)


def alter_unique_together(change):
    added, removed = compared_sets(change)
    effects = []
    if added:
        why = "the old release may write rows that are not unique"
        effects.append(change.effect(CONTRACT, ACCESS_EXCLUSIVE, why, scans=True))
    if removed:
        effects.append(change.effect(CONTRACT, ACCESS_EXCLUSIVE, RELIED_ON % "unique_together", frees=True))
    return effects


def alter_index_together(change):
    added, removed = compared_sets(change)
    return [add_index(change)] * bool(added) + [remove_index(change)] * bool(removed)


def compared_sets(change):
    option = change.operation.option_name
    before = set(map(tuple, change.before.models[change.key].options.get(option) or ()))
    after = set(map(tuple, change.operation.option_value or ()))
    return after - before, before - after


def alter_order(change):
    before = bool(change.before.models[change.key].options.get("order_with_respect_to"))
    after = bool(change.operation.order_with_respect_to)
    if before == after:
        return []
    if after:
        return change.effect(BREAK, ACCESS_EXCLUSIVE, "adds %s._order NOT NULL" % change.table)
    return change.effect(BREAK, ACCESS_EXCLUSIVE, "drops %s._order, NOT NULL" % change.table, destructive=True)


def nothing(change):
    return []


def run_python(change):
    from django.db.migrations import RunPython

    if change.operation.code is RunPython.noop or not is_allowed(change):
        return []
    return unknown("runs Python code", data=True)


def run_sql(change):
    parts = statements(change.operation.sql)
    if not any(part.strip() for part in parts) or not is_allowed(change):
        return []
    return unknown("runs SQL", data=True, destructive=any(map(may_lose, parts)))


def statements(sql):
    if not isinstance(sql, (list, tuple)):
        return [str(sql)]
    return [part[0] if isinstance(part, (list, tuple)) else str(part) for part in sql]


def is_allowed(change):
    """Its own hints go to the routers."""
    from django.db import router

    return router.allow_migrate(change.connection.alias, change.app, **change.operation.hints)


def create_extension(change):
    return Effect(EXPAND, why="makes the extension %s" % change.operation.name)


def create_collation(change):
    return Effect(EXPAND, why="makes the collation %s" % change.operation.name)


def remove_collation(change):
    return Effect(CONTRACT, why="drops the collation %s" % change.operation.name)


OF_MODELS = {
    "CreateModel": create_model,
    "DeleteModel": delete_model,
    "RenameModel": rename_model,
    "AlterModelTable": alter_table,
    "AlterModelTableComment": lock_only,
    "AlterModelOptions": nothing,
    "AlterModelManagers": nothing,
    "AlterUniqueTogether": alter_unique_together,
    "AlterIndexTogether": alter_index_together,
    "AlterOrderWithRespectTo": alter_order,
    "AddField": add_field,
    "RemoveField": remove_field,
    "AlterField": alter_field,
    "RenameField": rename_field,
    "AddIndex": add_index,
    "AddIndexConcurrently": add_index_concurrently,
    "RemoveIndex": remove_index,
    "RemoveIndexConcurrently": remove_index_concurrently,
    "RenameIndex": lock_only,
    "AddConstraint": add_constraint,
    "AddConstraintNotValid": add_constraint_not_valid,
    "ValidateConstraint": validate_constraint,
    "RemoveConstraint": remove_constraint,
    "AlterConstraint": nothing,
}
JUDGES = dict(
    OF_MODELS,
    SeparateDatabaseAndState=nothing,  # its parts are judged, see djangodb_walk.py
    CreateExtension=create_extension,
    RunPython=run_python,
    RunSQL=run_sql,
    CreateCollation=create_collation,
    RemoveCollation=remove_collation,
)
