"""What is to be migrated, Django's own migrate command over it, and the proof that it is done."""

from djangodb_answer import ANSWER, described, end, publish, say
from djangodb_apply import Applier
from djangodb_reasons import migration_reason
from djangodb_rights import advice
from djangodb_unfinished import forget_finished, name_of, unfinished


def load(connection):
    """Refuses what Django would run into half-way, or pass over in silence."""
    from django.db.migrations.executor import MigrationExecutor

    publish(stage="plan", applied=[])
    raw = connection.connection
    try:
        executor = MigrationExecutor(connection)
        executor.loader.check_consistent_history(connection)
    except BaseException as error:
        fail(raw, error)
    graph = executor.loader.graph
    conflicts = executor.loader.detect_conflicts()
    if conflicts:
        names = ", ".join("%s: %s" % (app, " ".join(sorted(found))) for app, found in sorted(conflicts.items()))
        end("GraphConflict", "several leaf migrations (%s); run makemigrations --merge" % names)
    pending = [name_of(migration) for migration, _ in executor.migration_plan(graph.leaf_nodes())]
    publish(pending=pending, leaves=sorted("%s.%s" % node for node in graph.leaf_nodes()))
    check_squashes(executor.loader)
    check_unfinished(connection, executor.loader, pending)


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


def check_unfinished(connection, loader, pending):
    """A migration without a transaction that was cut is never run again by itself: its data step could run twice."""
    forget_finished(connection, loader)
    for name in unfinished(loader):
        if name in pending:
            end(
                "PartiallyApplied",
                "an earlier run of %s was cut and may have left a part of it; finish or undo that by hand, then "
                "migrate --fake it or delete its row djangodb.unfinished from django_migrations" % name,
                migration=name,
            )
        say("migrate: %s was cut by an earlier run, and this image does not have it" % name)


def refuse_backward(executor, state, migration, *_, **__):
    """A step backwards loses data and is never what a release asks for."""
    end("Backward", "the app's migrate command would undo %s; it was not undone" % name_of(migration))


def migrate(connection):
    """Through the app's own migrate command, so that its signals and what it adds still work."""
    from django.core.management import call_command
    from django.db.migrations.executor import MigrationExecutor

    applier = Applier(connection, MigrationExecutor.apply_migration)
    MigrationExecutor.apply_migration = lambda executor, *args, **named: applier.apply(executor, *args, **named)
    MigrationExecutor.unapply_migration = refuse_backward
    raw = connection.connection
    try:
        call_command("migrate", database=connection.alias, interactive=False, verbosity=1)
    except SystemExit as error:
        end("MigrationFailed", "application code called sys.exit(%s)" % error.code, error)
    except BaseException as error:
        fail(raw, error)


def schema_of_record(connection):
    """Where the app's own connection finds django_migrations: settings may name a search_path. None: nowhere."""
    with connection.cursor() as cursor:
        cursor.execute(
            "select n.nspname from pg_class c join pg_namespace n on n.oid = c.relnamespace "
            "where c.oid = to_regclass('django_migrations')"
        )
        row = cursor.fetchone()
    return row[0] if row else None


def verify(connection):
    """Trusts the table, not the exit code."""
    from django.db.migrations.executor import MigrationExecutor

    publish(stage="verify", recorded_in=schema_of_record(connection))
    executor = MigrationExecutor(connection)
    recorded = {"%s.%s" % key for key in executor.loader.applied_migrations}
    lost = [name for name in ANSWER["applied"] if name not in recorded]
    if lost:
        end("NotRecorded", "ran but not recorded: %s" % ", ".join(lost))
    remaining = executor.migration_plan(executor.loader.graph.leaf_nodes())
    if remaining:
        end("UnappliedRemain", "still pending: %s" % ", ".join(name_of(migration) for migration, _ in remaining))
