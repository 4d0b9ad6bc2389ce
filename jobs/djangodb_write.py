"""Proof that the app may write: one row as Django itself would write it, and then not.

It takes a number of the table's sequence along, as every INSERT that is rolled back.
"""

from djangodb_answer import described, end, publish
from djangodb_reasons import session_reason
from djangodb_rights import advice
from djangodb_rolled_back import rolled_back
from djangodb_unfinished import recorder

ROW = ("djangodb.probe", "probe")  # as the mark of djangodb_unfinished.py, under a name that no app can have


def try_write(connection):
    publish(stage="write")
    try:
        with rolled_back(connection, read_only=False):
            recorder(connection).record_applied(*ROW)
    except Exception as error:
        reason = session_reason(error)
        end(reason, described(error), error, advice(reason, error))
