"""Proof that the release writes: a row is written, read back and rolled back.

In a table of Django's own, of which we know what a row means and nothing of the app's hangs on it: bulk_create sends no
signals. What stays is a sequence that has moved, if the table has one.
"""

import datetime
import secrets

from djangodb_answer import end, publish
from djangodb_proof import disprove, prove
from djangodb_rolled_back import rolled_back


def session(name):
    from django.conf import settings

    expired = datetime.datetime(2000, 1, 1, tzinfo=datetime.timezone.utc if settings.USE_TZ else None)
    return {"session_key": name, "session_data": "", "expire_date": expired}


def content_type(name):
    return {"app_label": "djangodb", "model": name}


# By the model's class, since an app may have the label of another; the first that is there.
ROWS = {
    "django.contrib.sessions.models.Session": session,
    "django.contrib.contenttypes.models.ContentType": content_type,
}
NO_ROW = "neither django_session nor django_content_type is there"


def write_row(connection, models):
    """Returns the table's name, None where none of these models is among those that are there."""
    publish(stage="write")
    there = {"%s.%s" % (model.__module__, model.__name__): model for model in models}
    for path, row in ROWS.items():
        if path in there:
            write_and_read(connection, there[path], row("djangodb" + secrets.token_hex(16)))
            table = there[path]._meta.db_table
            publish(wrote=table)
            prove("write")
            return table
    return None


def write_and_read(connection, model, values):
    from django.db.models import QuerySet

    table = model._meta.db_table
    try:
        with rolled_back(connection, read_only=False):
            rows = QuerySet(model, using=connection.alias)
            rows.bulk_create([model(**values)])
            found = rows.filter(**values).count()
    except Exception as error:
        disprove("a row could not be written to %s and read back: %s" % (table, error), error)
    if found != 1:
        end("VerifyFailed", "a row was written to %s and read back %d times" % (table, found))
