"""What it does to alter a field: each of its properties by itself, since one AlterField may change several."""

import re

from djangodb_effects import (
    ACCESS_EXCLUSIVE,
    ANY,
    BREAK,
    CONTRACT,
    EXPAND,
    SHARE,
    SHARE_ROW_EXCLUSIVE,
    Effect,
)
from djangodb_fields import db_default, is_generated, locks_targets
from djangodb_schema import bound, is_join, is_reference, is_unchecked, target_of

INTEGERS = ("smallint", "integer", "bigint")
LENGTH = re.compile(r"varchar\((\d+)\)$")
PRECISION = re.compile(r"numeric\((\d+), (\d+)\)$")


class Alteration:
    """A column before and after, as the functions below compare it."""

    def __init__(self, change, name, old, new):
        self.change = change
        self.table = change.table
        self.old = bound(old, name)
        self.new = bound(new, name)
        self.old_type = change.before.column_type(self.old, change.key)
        self.new_type = change.after.column_type(self.new, change.key)
        self.place = "%s.%s" % (self.table, self.old.column)

    def effect(self, phase, lock, why, scans=False):
        return Effect(phase, lock, "%s: %s" % (self.place, why), self.table, scans=scans)

    def changes(self, name):
        return getattr(self.old, name, None) != getattr(self.new, name, None)


def altered(change, name, old, new):
    if old.many_to_many or new.many_to_many:
        return altered_join(change, name, old, new)
    alteration = Alteration(change, name, old, new)
    if alteration.old_type is None and alteration.new_type is None:
        return []
    effects = [effect for judge in JUDGES for effect in judge(alteration)]
    return effects + altered_reference(alteration)


def altered_join(change, name, old, new):
    if old.many_to_many and new.many_to_many:
        before = (is_join(old) and change.before.join_table(change.key, name, old), target_of(old, change.key))
        after = (is_join(new) and change.after.join_table(change.key, name, new), target_of(new, change.key))
        if before == after:
            return altered_checks(change, after[0], old, new) if after[0] else []
    return [Effect(BREAK, ACCESS_EXCLUSIVE, "changes how %s is joined" % name, change.table)]


def altered_checks(change, table, old, new):
    """Django makes both references of the join anew, or drops them."""
    if old.remote_field.db_constraint == new.remote_field.db_constraint:
        return []
    phase, lock, why = EXPAND, ACCESS_EXCLUSIVE, "%s: its references are no longer checked"
    if new.remote_field.db_constraint:
        phase, lock, why = CONTRACT, SHARE_ROW_EXCLUSIVE, "%s: its references are checked from now on"
    tables = [table] + sorted({change.table, change.after.table(target_of(new, change.key))} - {""})
    return [Effect(phase, lock, why % table, each, scans=phase == CONTRACT) for each in tables]


def column(alteration):
    if alteration.changes("column"):
        yield alteration.effect(BREAK, ACCESS_EXCLUSIVE, "renamed to %s" % alteration.new.column)


def kind(alteration):
    before, after = alteration.old_type, alteration.new_type
    if before != after:
        phase, scans, remark = converted(str(before), str(after))
        effect = alteration.effect(phase, ACCESS_EXCLUSIVE, "%s becomes %s%s" % (before, after, remark), scans)
        yield effect._replace(destructive=phase == BREAK and loses(alteration, str(before), str(after)))
    elif is_auto(alteration.old) != is_auto(alteration.new):
        yield alteration.effect(BREAK, ACCESS_EXCLUSIVE, "other values where none is given", scans=True)


def is_auto(field):
    return "Auto" in field.get_internal_type()


def converted(before, after):
    """Whether all old values are new ones too, and whether PostgreSQL goes over them."""
    if is_longer(before, after):
        return EXPAND, False, ""
    if before in INTEGERS and after in INTEGERS and INTEGERS.index(before) < INTEGERS.index(after):
        return EXPAND, True, ", which writes the table anew"
    return BREAK, True, ", and values may not fit"


def loses(alteration, before, after):
    """PostgreSQL refuses what does not fit, unless Django casts it by name: then it is cut. Digits always are."""
    if is_shorter(before, after):
        return is_cast(alteration)
    if after in ("text", "varchar") or (before in INTEGERS and after in INTEGERS):
        return False
    for kind in (LENGTH, PRECISION):
        old, new = kind.match(before), kind.match(after)
        if old and new:
            return kind is PRECISION and int(new.group(2)) < int(old.group(2))
    return True


def is_shorter(before, after):
    length, shorter = LENGTH.match(before), LENGTH.match(after)
    return bool(length and shorter) and int(shorter.group(1)) < int(length.group(1))


def is_cast(alteration):
    """Django says USING where it takes the two for different types; it compares references with what they refer to."""
    types = alteration.change.connection.data_types

    def known_as(field):
        return types.get(field.get_internal_type(), field.db_type(alteration.change.connection))

    old, new = alteration.old, alteration.new
    return bool(old.remote_field or new.remote_field) or known_as(old) != known_as(new)


def is_longer(before, after):
    length, precision = LENGTH.match(before), PRECISION.match(before)
    if length:
        longer = LENGTH.match(after)
        return after in ("text", "varchar") or (bool(longer) and int(longer.group(1)) >= int(length.group(1)))
    if precision:
        more = PRECISION.match(after)
        return bool(more) and int(more.group(1)) >= int(precision.group(1)) and more.group(2) == precision.group(2)
    return (before, after) in (("varchar", "text"), ("text", "varchar"))


