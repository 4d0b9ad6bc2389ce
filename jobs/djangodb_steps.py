"""A migration without a transaction: each of its statements stands for itself, so a failure may leave a part behind.

It says atomic = False, or the engine's editor opens none. What was left is told from what ran. Only Django's own schema
operations can be watched, and what Django puts into a transaction of its own: others may commit behind our back, so
after them nothing counts as clean.
"""

import contextlib

from djangodb_answer import STOPPING, say
from djangodb_reasons import ALREADY_EXISTS, lost, sqlstate
from djangodb_unfinished import begin, finish

SCHEMA_OPERATIONS = (
    "django.db.migrations.operations.fields",
    "django.db.migrations.operations.models",
    "django.contrib.postgres.operations",
)
ADD_INDEX = ("AddIndexConcurrently", "AddIndex")  # some editors build both alike
INDEX = ADD_INDEX + ("RemoveIndexConcurrently", "RemoveIndex")
# Schema operations select from the catalogues alone, and editors set their timeouts.
CHANGES_NOTHING = ("select", "set", "show", "reset")

# Of that name and visible, so the one that CREATE INDEX would trip over. No client holds the lock of a build on its
# table: then it is being built. (An autovacuum holds the same lock, and has no user.)
INVALID_INDEXES = """
select c.oid::regclass::text from pg_index i join pg_class c on c.oid = i.indexrelid
where not i.indisvalid and c.relname = any(%s) and pg_table_is_visible(c.oid) and not exists (
    select from pg_locks l join pg_stat_activity a on a.pid = l.pid
    where l.relation = i.indrelid and l.mode = 'ShareUpdateExclusiveLock' and l.granted
    and a.datname = current_database() and a.usesysid is not null and a.pid <> pg_backend_pid())
"""


def database_operations(operations):
    for operation in operations:
        if type(operation).__name__ == "SeparateDatabaseAndState":
            yield from database_operations(operation.database_operations)
        else:
            yield operation


def kind_of(operation):
    """The name of Django's own operation; None for everybody else's."""
    return type(operation).__name__ if type(operation).__module__ in SCHEMA_OPERATIONS else None


def can_be_watched(operation, migration):
    """All that it does is seen by us, or goes when it fails: Django's own words for which it runs in a transaction."""
    if operation.atomic or (migration.atomic and operation.atomic is not False):
        return True
    return None not in map(kind_of, database_operations([operation]))


class Steps:
    def __init__(self, connection, lock_timeout, migration):
        self.connection = connection
        self.raw = connection.connection
        self.lock_timeout = lock_timeout
        self.migration = migration
        self.operations = list(database_operations(migration.operations))
        self.watchable = all(can_be_watched(operation, migration) for operation in migration.operations)
        # One index: a cut leaves at most an INVALID one, which the next try drops.
        self.repeatable = [kind_of(one) in INDEX for one in self.operations] == [True]
        self.invalid = []
        self.entered = False
        self.committed = False

    def run(self, apply):
        with self.bounded_lock_waits():
            self.drop_invalid_indexes()
            if self.repeatable:
                with self.connection.execute_wrapper(self.watch):
                    return apply()
            self.invalid = self.invalid_indexes()
            begin(self.connection, self.migration)
            self.entered = True
            with self.connection.execute_wrapper(self.watch):
                result = apply()
            finish(self.connection, self.migration)
            return result

    def watch(self, execute, sql, params, many, context):
        from django.db import transaction

        if STOPPING.is_set():
            raise InterruptedError("stopped by a signal")
        result = execute(sql, params, many, context)
        first = (str(sql).split() or [""])[0].lower()
        # A data step may change rows by a function that it selects, and is in a transaction or not watchable.
        if first not in CHANGES_NOTHING or self.connection.in_atomic_block:
            transaction.on_commit(self.note_commit, using=self.connection.alias)  # outside a transaction: at once
        return result

    def note_commit(self):
        self.committed = True

    def was_left_clean(self, error):
        if self.repeatable:
            # The index is there and valid, but not recorded: a kill came between the two, or somebody else built it.
            return not self.committed and sqlstate(error) != ALREADY_EXISTS
        if lost(self.raw, error) or (self.entered and self.may_have_changed()):
            return False
        with contextlib.suppress(Exception):  # a mark that can't be taken away stays, and a person looks
            finish(self.connection, self.migration)
        return True

    def may_have_changed(self):
        """A failed build commits nothing else, and leaves its index behind, INVALID."""
        return self.committed or not self.watchable or self.invalid_indexes() != self.invalid

    def invalid_indexes(self):
        with self.connection.cursor() as cursor:
            cursor.execute("select indexrelid from pg_index where not indisvalid order by 1")
            return cursor.fetchall()

    @contextlib.contextmanager
    def bounded_lock_waits(self):
        """For the session, since there is no transaction to set it for."""
        with self.connection.cursor() as cursor:
            cursor.execute("select current_setting('lock_timeout')")
            former = cursor.fetchone()[0]
            cursor.execute("select set_config('lock_timeout', %s, false)", [self.lock_timeout])
        try:
            yield
        finally:
            with contextlib.suppress(Exception):  # a session that broke has nothing to set back
                with self.connection.cursor() as cursor:
                    cursor.execute("select set_config('lock_timeout', %s, false)", [former])

    def drop_invalid_indexes(self):
        """A cut CREATE INDEX CONCURRENTLY leaves an INVALID index behind, and the retry would trip over it."""
        names = [operation.index.name for operation in self.operations if kind_of(operation) in ADD_INDEX]
        with self.connection.cursor() as cursor:
            cursor.execute(INVALID_INDEXES, [names])
            for (index,) in cursor.fetchall():
                say("dropping invalid index %s of an earlier try" % index)
                cursor.execute("drop index concurrently if exists " + index)  # quoted by regclass
