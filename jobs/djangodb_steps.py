"""A migration with atomic = False: each of its statements stands for itself, so a failure may leave a part behind.

What was left is told from what ran. Only Django's own schema operations can be watched: RunPython, RunSQL and the
operations of others may commit behind our back, so after them nothing counts as clean.
"""

import contextlib

from djangodb_answer import say
from djangodb_reasons import ALREADY_EXISTS, lost, sqlstate
from djangodb_unfinished import begin, finish

SCHEMA_OPERATIONS = (
    "django.db.migrations.operations.fields",
    "django.db.migrations.operations.models",
    "django.contrib.postgres.operations",
)
CONCURRENT = ("AddIndexConcurrently", "RemoveIndexConcurrently")

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


class Steps:
    def __init__(self, connection, lock_timeout, migration):
        self.connection = connection
        self.raw = connection.connection
        self.lock_timeout = lock_timeout
        self.migration = migration
        self.operations = list(database_operations(migration.operations))
        self.kinds = [kind_of(operation) for operation in self.operations]
        # One concurrent index: a cut leaves at most an INVALID index, which the next try drops.
        self.repeatable = len(self.kinds) == 1 and self.kinds[0] in CONCURRENT
        self.committed = False

    def run(self, apply):
        with self.bounded_lock_waits():
            self.drop_invalid_indexes()
            if self.repeatable:
                with self.connection.execute_wrapper(self.watch):
                    return apply()
            begin(self.connection, self.migration)
            with self.connection.execute_wrapper(self.watch):
                result = apply()
            finish(self.connection, self.migration)
            return result

    def watch(self, execute, sql, params, many, context):
        result = execute(sql, params, many, context)
        # Schema operations select from the catalogues alone.
        self.committed = self.committed or not str(sql).lstrip().lower().startswith("select")
        return result

    def was_left_clean(self, error):
        if self.repeatable:
            # The index is there and valid, but not recorded: a kill came between the two, or somebody else built it.
            return not self.committed and sqlstate(error) != ALREADY_EXISTS
        if self.committed or None in self.kinds or lost(self.raw, error):
            return False
        with contextlib.suppress(Exception):  # a mark that can't be taken away stays, and a person looks
            finish(self.connection, self.migration)
        return True

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
        adding = [operation for operation in self.operations if kind_of(operation) == "AddIndexConcurrently"]
        names = [operation.index.name for operation in adding]
        with self.connection.cursor() as cursor:
            cursor.execute(INVALID_INDEXES, [names])
            for (index,) in cursor.fetchall():
                say("migrate: dropping invalid index %s of an earlier try" % index)
                cursor.execute("drop index concurrently if exists " + index)  # quoted by regclass
