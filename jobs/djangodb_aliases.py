"""The other databases of the settings: which of them are this one by another name, and which nobody migrates."""

import contextlib
import threading

from djangodb_answer import ANSWER, described, publish, say
from djangodb_reasons import connection_reason, setup_reason
from djangodb_rolled_back import BOUNDS, bounds
from djangodb_session import second_session
from djangodb_warnings import warn

LONGEST_VISIT = 60  # seconds, of all together
# A session on a standby has this default too. What the transaction is says nothing: we made it read only ourselves.
PLACE = "select current_database(), pg_is_in_recovery() or current_setting('default_transaction_read_only')::bool"
IDENTIFIER = "select system_identifier from pg_control_system()"


class Place:
    """Where an alias leads."""

    def __init__(self, connection):
        settings = connection.settings_dict
        self.address = (settings["HOST"], str(settings["PORT"] or 5432))
        raw = second_session(connection)
        try:
            self.database, self.only_reads = ask(raw, PLACE)
            self.server = identifier(raw)
        finally:
            raw.close()

    def is_on_the_server_of(self, other):
        if self.server is None or other.server is None:
            return self.address == other.address
        return self.server == other.server


def ask(raw, question):
    cursor = raw.cursor()
    cursor.execute("begin transaction read only")
    try:
        cursor.execute(BOUNDS, bounds())
        cursor.execute(question)
        return cursor.fetchone()
    finally:
        cursor.execute("rollback")


def identifier(raw):
    """The same on a primary and its standbys, and on no other server. None: this role may not ask."""
    with contextlib.suppress(Exception):
        return ask(raw, IDENTIFIER)[0]


def visit(connection):
    """In a thread, since nothing bounds what a server does not answer; a database that is not ours holds nothing up."""
    from django.db import connections

    publish(stage="aliases", aliases={})
    others = [alias for alias in connections if alias != connection.alias]
    if not others:
        return
    connection.close()  # its work is done, and a login may be allowed few sessions
    failures = []
    visiting = threading.Thread(target=visit_each, args=(connection, others, failures), daemon=True)
    visiting.start()
    visiting.join(LONGEST_VISIT)
    if failures:
        raise failures[0]
    silent = [alias for alias in others if alias not in ANSWER["aliases"]]
    if silent:
        warn("no answer in time from DATABASES of %s" % ", ".join(silent))


def visit_each(connection, others, failures):
    try:
        default = Place(connection)
        for alias in others:
            publish(aliases=dict(ANSWER["aliases"], **{alias: kind_of(alias, default)}))
    except Exception as error:
        failures.append(error)


def kind_of(alias, default):
    """One word; a database that is not migrated with this one is warned of."""
    from django.db import connections

    try:
        connection = connections[alias]
    except Exception as error:
        return unreachable(alias, setup_reason(error), error)
    if connection.settings_dict["TEST"].get("MIRROR"):
        return "mirror"
    if connection.vendor != "postgresql":
        warn("DATABASES[%r] is of %s, which is not migrated" % (alias, connection.settings_dict["ENGINE"]))
        return connection.vendor
    try:
        place = Place(connection)
    except Exception as error:
        return unreachable(alias, connection_reason(error), error)
    if place.only_reads:
        return "standby"
    here = place.is_on_the_server_of(default)
    if here and place.database == default.database:
        return "same"
    where = "the same" if here else "another"
    warn(
        "DATABASES[%r] is database %s on %s server, which is not migrated with this one"
        % (alias, place.database, where)
    )
    return "other"


def unreachable(alias, reason, error):
    say(described(error))
    warn("DATABASES[%r] could not be reached (%s)" % (alias, reason))
    return "unreachable"
