"""Where a connection ended on its way from the app's place to the server, and what to do about it."""

# Words of libpq or psycopg, or of a server or a pooler -> advice, in the order of the way.
BY_TEXT = (
    (
        ("resolve host", "translate host", "[errno -"),
        "a NetworkPolicy may keep this Pod from DNS (port 53), or DB_HOST names nothing",
    ),
    (
        ("timeout expired", "timed out"),
        "a NetworkPolicy of this namespace, or a firewall before the server, may drop the connection to {address}",
    ),
    (("refused",), "nothing listens at {address}, or a NetworkPolicy rejects the connection"),
    (("pg_hba.conf",), "pg_hba.conf of the server has no line for this user, database and address"),
)


def reach_advice(connection, reason, error):
    """One clause, to stand behind the driver's own words; None where those say enough."""
    text = str(error).lower()
    for parts, advice in BY_TEXT:
        if any(part in text for part in parts):
            return advice.format(address=address_of(connection))
    return "read DB_USER and DB_PASSWORD from the Secret" if reason == "AuthFailed" else None


def address_of(connection):
    host, port = (connection.settings_dict.get(name) for name in ("HOST", "PORT"))
    return "%s:%s" % (host, port or 5432) if host else "the server's socket"
