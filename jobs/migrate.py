"""Migrates a Django app's database once, from inside the app's own image.

The operator delivers this file and the djangodb_*.py beside it by a ConfigMap and starts it as
`python3 /djangodb/migrate.py` in the image's working directory. It runs the app's own entry point (manage.py or a
console script) and takes over where that hands over to Django, so that the app's set-up happens exactly as in
production. Standard library and the app's Django only; Django 3.2 to 6.x, Python 3.8 or later.
"""

import os
import sys

# Python does so by itself, but not under PYTHONSAFEPATH. Links of a mounted ConfigMap point to this folder: an update
# of it can't give us files of two versions.
sys.path.insert(0, os.path.dirname(os.path.realpath(__file__)))
from djangodb_answer import ANSWER, described, end
from djangodb_lock import lock
from djangodb_plan import load, migrate, verify
from djangodb_program import leave_path, start
from djangodb_reasons import session_reason

leave_path()


def work(connection):
    try:
        holder = lock(connection)
    except Exception as error:
        end(session_reason(error), described(error), error)
    load(connection)
    migrate(connection)
    verify(connection)
    holder.close()
    return "%d migrations applied" % len(ANSWER["applied"])


if __name__ == "__main__":
    start("migrate", "migrate", __file__, work)
