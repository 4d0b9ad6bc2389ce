"""Transactions that leave nothing behind and end within a bounded time.

All that they set goes with them: behind a pooler, another client gets the session next.
"""

import contextlib

from djangodb_answer import setting

STATEMENT_TIMEOUT = "30s"
BOUNDS = "select set_config('statement_timeout', %s, true), set_config('lock_timeout', %s, true)"


def bounds():
    return STATEMENT_TIMEOUT, "%dms" % int(setting("LOCK_TIMEOUT", "5000"))


@contextlib.contextmanager
def rolled_back(connection, read_only=True):
    from django.db import transaction

    with transaction.atomic(using=connection.alias):
        with connection.cursor() as cursor:
            if read_only:
                cursor.execute("set transaction read only")
            cursor.execute(BOUNDS, bounds())
        yield
        transaction.set_rollback(True, using=connection.alias)


@contextlib.contextmanager
def with_code_of_the_app(connection):
    """Code of the app may try a statement and live with its failure, which must not end our transaction for the rest.

    So each of its statements has a savepoint of its own.
    """
    from django.db import transaction

    busy = []  # the statements of the savepoint itself come here too

    def save(execute, sql, params, many, context):
        if busy or not connection.in_atomic_block:
            return execute(sql, params, many, context)
        busy.append(True)
        try:
            with transaction.atomic(using=connection.alias):
                return execute(sql, params, many, context)
        finally:
            busy.pop()

    with connection.execute_wrapper(save):
        yield
