"""How a program of ours comes to work in an app: under the app's interpreter, in the place of Django's command line."""

import os
import sys

from djangodb_answer import described, end, end_well, publish
from djangodb_connection import connect
from djangodb_entry_point import become, entry_point, interpreter_of, take_over
from djangodb_reasons import lost
from djangodb_signals import watch_signals, working_on

FOLDER = os.path.dirname(os.path.realpath(__file__))


def leave_path():
    """The app sees its own path. Called where a program has imported us, and before any code of the app's."""
    sys.path[:] = [entry for entry in sys.path if os.path.realpath(entry or ".") != FOLDER]


def start(kind, command, file, work):
    """`command` is what the app sees as its command; `work` gets its connection and returns what it did, as a text."""
    publish(kind=kind)
    entry = entry_point()
    become(interpreter_of(entry[0]), os.path.abspath(file))
    watch_signals()
    take_over(entry, command, lambda: run(work))


def run(work):
    connection = connect()
    working_on(connection)
    raw = connection.connection
    try:
        message = work(connection)
    except Exception as error:
        reason = "Unreachable" if lost(raw, error) else "Internal"
        end(reason, described(error), error)
    end_well(message)
