"""A session beside the one that the app works with: app code may close or reset that, and a pool may lend it out."""

from djangodb_reasons import is_of_the_world


def second_session(connection):
    """By what libpq knows of the app's settings. The rest is the engine's own, such as the size of a pool."""
    params = {
        name: value
        for name, value in connection.get_connection_params().items()
        if is_known_to_libpq(connection.Database, name)
    }
    raw = connection.Database.connect(**params)
    raw.autocommit = True
    return raw


def is_known_to_libpq(driver, name):
    if name == "database":  # what psycopg2 calls dbname
        return True
    parse = driver.extensions.parse_dsn if hasattr(driver, "extensions") else driver.conninfo.conninfo_to_dict
    try:
        parse("%s=''" % name)
    except Exception:  # the driver's own kind of "invalid connection option"
        return False
    return True


def cause_of(connection, error):
    """What a plain session fails with; a pool only says that it got no connection in time."""
    try:
        second_session(connection).close()
    except Exception as plain:
        return plain if is_of_the_world(plain) else error
    return error
