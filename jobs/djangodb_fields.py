"""What it does to add a field, to remove it and to rename it; djangodb_alterations.py has its other changes.

Each function takes a Change (djangodb_operations.py) and returns Effects, one for each table.
"""

from djangodb_effects import (
    ACCESS_EXCLUSIVE,
    BREAK,
    CONTRACT,
    EXPAND,
    SHARE_ROW_EXCLUSIVE,
    Effect,
    unknown,
)
from djangodb_schema import bound, is_join, is_reference, target_of

RENAMED = "renames %s to %s, which either release knows by one name"
UNREMOVABLE = "the new release can't delete rows that %s still refers to"


def db_default(field):
    """Django 5.0 and later. None: the server gives no value."""
    from django.db.models import NOT_PROVIDED

    default = getattr(field, "db_default", NOT_PROVIDED)
    return None if default is NOT_PROVIDED else default


def is_generated(field):
    return getattr(field, "generated", False)


def fills_itself(field):
    """An INSERT that does not name the column goes well."""
    return field.null or is_generated(field) or db_default(field) is not None


def has_index(field):
    return field.unique or field.db_index or getattr(field, "spatial_index", False)


def is_checked_join(field):
    return is_join(field) and field.remote_field.db_constraint


def checked(fields):
    return [field for field in fields if is_reference(field) or is_checked_join(field)]


def locks_targets(schema, key, fields, lock):
    """Both ends of a foreign key are locked when it is made or dropped."""
    targets = {schema.table(target_of(field, key)) for field in checked(fields)}
    return [Effect(lock=lock, table=table) for table in sorted(targets - {""})]


def hold_others(change, fields):
    """Whether the rows that these are in keep the new release from deleting those that they refer to."""
    return any(change.before.target(field, change.key) not in change.gone for field in checked(fields))


def added(change, name, field):
    if field.many_to_many:
        return added_join(change, field)
    if not change.after.has_column(bound(field, name)):
        return []
    effects = [added_column(change.table, bound(field, name), change.connection)]
    return effects + locks_targets(change.after, change.key, [field], SHARE_ROW_EXCLUSIVE)


def added_join(change, field):
    if not is_join(field):
        return []
    lock = SHARE_ROW_EXCLUSIVE if field.remote_field.db_constraint else ""
    effect = Effect(EXPAND, lock, "makes a table that joins two", change.table)
    return [effect] + locks_targets(change.after, change.key, [field], SHARE_ROW_EXCLUSIVE)


def added_column(table, field, connection):
    if field.unique and fills_all_alike(field):
        phase, why = BREAK, "adds %s.%s, unique with one default in the database, so a second insert fails"
    elif fills_itself(field):
        phase, why = EXPAND, "adds %s.%s, which the new release uses"
    else:
        phase, why = BREAK, "adds %s.%s NOT NULL without a default in the database, so inserts of the old release fail"
    scans = bool(
        has_index(field)
        or is_reference(field)
        or field.db_check(connection)
        or rewrites(field)
        or getattr(field, "db_persist", False)
    )
    return Effect(phase, ACCESS_EXCLUSIVE, why % (table, field.column), table, scans=scans)


def rewrites(field):
    """PostgreSQL keeps one value for all rows that are there, if there is but one."""
    default = db_default(field)
    return (default is not None and not fills_all_alike(field)) or "Auto" in field.get_internal_type()


def fills_all_alike(field):
    """By one value in the database, at least within one transaction."""
    from django.db.models import Value
    from django.db.models.functions import Now

    default = db_default(field)
    by_row = hasattr(default, "resolve_expression") and not isinstance(default, (Value, Now))
    return default is not None and not by_row


def removed(change, name, field):
    if field.many_to_many:
        return removed_join(change, name, field)
    if not change.before.has_column(bound(field, name)):
        return []
    effect = removed_column(change, bound(field, name))
    return [effect] + locks_targets(change.before, change.key, [field], ACCESS_EXCLUSIVE)


def removed_join(change, name, field):
    if not is_join(field):
        return []
    table = change.before.join_table(change.key, name, field)
    phase, why = CONTRACT, "drops %s, which the old release uses" % table
    effects = []
    if field.remote_field.db_constraint:
        if change.key not in change.gone or hold_others(change, [field]):
            phase, why = BREAK, UNREMOVABLE % table
        effects.append(Effect(lock=ACCESS_EXCLUSIVE, table=change.table))
    effects.append(Effect(phase, ACCESS_EXCLUSIVE, why, table, destructive=True))
    return effects + locks_targets(change.before, change.key, [field], ACCESS_EXCLUSIVE)


def removed_column(change, field):
    place = "%s.%s" % (change.table, field.column)
    if not fills_itself(field) and change.key not in change.gone:
        phase, why = BREAK, "drops %s, which is NOT NULL: inserts of the new release fail while it is there" % place
    elif hold_others(change, [field]):
        phase, why = BREAK, UNREMOVABLE % place
    else:
        phase, why = CONTRACT, "drops %s, which the old release uses" % place
    return Effect(phase, ACCESS_EXCLUSIVE, why, change.table, destructive=True)


def renamed(change, old_name, new_name):
    old = change.before.field(change.key, old_name)
    new = change.after.field(change.key, new_name)
    if old is None or new is None:
        return [unknown("renames a field that the migrations before do not make", table=change.table)]
    table = change.table
    if old.many_to_many:
        if not is_join(old):
            return []
        before = table = change.before.join_table(change.key, old_name, old)
        after = change.after.join_table(change.key, new_name, new)
    else:
        before, after = bound(old, old_name).column, bound(new, new_name).column
    if before == after:
        return []
    return [Effect(BREAK, ACCESS_EXCLUSIVE, RENAMED % (before, after), table)]
