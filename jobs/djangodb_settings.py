"""Settings that work here and now, and let the app down later."""

import json
import os

from djangodb_answer import ANSWER, publish, setting
from djangodb_rolled_back import rolled_back
from djangodb_warnings import warn

ASGI_SERVERS = ("uvicorn", "daphne", "hypercorn", "granian")
VERIFIED = ("verify-ca", "verify-full")


def review(connection):
    from django.conf import settings

    publish(stage="settings", pooler=has_pooler(connection))
    if settings.DEBUG:
        warn("DEBUG is on")
    review_age(connection.settings_dict)
    if ANSWER["pooler"] and not connection.settings_dict.get("DISABLE_SERVER_SIDE_CURSORS"):
        warn(
            "a pooler is between the app and %s; unless it pools sessions, set DISABLE_SERVER_SIDE_CURSORS"
            % ANSWER["database"]
        )
    if ANSWER["tls"] and sslmode(connection.connection) not in VERIFIED:
        warn("the connection is encrypted, but the server's name is not verified; set sslmode verify-full")


def review_age(options):
    import django

    if options["CONN_MAX_AGE"] == 0:
        return
    if django.VERSION >= (4, 1) and not options.get("CONN_HEALTH_CHECKS"):
        warn(
            "CONN_MAX_AGE is not 0 and CONN_HEALTH_CHECKS is off: a session that the server ended fails one request "
            "of each worker"
        )
    if is_asgi(json.loads(setting("COMMAND", "[]"))):
        warn("CONN_MAX_AGE is not 0 under an ASGI server, which keeps sessions that no request uses again; set it to 0")


def is_asgi(command):
    return any(os.path.basename(word) in ASGI_SERVERS or "uvicorn" in word or "asgi" in word for word in command)


def has_pooler(connection):
    """It gives a number of its own as that of the server's process."""
    with rolled_back(connection), connection.cursor() as cursor:
        cursor.execute("select pg_backend_pid()")
        number = cursor.fetchone()[0]
    told = getattr(getattr(connection.connection, "info", None), "backend_pid", number)
    return told != number


def sslmode(raw):
    """In use: variables such as PGSSLMODE count too."""
    info = getattr(raw, "info", None)
    if hasattr(info, "get_parameters"):  # psycopg 3, without what is at its default
        return info.get_parameters().get("sslmode", "prefer")
    return getattr(info, "dsn_parameters", {}).get("sslmode")
