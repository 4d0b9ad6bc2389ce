"""Migrates a Django app's database once, from inside the app's own image.

The operator delivers this file and the djangodb_*.py beside it by a ConfigMap and starts it as
`python3 /djangodb/migrate.py` in the image's working directory. It runs the app's own entry point (manage.py or a
console script) and takes over where that hands over to Django, so that the app's set-up happens exactly as in
production. Standard library and the app's Django only; Django 3.2 to 6.x, Python 3.8 or later.
"""

import os
import sys

PROGRAM = os.path.abspath(__file__)
# The folder that the links of a mounted ConfigMap point to: an update of it can't give us files of two versions.
FOLDER = os.path.dirname(os.path.realpath(__file__))

sys.path.insert(0, FOLDER)  # Python does so by itself, but not under PYTHONSAFEPATH
from djangodb_answer import ANSWER, described, end, end_well, publish  # noqa: E402
from djangodb_connection import connect  # noqa: E402
from djangodb_entry_point import become, entry_point, interpreter_of, take_over  # noqa: E402
from djangodb_lock import lock  # noqa: E402
from djangodb_plan import load, migrate, verify  # noqa: E402
from djangodb_reasons import lost, session_reason  # noqa: E402
from djangodb_signals import watch_signals, working_on  # noqa: E402

sys.path[:] = [entry for entry in sys.path if os.path.realpath(entry or ".") != FOLDER]  # the app sees its own path


def run():
    """In the place of Django's own command line."""
    connection = connect()
    working_on(connection)
    raw = connection.connection
    try:
        try:
            holder = lock(connection)
        except Exception as error:
            end(session_reason(error), described(error), error)
        load(connection)
        migrate(connection)
        verify(connection)
        holder.close()
    except Exception as error:
        reason = "Unreachable" if lost(raw, error) else "Internal"
        end(reason, described(error), error)
    end_well("%d migrations applied" % len(ANSWER["applied"]))


def main():
    publish()
    entry = entry_point()
    become(interpreter_of(entry[0]), PROGRAM)
    watch_signals()
    take_over(entry, run)


if __name__ == "__main__":
    main()
