"""One migration at a time in this database, whoever starts it."""

import time

from djangodb_answer import end, publish, setting
from djangodb_session import second_session

ADVISORY_LOCK = (0x646A, 1)  # in the app's own database, so no other database is held up
APPLICATION_NAME = "djangodb-migrate"


def lock(connection):
    """Returns the session that holds the lock."""
    publish(stage="lock")
    holder = second_session(connection)
    cursor = holder.cursor()
    name_session(cursor, APPLICATION_NAME + "-lock")
    deadline = time.monotonic() + float(setting("LOCK_WAIT", "60"))
    while True:
        cursor.execute("select pg_try_advisory_lock(%s, %s)", ADVISORY_LOCK)
        free = cursor.fetchone()[0]
        earlier = earlier_session(cursor)
        if free and not earlier:
            break
        cursor.execute("select pg_advisory_unlock_all()")
        if time.monotonic() >= deadline:
            end("LockHeld", "another migration runs here (server process %s)" % (earlier or "unknown"))
        time.sleep(1)
    name_every_session(connection)
    return holder


HELD = """
select count(*) from pg_locks l join pg_database d on d.oid = l.database
where d.datname = current_database() and l.locktype = 'advisory' and l.granted
and l.classid = %s and l.objid = %s and l.objsubid = 2
"""


def refuse_beside_migration(connection):
    """What a migration that runs has done so far looks like one that was cut, to whoever reads beside it."""
    publish(stage="lock")
    with connection.cursor() as cursor:
        cursor.execute(HELD, ADVISORY_LOCK)
        if cursor.fetchone()[0]:
            end("LockHeld", "a migration runs in this database; its end is waited for")


def name_session(cursor, name):
    cursor.execute("select set_config('application_name', %s, false)", (name,))


def name_every_session(connection):
    """This one and those that follow when app code closes it: by the name, the next run finds what a kill left."""
    from django.db.backends.signals import connection_created

    def name_working(connection, **_):
        with connection.cursor() as cursor:
            name_session(cursor, APPLICATION_NAME)

    name_working(connection)
    connection_created.connect(name_working, sender=type(connection), weak=False)


def earlier_session(cursor):
    """A killed client's statement runs on in the server, without our lock. Returns its process id or None."""
    cursor.execute(
        "select min(pid) from pg_stat_activity where datname = current_database() and application_name = %s",
        (APPLICATION_NAME,),
    )
    return cursor.fetchone()[0]
