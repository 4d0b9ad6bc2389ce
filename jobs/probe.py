"""Tells whether a release of a Django app can work in its database, before anything there is migrated.

The operator starts it as migrate.py, but in the Pod template of the new release and with the login and the environment
that the app itself will have. It changes nothing: its transactions are short and rolled back, it sets nothing for a
session, and a migration that runs meanwhile is not in its way.
"""

import os
import sys

# See migrate.py.
sys.path.insert(0, os.path.dirname(os.path.realpath(__file__)))
from djangodb_aliases import visit
from djangodb_answer import ANSWER, STOPPING, described, end, publish
from djangodb_checks import check
from djangodb_forecast import foretell
from djangodb_graph import read, schema_of_record
from djangodb_lock import refuse_beside_migration
from djangodb_mismatch import compare
from djangodb_program import leave_path, start
from djangodb_reasons import session_reason
from djangodb_rolled_back import rolled_back, with_code_of_the_app
from djangodb_settings import review
from djangodb_write import try_write

leave_path()


def work(connection):
    publish(warnings=[])
    try:
        read_plan(connection)
        has_written = try_write(connection)
        review(connection)
        check(connection)
        visit(connection)
    except Exception as error:
        end(session_reason(error), described(error), error)
    if STOPPING.is_set():  # what it cancelled may look like a warning
        end("Interrupted", "stopped by a signal")
    return summary(has_written)


def read_plan(connection):
    """The answer says in which schema django_migrations is, or in which one Django would make it."""
    with rolled_back(connection):
        refuse_beside_migration(connection)
        with with_code_of_the_app(connection):
            executor, plan = read(connection)
            foretell(connection, executor, plan)
        publish(recorded_in=schema_of_record(connection) or first_schema(connection))
    compare(connection, executor.loader)


def first_schema(connection):
    with connection.cursor() as cursor:
        cursor.execute("select current_schema()")
        return cursor.fetchone()[0]


def summary(has_written):
    does = "reads and writes %(database)s" if has_written else "reads %(database)s, which has none of its tables yet,"
    tls = "over TLS" if ANSWER["tls"] else "without TLS"
    return ("Django %(django)s with %(driver)s " + does + " as %(user)s " + tls) % ANSWER


if __name__ == "__main__":
    # Not as "migrate": an app may choose another login for that.
    start("probe", "check", __file__, work)
