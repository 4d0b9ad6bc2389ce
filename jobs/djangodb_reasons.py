"""What an exception means."""

import os

BY_SQLSTATE = {
    "28P01": "AuthFailed",
    "28000": "AuthFailed",
    "3D000": "DatabaseMissing",
    "42501": "PermissionDenied",
    "25006": "ReadOnlyServer",
    "55P03": "LockTimeout",
    "40P01": "Deadlock",
    "57014": "StatementTimeout",
    "57P01": "Unreachable",
    "57P02": "Unreachable",
    "57P03": "Unreachable",
    "53300": "Unreachable",
    "08006": "Unreachable",
}
ALREADY_EXISTS = "42P07"

# Drivers give no SQLSTATE for a connection that failed, so its text is all there is. The server may speak another
# language: what no row knows may last, and is not tried again without end.
BY_TEXT = (
    ("password authentication failed", "AuthFailed"),
    ("pg_hba.conf", "AuthFailed"),
    ("is not permitted to log in", "AuthFailed"),
    # PgBouncer's own words, whose code is always 08P01.
    ("sasl authentication failed", "AuthFailed"),
    ("no such user", "AuthFailed"),
    ("no such database", "DatabaseMissing"),
    ("query_wait_timeout", "Unreachable"),
    ("login failed", "Unreachable"),  # its own with the server
    ("no more connections allowed", "Unreachable"),
    # Before the words about TLS: a host may be named ssl-db, and libpq says "SSL SYSCALL error: EOF detected".
    ("refused", "Unreachable"),
    ("timeout expired", "Unreachable"),
    ("timed out", "Unreachable"),
    ("unreachable", "Unreachable"),
    ("no route", "Unreachable"),
    ("reset by peer", "Unreachable"),
    ("broken pipe", "Unreachable"),
    ("eof detected", "Unreachable"),
    ("closed the connection", "Unreachable"),
    ("closed unexpectedly", "Unreachable"),
    ("is the server running", "Unreachable"),
    ("resolve host", "Unreachable"),
    ("translate host", "Unreachable"),
    ("[errno -", "Unreachable"),  # of getaddrinfo
    ("starting up", "Unreachable"),
    ("shutting down", "Unreachable"),
    ("recovery mode", "Unreachable"),
    ("not accepting connections", "Unreachable"),
    ("slots are reserved", "Unreachable"),
    ("certificate", "TLSFailed"),
    ("ssl", "TLSFailed"),
    ('role "', "AuthFailed"),
    ("does not exist", "DatabaseMissing"),
    ("permission denied", "PermissionDenied"),
    ("too many", "Unreachable"),
    ("or later is required", "ServerTooOld"),
)


def sqlstate(error):
    while error is not None:
        for name in ("sqlstate", "pgcode"):
            if getattr(error, name, None):
                return getattr(error, name)
        error = error.__cause__ or error.__context__
    return None


def lost(raw, error):
    """Whether the server went away; then the driver often has no SQLSTATE either.

    `raw` is the driver's connection from before the error: Django may have made a new one since.
    """
    if BY_SQLSTATE.get(sqlstate(error)) == "Unreachable":
        return True
    return bool(getattr(raw, "closed", False)) and type(error).__name__ in ("OperationalError", "InterfaceError")


def connection_reason(error):
    """Why the app's connection could not be opened."""
    known = BY_SQLSTATE.get(sqlstate(error))
    if known:
        return known
    if not is_of_the_world(error):
        return "ConnectionFailed"
    text = str(error).lower()
    return next((reason for part, reason in BY_TEXT if part in text), "ConnectionFailed")


def session_reason(error):
    """Of a session with statements of ours, where an error of the program is ours too."""
    known = sqlstate(error) in BY_SQLSTATE or is_of_the_world(error)
    return connection_reason(error) if known else "Internal"


def is_of_the_world(error):
    """Server, network or its version; not what a program did wrong, such as an option that libpq does not know."""
    kinds = {kind.__name__ for kind in type(error).__mro__}
    return bool(kinds & {"OperationalError", "InterfaceError", "NotSupportedError"})


def setup_reason(error):
    """Why Django could not be set up."""
    text = str(error)
    if "psycopg" in text:
        return "DriverTooOld" if "or newer is required" in text else "DriverMissing"
    if "Please supply the ENGINE" in text:
        return "NoDatabaseConfigured"
    if "Requested setting" in text:
        return "SettingsNotFound"
    module = os.environ.get("DJANGO_SETTINGS_MODULE", "")
    if isinstance(error, ModuleNotFoundError) and error.name and (module + ".").startswith(error.name + "."):
        return "SettingsNotFound"
    return "SettingsImportFailed"


def migration_reason(raw, error):
    known = BY_SQLSTATE.get(sqlstate(error))
    if known:
        return known
    if lost(raw, error):
        return "Unreachable"
    name = type(error).__name__
    if name == "InconsistentMigrationHistory":
        return "InconsistentHistory"
    if name in ("NodeNotFoundError", "CircularDependencyError", "BadMigrationError", "SyntaxError"):
        return "GraphBroken"
    if name == "CommandError" and "onflict" in str(error):
        return "GraphConflict"
    return "MigrationFailed"
