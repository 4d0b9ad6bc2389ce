"""Wraps the executor's apply_migration: bounded waits for locks, and an answer that says what was left behind."""

import time

from djangodb_answer import ANSWER, STOPPING, end, publish, say, setting
from djangodb_reasons import migration_reason, sqlstate
from djangodb_rights import advice
from djangodb_steps import Steps
from djangodb_unfinished import name_of

LOCK_NOT_AVAILABLE = ("55P03", "40P01")  # lock timeout, deadlock


class OneTransaction:
    """The change and its record together.

    Django ends its transaction before the record, and a kill in between would make every retry fail (ticket 32374).
    """

    def __init__(self, connection, lock_timeout):
        self.connection = connection
        self.lock_timeout = lock_timeout

    def run(self, apply):
        from django.db import transaction

        with transaction.atomic(using=self.connection.alias):
            with self.connection.cursor() as cursor:
                cursor.execute("select set_config('lock_timeout', %s, true)", [self.lock_timeout])
            return apply()

    def was_left_clean(self, error):
        return True


class Applier:
    def __init__(self, connection, original):
        self.connection = connection
        self.original = original
        self.lock_timeout = "%dms" % int(setting("LOCK_TIMEOUT", "5000"))
        self.tries = int(setting("LOCK_TRIES", "5"))
        self.refused = ""  # the last statement that failed

    def apply(self, executor, state, migration, fake=False, fake_initial=False):
        name = name_of(migration)
        if STOPPING.is_set():
            end("Interrupted", "stopped by a signal before %s" % name)
        for attempt in range(1, self.tries + 1):
            publish(stage="migrate", migration=name)
            began = time.monotonic()
            raw = self.connection.connection
            way = self.way_of(migration)
            try:
                with self.connection.execute_wrapper(self.note_refused):
                    result = way.run(lambda: self.original(executor, state.clone(), migration, fake, fake_initial))
                break
            except (Exception, SystemExit) as error:
                clean = way.was_left_clean(error)
                if not clean or attempt == self.tries or sqlstate(error) not in LOCK_NOT_AVAILABLE:
                    self.fail(name, migration_reason(raw, error) if clean else "PartiallyApplied", error)
            say("%s waits for a lock, try %d" % (name, attempt))
            time.sleep(min(10, 0.5 * 2**attempt))
        say("%s took %.1f s" % (name, time.monotonic() - began))
        ANSWER["applied"].append(name)
        publish(migration=None)
        return result

    def way_of(self, migration):
        # The editor is asked: some engines' open no transaction, whatever the migration says.
        if self.connection.schema_editor(atomic=migration.atomic).atomic_migration:
            return OneTransaction(self.connection, self.lock_timeout)
        return Steps(self.connection, self.lock_timeout, migration)

    def note_refused(self, execute, sql, params, many, context):
        try:
            return execute(sql, params, many, context)
        except Exception:
            self.refused = str(sql)
            raise

    def fail(self, name, reason, error):
        if isinstance(error, SystemExit):
            text = "%s called sys.exit(%s)" % (name, error.code)
        else:
            text = "%s: %s: %s" % (name, type(error).__name__, error)
        end(reason, text, error, advice(reason, error, self.refused), migration=name, sqlstate=sqlstate(error))