def references_to_it(alteration):
    """Django gives the columns that refer to it the new type as well."""
    if alteration.old_type == alteration.new_type or not (alteration.old.unique or alteration.new.unique):
        return
    why = "refers to %s, and takes its type" % alteration.place
    before, key = alteration.change.before, alteration.change.key
    shorter = is_shorter(str(alteration.old_type), str(alteration.new_type))
    unchecked = before.tables_that_refer_to(key, is_unchecked) if shorter else ()
    for table in before.tables_that_refer_to(key):
        # They are cast. Those that are checked have no value that the key itself does not have.
        yield Effect(EXPAND, ACCESS_EXCLUSIVE, why, table, scans=True, destructive=table in unchecked)


def collation(alteration):
    if alteration.changes("db_collation"):
        yield alteration.effect(BREAK, ACCESS_EXCLUSIVE, "another collation orders and compares otherwise", scans=True)


def check(alteration):
    connection = alteration.change.connection
    before, after = alteration.old.db_check(connection), alteration.new.db_check(connection)
    if after and after != before:
        yield alteration.effect(CONTRACT, ACCESS_EXCLUSIVE, "values of the old release may be refused", scans=True)
    if before and after != before:
        yield alteration.effect(EXPAND, ACCESS_EXCLUSIVE, "values of the new release may be refused before")


def null(alteration):
    if alteration.old.null and not alteration.new.null:
        yield alteration.effect(CONTRACT, ACCESS_EXCLUSIVE, "becomes NOT NULL, and the old release writes NULL", True)
    if alteration.new.null and not alteration.old.null:
        yield alteration.effect(EXPAND, ACCESS_EXCLUSIVE, "may become NULL")


def unique(alteration):
    if alteration.changes("primary_key"):
        yield alteration.effect(BREAK, ACCESS_EXCLUSIVE, "another primary key", scans=True)
    if alteration.new.unique and not alteration.old.unique:
        yield alteration.effect(CONTRACT, ACCESS_EXCLUSIVE, "becomes unique", scans=True)
    if alteration.old.unique and not alteration.new.unique:
        why = "is no longer unique, which the old release may rely on in ON CONFLICT"
        yield alteration.effect(CONTRACT, ACCESS_EXCLUSIVE, why)._replace(frees=True)


def index(alteration):
    before, after = is_indexed(alteration.old), is_indexed(alteration.new)
    if after and not before:
        phase = ANY if alteration.old.unique else EXPAND  # until then there is the index of what is unique
        yield alteration.effect(phase, SHARE, "an index, and nobody writes while it is built", scans=True)
    if before and not after:
        yield alteration.effect(CONTRACT, ACCESS_EXCLUSIVE, "drops an index, which the old release may need")


def is_indexed(field):
    return field.db_index and not field.unique


def default(alteration):
    before, after = db_default(alteration.old), db_default(alteration.new)
    if (before is None and after is None) or before == after:
        return
    if after is None:
        yield alteration.effect(CONTRACT, ACCESS_EXCLUSIVE, "the old release relies on its default in the database")
    else:
        yield alteration.effect(EXPAND, ACCESS_EXCLUSIVE, "the new release relies on its default in the database")


def generated(alteration):
    def how(field):
        return is_generated(field) and (field.expression, field.db_persist)

    if how(alteration.old) != how(alteration.new):
        yield alteration.effect(BREAK, ACCESS_EXCLUSIVE, "is generated otherwise", scans=True)


def comment(alteration):
    """Django says the type again with it, which takes the lock of a new type and no more."""
    if alteration.changes("db_comment"):
        yield alteration.effect(ANY, ACCESS_EXCLUSIVE, "another comment")


def altered_reference(alteration):
    old, new, change = alteration.old, alteration.new, alteration.change
    before, after = reference_of(old, change.before, change.key), reference_of(new, change.after, change.key)
    effects = []
    if before != after:
        if before:
            effects.append(alteration.effect(EXPAND, ACCESS_EXCLUSIVE, "its reference is no longer checked"))
        if after:
            why = "its reference is checked from now on"
            effects.append(alteration.effect(CONTRACT, SHARE_ROW_EXCLUSIVE, why, scans=True))
    elif before and target_of(old, change.key) != target_of(new, change.key):
        effects.append(alteration.effect(ANY, ACCESS_EXCLUSIVE, "", scans=True))  # the same table by another model
    if effects:
        effects += locks_targets(change.before, change.key, [old], ACCESS_EXCLUSIVE)
        effects += locks_targets(change.after, change.key, [new], SHARE_ROW_EXCLUSIVE)
    return effects


def reference_of(field, schema, key):
    """What the server checks. From Django 6.1 on it may also be told what to do with those that refer to a row."""
    if not is_reference(field):
        return None
    remote = field.remote_field
    by_server = remote.on_delete if hasattr(remote.on_delete, "on_delete_sql") else None
    return schema.table(target_of(field, key)), getattr(remote, "field_name", None), by_server


JUDGES = (column, kind, references_to_it, collation, check, null, unique, index, default, generated, comment)
