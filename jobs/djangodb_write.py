"""Proof that the app may write: a statement that changes no row, and what the server says of each of its tables.

Not django_migrations: the operator keeps an app that only reads and writes rows from that.
"""

from djangodb_answer import described, end, publish
from djangodb_models import models_of
from djangodb_reasons import session_reason
from djangodb_rights import advice
from djangodb_rolled_back import rolled_back
from djangodb_warnings import warn

MOST_NAMES = 5
# In the order of the names; those that are not there yet are left out. A db_table may be quoted already.
TABLES = """
select c.oid::regclass::text, has_table_privilege(c.oid, 'SELECT') and has_table_privilege(c.oid, 'INSERT')
    and has_table_privilege(c.oid, 'UPDATE') and has_table_privilege(c.oid, 'DELETE')
from unnest(%s::text[]) with ordinality as wanted (name, place)
join pg_class c on c.oid = to_regclass(case when name like '"%%' then name else quote_ident(name) end)
where c.relkind in ('r', 'p') order by place
"""


def try_write(connection):
    """Whether there was a table to write."""
    publish(stage="write")
    with rolled_back(connection), connection.cursor() as cursor:
        cursor.execute(TABLES, [tables_of_models(connection)])
        found = cursor.fetchall()
    writable = [table for table, may_write in found if may_write]
    for table in (writable or [table for table, _ in found])[:1]:
        write_nothing(connection, table)
    refused = [table for table, may_write in found if not may_write]
    if refused:
        more = " and %d more" % (len(refused) - MOST_NAMES) if len(refused) > MOST_NAMES else ""
        warn("the app's login may not read and write all rows of " + ", ".join(refused[:MOST_NAMES]) + more)
    return bool(found)


def tables_of_models(connection):
    return sorted({model._meta.db_table for model in models_of(connection)})


def write_nothing(connection, table):
    """`table` is quoted by the server. Rights and a server that only reads are checked before any row is looked for."""
    try:
        with rolled_back(connection, read_only=False), connection.cursor() as cursor:
            cursor.execute("delete from %s where false" % table)
    except Exception as error:
        reason = session_reason(error)
        end(reason, described(error), error, advice(reason, error))
