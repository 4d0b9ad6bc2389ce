"""Takes a state of the models through operations, one by one, and tells what each does to the database.

A state is changed in place and copying it all is slow, so of what an operation changes only its own model is kept.
"""

import collections
import copy

from djangodb_answer import described, one_line
from djangodb_effects import ANY, BREAK, EXPAND, SHARE, SHARE_UPDATE_EXCLUSIVE, UNKNOWN, Effect, on_new_table, unknown
from djangodb_operations import OF_MODELS, Change, judge, known_class, of_somebody_else
from djangodb_schema import Schema

ONLY_IN_THE_STATE = "%s, but only in the state: whether the database has it can't be told"


class Walk:
    def __init__(self, connection, state, gone=frozenset(), new=()):
        self.connection = connection
        self.state = state
        self.gone = gone  # models that are not there at its end
        self.new = set(new)  # tables that it made

    def step(self, operation, app):
        """What can't be judged is unknown, and may lose data; that is no failure."""
        try:
            return self.effects_of(operation, app)
        except Exception as error:
            why = one_line("%s can't be judged: %s" % (type(operation).__name__, described(error)))
            return [unknown(why, destructive=True)]

    def effects_of(self, operation, app):
        if getattr(operation, "state_operations", None) or getattr(operation, "database_operations", None):
            return self.two_sides(operation, app)
        change = self.change(operation, app)
        return self.marked(change, judge(change))

    def change(self, operation, app):
        """Goes on to the state behind the operation."""
        before = collections.ChainMap({}, self.state.models)
        change = Change(operation, app, before, self.state.models, self.connection, self.gone)
        if change.existed:
            before.maps[0][change.key] = kept(self.state.models[change.key])
        operation.state_forwards(app, self.state)
        return change

    def marked(self, change, effects):
        """With what is done to a table of our own making as harmless; and those that are made."""
        marked = [on_new_table(effect) if effect.table in self.new else effect for effect in effects]
        if effects and not any(effect.phase == UNKNOWN for effect in effects):
            self.new.update(tables_made(change, self.new))
        return marked

    def two_sides(self, operation, app):
        """Of one that tells the database something else than the state."""
        database = Walk(self.connection, self.state.clone(), self.gone, self.new)
        operation.state_forwards(app, self.state)
        if known_class(operation) is None:
            return [of_somebody_else(operation)]
        parts = getattr(operation, "database_operations", None)
        if parts is None:  # SQL
            effects = judge(Change(operation, app, {}, {}, self.connection))
        else:
            effects = [effect for part in parts for effect in database.step(part, app)]
        # SQL may do just what the state says.
        if not any(effect.phase == UNKNOWN for effect in effects):
            done = {part.describe() for part in parts or ()}
            rest = [part for part in operation.state_operations if part.describe() not in done]
            effects += [effect for part in rest for effect in database.only_in_state(part, app)]
            self.new.update(database.new)
        return effects

    def only_in_state(self, operation, app):
        """What would happen if the database were told is what the two differ in from now on."""
        tables = {Schema(self.state.models, self.connection).table(key) for key in self.state.models}
        change = self.change(operation, app)
        known = known_class(operation)
        if known is not None and known.__name__ not in OF_MODELS:
            return []
        if known is not None and is_shared(change, known.__name__, tables):
            return []
        return [difference(effect) for effect in judge(change) if effect.table not in self.new]


def models_gone(operations):
    """Of (app, operation) in their order: (app, name) of the models that they leave no more."""
    gone = set()
    for app, operation in operations:
        known = known_class(operation)
        if known is None:
            continue
        if known.__name__ == "DeleteModel":
            gone.add((app, operation.name.lower()))
        elif known.__name__ in ("CreateModel", "RenameModel"):
            gone.discard((app, getattr(operation, "new_name", operation.name).lower()))
    return frozenset(gone)


def is_shared(change, name, tables):
    """A table that one model gives to another, as when it moves to another app."""
    if name == "CreateModel":
        return change.after.table(change.key) in tables
    others = (key for key in change.after.models if key != change.key)
    return name == "DeleteModel" and change.table in {change.after.table(key) for key in others}


def difference(effect):
    """What the old release would miss is still there; what the new one needs may not be."""
    if effect.phase == UNKNOWN:
        return Effect(UNKNOWN, why=effect.why)
    if effect.phase == BREAK:
        return Effect(BREAK, why=effect.why + "; and the database is not told", table=effect.table)
    is_index = effect.lock in (SHARE, SHARE_UPDATE_EXCLUSIVE)
    if effect.frees or (effect.phase == EXPAND and not is_index):
        return Effect(UNKNOWN, why=ONLY_IN_THE_STATE % effect.why, table=effect.table)
    return Effect(ANY)


def kept(model):
    """As it is now, whatever becomes of it: operations put other fields and options in, but change none of them."""
    model = copy.copy(model)
    model.fields = dict(model.fields)
    model.options = dict(model.options)
    return model


def tables_made(change, new):
    before = change.before.tables(change.key) if change.existed else []
    key = change.key
    if change.existed and key not in change.after.models:
        key = change.app, getattr(change.operation, "new_name", "").lower()
    after = change.after.tables(key) if key in change.after.models else []
    if not before or before[0] in new:
        return after
    return set(after) - set(before) if len(after) > len(before) else ()
