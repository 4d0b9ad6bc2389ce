"""What is foretold of each operation, against what PostgreSQL and both releases make of it."""

import types

import django
import pytest
from django.contrib.postgres import operations as postgres
from django.db import migrations, models

from app import jobs_importable
from operation_cases import cases
from operation_models import APP, Short, check, key, parent


@pytest.fixture(scope="module")
def database(server):
    """One, which no test changes, for this process's own Django."""
    from django.conf import settings

    server.sql("create database operations")
    place = {"NAME": "operations", "USER": "postgres", "HOST": server.folder, "PORT": server.port}
    settings.configure(
        DATABASES={"default": dict(place, ENGINE="django.db.backends.postgresql")},
        DEFAULT_AUTO_FIELD="django.db.models.BigAutoField",
        DATABASE_ROUTERS=["test_operations.Router"],
        CHOSEN="other.Thing",
        USE_TZ=True,
    )
    django.setup()
    from django.db import connection

    from operation_measure import make_tables

    make_tables()
    yield connection
    connection.close()
    server.sql("drop database operations with (force)")


class Router:
    def allow_migrate(self, db, app_label, model_name=None, **hints):
        return (model_name or "")[:9] != "elsewhere" and not hints.get("elsewhere")


@pytest.fixture(scope="module")
def jobs():
    with jobs_importable():
        import djangodb_effects
        import djangodb_walk
    return types.SimpleNamespace(effects=djangodb_effects, walk=djangodb_walk)


def steps(jobs, connection, operations):
    from operation_measure import state_of

    gone = jobs.walk.models_gone((APP, operation) for operation in operations)
    walk = jobs.walk.Walk(connection, state_of(), gone)
    return [effect for operation in operations for effect in walk.step(operation, APP)]


def foretold(jobs, connection, operations, atomic=True):
    return jobs.effects.combine(steps(jobs, connection, operations), atomic)


@pytest.mark.parametrize("case", cases(), ids=lambda case: case.label)
def test_what_is_foretold(case, jobs, database):
    effects = steps(jobs, database, case.operations)
    whole = jobs.effects.combine(effects)
    assert (whole.phase, whole.lock) == (case.phase, case.lock), effects
    assert whole.why or whole.phase == "Any"
    if case.tried:
        from operation_measure import measure

        measured = measure(case.operations)
        assert bool(measured.failed) == case.fails, measured.failed
        compare_releases(whole, measured)
        if whole.lock != "UNKNOWN":
            compare_tables(jobs, effects, measured)


def compare_releases(whole, measured):
    if measured.old_on_new:
        assert whole.phase in ("Contract", "Break"), measured.old_on_new
    if measured.new_on_old:
        assert whole.phase in ("Expand", "Break", "Unknown"), measured.new_on_old


def compare_tables(jobs, effects, measured):
    """Each by itself. No table is told to wait less than it does."""
    locks = {}
    for effect in effects:
        locks.setdefault(effect.table, []).append(effect.lock)
    rank = jobs.effects.LOCKS.index
    for table, lock in measured.locks:
        assert rank(jobs.effects.strongest(locks.get(table, []))) >= rank(lock), table
    assert measured.rewritten <= {effect.table for effect in effects if effect.scans}


def test_the_lock_of_one_step_is_held_through_the_next(jobs, database):
    if django.VERSION < (4, 0):
        return
    late = [postgres.AddConstraintNotValid("item", check("ck", -1)), postgres.ValidateConstraint("item", "ck")]
    assert foretold(jobs, database, late).scans
    assert not foretold(jobs, database, late, atomic=False).scans
    assert not foretold(jobs, database, late[1:]).scans


def test_code_that_runs_behind_a_lock(jobs, database):
    added, code = migrations.AddField("item", "a", models.IntegerField(null=True)), migrations.RunPython(print)
    assert foretold(jobs, database, [added, code]).scans
    for operations, atomic in (([added, code], False), ([code, added], True), ([code, code], True)):
        assert not foretold(jobs, database, operations, atomic).scans


