"""The migrations of the code and those of the database, read together; nothing is changed.

Refuses what Django would run into half-way, or pass over in silence.
"""

from djangodb_answer import described, end, publish, say
from djangodb_reasons import migration_reason
from djangodb_rights import advice
from djangodb_unfinished import name_of, unfinished


def read(connection):
    """Returns Django's executor, and what it would migrate, in order."""
    from django.db.migrations.executor import MigrationExecutor

    publish(stage="plan")
    raw = connection.connection
    try:
        executor = MigrationExecutor(connection)
        executor.loader.check_consistent_history(connection)
    except BaseException as error:
        fail(raw, error)
    loader = executor.loader
    conflicts = loader.detect_conflicts()
    if conflicts:
        names = ", ".join("%s: %s" % (app, " ".join(sorted(found))) for app, found in sorted(conflicts.items()))
        end("GraphConflict", "several leaf migrations (%s); run makemigrations --merge" % names)
    leaves = loader.graph.leaf_nodes()
    plan = [migration for migration, _ in executor.migration_plan(leaves)]
    pending = [name_of(migration) for migration in plan]
    publish(pending=pending, leaves=sorted("%s.%s" % node for node in leaves))
    check_squashes(loader)
    check_unfinished(loader, pending)
    return executor, plan


def fail(raw, error):
    reason = migration_reason(raw, error)
    end(reason, described(error), error, advice(reason, error))


def check_squashes(loader):
    """A squash whose replaced migrations are partly applied and no longer in the code would be skipped in silence."""
    applied = set(loader.applied_migrations)
    for key, migration in loader.disk_migrations.items():
        replaced = list(migration.replaces or ())
        done = [name for name in replaced if name in applied]
        gone = [name for name in replaced if name not in loader.disk_migrations]
        if key not in applied and done and len(done) < len(replaced) and gone:
            end("SquashGap", "%s.%s replaces migrations of which only some are applied" % key)


def check_unfinished(loader, pending):
    """A migration without a transaction that was cut is never run again by itself: its data step could run twice."""
    for name in unfinished(loader):
        if name in pending:
            end(
                "PartiallyApplied",
                "an earlier run of %s was cut and may have left a part of it; finish or undo that by hand, then "
                "migrate --fake it or delete its row djangodb.unfinished from django_migrations" % name,
                migration=name,
            )
        say("%s was cut by an earlier run, and this image does not have it" % name)


def schema_of_record(connection):
    """Where the app's own connection finds django_migrations: settings may name a search_path. None: nowhere."""
    with connection.cursor() as cursor:
        cursor.execute(
            "select n.nspname from pg_class c join pg_namespace n on n.oid = c.relnamespace "
            "where c.oid = to_regclass('django_migrations')"
        )
        row = cursor.fetchone()
    return row[0] if row else None
