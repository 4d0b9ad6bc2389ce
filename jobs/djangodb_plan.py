"""What is to be migrated, Django's own migrate command over it, and the proof that it is done."""

from djangodb_answer import ANSWER, end, publish
from djangodb_apply import Applier
from djangodb_approval import refuse_unapproved
from djangodb_graph import fail, read, schema_of_record
from djangodb_unfinished import forget_finished, name_of, recorded


def load(connection):
    publish(applied=[])
    executor, plan = read(connection)
    refuse_unapproved(connection, executor.loader, plan)
    forget_finished(connection, executor.loader)


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


def verify(connection):
    """Trusts the table, not the exit code."""
    from django.db.migrations.executor import MigrationExecutor

    publish(stage="verify", recorded_in=schema_of_record(connection))
    executor = MigrationExecutor(connection)
    done = recorded(executor.loader)
    lost = [name for name in ANSWER["applied"] if name not in done]
    if lost:
        end("NotRecorded", "ran but not recorded: %s" % ", ".join(lost))
    remaining = executor.migration_plan(executor.loader.graph.leaf_nodes())
    if remaining:
        end("UnappliedRemain", "still pending: %s" % ", ".join(name_of(migration) for migration, _ in remaining))
