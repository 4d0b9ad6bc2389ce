"""What was approved is what is migrated: each pending migration by its digits, or all of them by the digest of these.

An approval says too whether its plan was judged on a new database: there nothing can be lost and no release runs. Then
all that is recorded meanwhile has to be part of that plan, as what an earlier run of it did before it was cut.
"""

import os

from djangodb_answer import end
from djangodb_digits import DIGITS, digest_of, digits_of, planned
from djangodb_unfinished import MARK, name_of, recorder

# Before all else, where the plan was judged on a new database.
NEW = "new:"
# Before the digest of a whole plan, where its migrations are too many to be named one by one in a probe's answer.
WHOLE = "plan:"
# Those of extensions are there before any app is. A django_migrations that another one hides is a table as any other.
OTHER_TABLES = """
select 1 from pg_catalog.pg_class c join pg_catalog.pg_namespace n on n.oid = c.relnamespace
where c.relkind in ('r', 'p') and n.nspname = any(pg_catalog.current_schemas(false))
    and c.oid is distinct from pg_catalog.to_regclass('django_migrations')
    and not exists (select from pg_catalog.pg_depend d where d.classid = 'pg_catalog.pg_class'::pg_catalog.regclass
        and d.objid = c.oid and d.deptype = 'e')
limit 1
"""


def is_new(connection, loader):
    """Nothing was ever migrated here, and nobody has tables here."""
    if loader.applied_migrations or everything_recorded(connection):
        return False
    with connection.cursor() as cursor:
        cursor.execute(OTHER_TABLES)
        return cursor.fetchone() is None


def everything_recorded(connection):
    """The loader's own list lacks a squash of which a part is applied."""
    return recorder(connection).applied_migrations()


def refuse_unapproved(connection, loader, plan):
    """An empty text approves of nothing, so then nothing may be pending. No variable: all is approved."""
    approved = os.environ.get("DJANGODB_APPROVED")
    if approved is None:
        return
    judged_new = approved.startswith(NEW)
    if judged_new:
        approved = approved[len(NEW) :]
        loader, whole = from_nothing()
        refuse_unapproved_records(connection, loader, whole, approved)
    if not approved.startswith(WHOLE):
        refuse_others(loader, plan, approved)
        return
    digest = digest_of(planned(loader, whole if judged_new else plan))
    if digest != approved[len(WHOLE) :]:
        refuse("plan %s is pending, which is not the one" % (digest or "of nothing"))


def refuse_others(loader, plan, approved):
    chunks = chunks_of(approved)
    for migration in plan:
        if digits_of(loader, migration) not in chunks:
            refuse("%s is not part of the plan" % name_of(migration), migration=name_of(migration))


def chunks_of(approved):
    return {approved[at : at + DIGITS] for at in range(0, len(approved), DIGITS)}


def from_nothing():
    """All that is migrated in a new database. What is applied in this one changes which squashes a loader takes."""
    from django.db.migrations.executor import MigrationExecutor

    executor = MigrationExecutor(None)
    plan = executor.migration_plan(executor.loader.graph.leaf_nodes(), clean_start=True)
    return executor.loader, [migration for migration, _ in plan]


def refuse_unapproved_records(connection, loader, whole, approved):
    done = {key for key in everything_recorded(connection) if key[0] != MARK}
    expected = set()
    for migration in whole:
        if approved.startswith(WHOLE) or digits_of(loader, migration) in chunks_of(approved):
            expected |= records_of(loader, migration, done)
    for key in sorted(done - expected):
        name = "%s.%s" % key
        what = "the database had no migrations when its plan was judged, and now has %s; nothing was migrated" % name
        end("PlanChanged", what, migration=name)


def records_of(loader, migration, done):
    """A squash is recorded with all that it replaces. Where but a part of that is, it was done without the squash."""
    found = {(migration.app_label, migration.name)}
    replaced = {tuple(key) for key in migration.replaces or ()}
    if replaced <= done:
        found |= replaced
        for key in replaced & set(loader.disk_migrations):
            found |= records_of(loader, loader.disk_migrations[key], done)
    return found


def refuse(what, **more):
    end("PlanChanged", "%s that was approved; nothing was migrated" % what, **more)
