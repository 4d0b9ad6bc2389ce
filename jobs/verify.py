"""Proves that a release of a Django app works, once it has rolled out: it reads, it writes, it answers.

The operator starts it as probe.py, in the Pod template of the new release and with the login and the environment of the
app itself. Nothing that it does in the database stays, and a migration that runs meanwhile is not in its way.
"""

import json
import os
import sys

# See migrate.py.
sys.path.insert(0, os.path.dirname(os.path.realpath(__file__)))
from djangodb_answer import ANSWER, STOPPING, described, end, publish, setting
from djangodb_command import run_command
from djangodb_http import get
from djangodb_program import leave_path, start
from djangodb_read import read_models
from djangodb_reasons import session_reason
from djangodb_row import NO_ROW, write_row
from djangodb_write import try_write

leave_path()


def work(connection):
    publish(warnings=[], proves=[])
    try:
        models = read_models(connection)
        table = write_row(connection, models)
        may_write = bool(table) or try_write(connection)
    except Exception as error:
        end(session_reason(error), described(error), error)
    if STOPPING.is_set():  # what it cancelled may look like a warning
        end("Interrupted", "stopped by a signal")
    hang_up(connection)
    said = [summary(len({model._meta.db_table for model in models}), table, may_write)]
    url, words = setting("HTTP_URL", ""), json.loads(setting("VERIFY_COMMAND", "[]"))
    if url:
        said.append(get(url))
    if words:
        said.append(run_command(words))
    return "; ".join(said)


def hang_up(connection):
    """What follows may take minutes, and does not need a session."""
    connection.close()
    if hasattr(connection, "close_pool"):  # Django 5.1
        connection.close_pool()


def summary(count, table, may_write):
    does = "reads all %d tables of its models" % count if count > 1 else "reads the one table of its models"
    if not count:
        does = "reads %(database)s, which has none of its tables yet," % ANSWER
    elif table:
        does += " and writes " + table
    elif may_write:
        does += " and may write (no row was written: %s)" % NO_ROW
    tls = "over TLS" if ANSWER["tls"] else "without TLS"
    return "Django %s with %s %s as %s %s" % (ANSWER["django"], ANSWER["driver"], does, ANSWER["user"], tls)


if __name__ == "__main__":
    # Not as "migrate": an app may choose another login for that.
    start("verify", "check", __file__, work)