def test_the_state_goes_on_behind_what_can_not_be_judged(jobs, database):
    from operation_measure import state_of

    parts = [migrations.RemoveField("item", "ghost")], [migrations.RemoveField("item", "extra")]
    walk = jobs.walk.Walk(database, state_of())
    (effect,) = walk.step(migrations.SeparateDatabaseAndState(*parts), APP)
    assert (effect.phase, "ghost" in effect.why, effect.destructive) == ("Unknown", True, True)
    assert "extra" not in walk.state.models[APP, "item"].fields


@pytest.mark.parametrize(
    "label",
    [
        "CreateModel FK",
        "AddField null",
        "AddField NOT NULL",
        "AddField M2M",
        "RemoveField NOT NULL",
        "AlterField varchar wider",
        "AlterField NOT NULL to null",
        "RemoveIndex",
    ],
)
def test_what_takes_no_time_is_not_said_to_scan(label, jobs, database):
    (case,) = [case for case in cases() if case.label == label]
    assert not foretold(jobs, database, case.operations).scans


@pytest.mark.parametrize(
    "name, field, value, destructive",
    [
        ("txt", models.CharField(max_length=100, null=True), "'%s'" % ("z" * 150), True),
        ("price", models.DecimalField(max_digits=6, decimal_places=1), "1.23", True),
        ("price", models.DecimalField(max_digits=9, decimal_places=3), "1.23", False),
        ("small", models.TextField(), "7", False),
        ("note", models.TextField(null=True), "'%s'" % ("z" * 50), False),
        # Django casts what it takes for another type, and PostgreSQL cuts what it is told to cast.
        ("name", Short(max_length=80), "'%s'" % ("z" * 100), True),
        ("wide", Short(max_length=80, null=True), "'%s'" % ("z" * 100), True),
        ("wide", Short(max_length=120, null=True), "'%s'" % ("z" * 100), False),
        ("name", models.SlugField(max_length=80, db_index=False), "'%s'" % ("z" * 100), django.VERSION >= (4, 2)),
        # Refused, and so not lost.
        ("name", models.CharField(max_length=80), "'%s'" % ("z" * 100), False),
        ("small", models.SmallIntegerField(), "100000", False),
    ],
)
def test_values_that_are_cut(name, field, value, destructive, jobs, database):
    from operation_measure import values_after

    operation = migrations.AlterField("item", name, field)
    before, after = values_after(operation, name, value)
    assert (after not in (before, None)) == destructive
    assert foretold(jobs, database, [operation]).destructive == destructive


@pytest.mark.parametrize("length", [10, 60])
def test_a_reference_that_is_not_checked_follows_a_shorter_key(length, jobs, database):
    from operation_measure import values_after

    operation = migrations.AlterField("label", "code", models.CharField(max_length=length, primary_key=True))
    before, after = values_after(operation, "label_id", "'%s'" % ("z" * 30))
    assert after == before[:length]
    assert foretold(jobs, database, [operation]).destructive == (length < 50)


class Mine(migrations.AddField):
    """As its base to the database."""

    def describe(self):
        return "mine"


class Other(migrations.AddField):
    def database_forwards(self, *arguments):
        pass


class Both(migrations.SeparateDatabaseAndState):
    def database_forwards(self, *arguments):
        pass


def test_classes_made_from_djangos(jobs, database):
    field = models.IntegerField(null=True)
    mine = foretold(jobs, database, [Mine("item", "a", field)])
    assert (mine.phase, mine.destructive) == ("Expand", False)
    for operation in (Other("item", "a", field), Both(state_operations=[Mine("item", "a", field)])):
        effect = foretold(jobs, database, [operation])
        assert (effect.phase, effect.lock, effect.destructive) == ("Unknown", "UNKNOWN", True)


def test_a_reference_to_an_app_without_migrations(jobs, database):
    """Its models are in no state."""

    def reference(model="elsewhere.Thing", **more):
        return models.ForeignKey(model, models.CASCADE, related_name="+", **more)

    added = migrations.AddField("item", "a", reference(null=True))
    assert foretold(jobs, database, [added])[:2] == ("Expand", "ACCESS EXCLUSIVE")
    assert foretold(jobs, database, [added, migrations.AlterField("item", "a", reference())]).phase == "Break"
    same = migrations.AlterField("item", "a", reference(null=True, blank=True))
    assert foretold(jobs, database, [added, same]).phase == "Expand"
    other = migrations.AlterField("item", "a", reference("elsewhere.Other", null=True))
    assert foretold(jobs, database, [added, other]).phase == "Break"


