"""A mark in the database while a migration without a transaction is under way.

A kill gives nobody the chance to say what was cut, and the next run would do it a second time. The mark is a row of
django_migrations under an app name that no app can have: Django passes over it, and whoever may record a migration may
write it.
"""

from djangodb_answer import publish

MARK = "djangodb.unfinished"


def name_of(migration):
    return "%s.%s" % (migration.app_label, migration.name)


def recorder(connection):
    from django.db.migrations.recorder import MigrationRecorder

    return MigrationRecorder(connection)


def begin(connection, migration):
    publish(unfinished=name_of(migration))  # first: a signal in between waits until it is known what was done
    recorder(connection).record_applied(MARK, name_of(migration))


def finish(connection, migration):
    """Called once it is recorded, or once it is certain that nothing of it was done."""
    recorder(connection).record_unapplied(MARK, name_of(migration))
    publish(unfinished=None)


def marked(loader):
    return {name for app, name in loader.applied_migrations if app == MARK}


def recorded(loader):
    return {"%s.%s" % key for key in loader.applied_migrations}


def unfinished(loader):
    return sorted(marked(loader) - recorded(loader))


def forget_finished(connection, loader):
    """Those that a kill cut between the record and the end of the mark, or that a person has recorded."""
    for name in marked(loader) & recorded(loader):
        recorder(connection).record_unapplied(MARK, name)
