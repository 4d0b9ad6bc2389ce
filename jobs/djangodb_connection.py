"""The app's default connection, proven to be the right one."""

import os
import sys

from djangodb_answer import described, end, publish, setting
from djangodb_reach import reach_advice
from djangodb_reasons import connection_reason, session_reason, setup_reason
from djangodb_secrets import learn
from djangodb_session import cause_of

FACTS = (
    "select current_database(), current_user::text, session_user::text, current_setting('server_version'), "
    "current_setting('transaction_read_only')"
)


def connect():
    publish(stage="connect")
    try:
        import django

        django.setup()
        from django.db import connections

        # The object itself: django.db.connection is another connection in each thread, and ours cancels from its own.
        connection = connections["default"]
        vendor, engine = connection.vendor, connection.settings_dict["ENGINE"]
    except BaseException as error:
        end(setup_reason(error), described(error), error)
    for alias in connections:
        learn(connections.databases[alias].get("PASSWORD"))
    publish(
        django=django.get_version(),
        python="%d.%d.%d" % sys.version_info[:3],
        settings=os.environ.get("DJANGO_SETTINGS_MODULE"),
    )
    if engine.endswith(".dummy"):
        end("NoDatabaseConfigured", "the settings name no default database")
    if vendor != "postgresql":
        end("EngineNotPostgres", "the settings name %s (%s), so nothing was migrated" % (engine, vendor))
    try:
        connection.ensure_connection()
    except BaseException as error:
        cause = cause_of(connection, error) if connection_reason(error) == "ConnectionFailed" else error
        reason = connection_reason(cause)
        end(reason, described(cause), error, reach_advice(connection, reason, cause))
    try:
        check_identity(connection)
    except BaseException as error:
        end(session_reason(error), described(error), error)
    return connection


def check_identity(connection):
    with connection.cursor() as cursor:
        cursor.execute(FACTS)
        database, user, session_user, server, read_only = cursor.fetchone()
    driver = connection.Database
    tls = uses_tls(connection)
    publish(
        database=database,
        user=user,
        session_user=session_user,
        server=server,
        driver="%s %s" % (driver.__name__, driver.__version__.split()[0]),
        tls=tls,
    )
    expected = (setting("EXPECT_DATABASE", database), setting("EXPECT_USER", user))
    if (database, user) != expected:
        end("WrongDatabaseOrUser", "the app connects to %s as %s, expected %s as %s" % ((database, user) + expected))
    if setting("REQUIRE_TLS", "") == "1" and not tls:
        end("TLSNotInUse", "the app's connection to %s is not encrypted; set sslmode in OPTIONS" % database)
    if read_only == "on":
        end("ReadOnlyServer", "%s only reads: a standby, or default_transaction_read_only is on" % database)


def uses_tls(connection):
    raw = connection.connection
    info = getattr(raw, "info", None)
    if info is not None and hasattr(info, "ssl_in_use"):
        return bool(info.ssl_in_use)
    pgconn = getattr(raw, "pgconn", None)
    return bool(getattr(pgconn, "ssl_in_use", False))