class Constraint(models.UniqueConstraint):
    def create_sql(self, *arguments):
        return None


def test_a_constraint_of_somebody_elses(jobs, database):
    operation = migrations.AddConstraint("item", Constraint(fields=["qty"], name="c"))
    assert foretold(jobs, database, [operation])[:2] == ("Unknown", "UNKNOWN")


@pytest.mark.parametrize(
    "name, options",
    [("Elsewhere", {}), ("Chosen", {"swappable": "CHOSEN"}), ("Foreign", {"required_db_vendor": "oracle"})],
)
def test_models_that_have_no_table_here(name, options, jobs, database):
    """The routers keep one elsewhere, another is swapped; so nothing is done for them."""
    operations = [
        migrations.CreateModel(name, [key(), ("parent", parent())], options),
        migrations.AddField(name, "a", models.IntegerField(default=1)),
        migrations.RenameModel(name, name + "2"),
        migrations.DeleteModel(name + "2"),
    ]
    assert foretold(jobs, database, operations)[:2] == ("Any", "")


def test_code_that_the_routers_keep_away(jobs, database):
    for kind, body in ((migrations.RunPython, print), (migrations.RunSQL, "drop table t_item")):
        effect = foretold(jobs, database, [kind(body)])
        assert (effect.phase, effect.destructive) == ("Unknown", kind is migrations.RunSQL)
        assert foretold(jobs, database, [kind(body, hints={"elsewhere": True})]).phase == "Any"


LOSE = [
    "drop table a",
    "ALTER TABLE a DROP note",
    'alter table a drop "note"',
    "alter table a drop index",
    "alter table a\n\tdrop\n\tcolumn b",
    "drop extension hstore cascade",
    "drop view a",
    "drop index a cascade",
    "truncate a",
    "delete from a",
    "DELETE/* all */FROM a",
    "delete -- all\nfrom a",
    "update a set b = 1",
    "insert into a values (1) on conflict (b) do update set c = 1",
    "select '--'; drop table a",
    "select '/*', 'it''s'; drop table a; select '*/'",
    "select E'\\'', 1; drop table a --'",
    "/* /* */ ' */ drop table a",
    "do $$ begin delete from a; end $$",
    "do $x$ begin execute 'drop table a'; end $x$",
    "do 'begin null; end'",
    ["select 1", ("delete from a where b = %s", [1])],
]
KEEP = [
    "select 1",
    "create index i on a (b)",
    "drop index if exists a",
    'DROP INDEX CONCURRENTLY "drop table a"',
    "alter table a drop constraint b, alter c drop default, alter c drop  not\nnull, alter d drop identity if exists",
    "alter table a alter b drop expression",
    "-- drop table a",
    "/* drop /* table */ a; truncate */ select 1",
    "insert into a values ('drop table a; delete from b')",
    "insert into a values ('it''s; truncate b', E'it\\'s; truncate b')",
    "alter table a add foreign key (b) references c on delete cascade on update set null",
    "create function f() returns int language sql as $$ select 1 -- drop table a\n$$",
    "select dropped, updated, deleted from a",
    [("insert into a values (%s)", ["drop table a"])],
]


@pytest.mark.parametrize("sql", LOSE + KEEP, ids=str)
def test_sql_that_may_lose_data(sql, jobs, database):
    assert foretold(jobs, database, [migrations.RunSQL(sql)]).destructive == (sql in LOSE)


@pytest.mark.parametrize(
    "phases, phase",
    [
        ("", "Any"),
        ("Any Expand", "Expand"),
        ("Expand Contract", "Break"),
        ("Unknown Contract", "Unknown"),
        ("Unknown Break", "Break"),
    ],
)
def test_phases_together(phases, phase, jobs):
    assert jobs.effects.together(phases.split()) == phase
