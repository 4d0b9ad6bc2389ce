"""The plan that the probe tells."""

import json
import py_compile
import re

import pytest

from app import jobs_importable
from test_probe import append, full_answer

NULLABLE = "migrations.AddField('order', '%s', models.IntegerField(null=True))"
SAFE = """
import enum

class When(enum.Enum):
    BEFORE = "before_deploy"
    AFTER = "after_deploy"

class Safe:
    def __init__(self, when):
        self.when = when
"""


def plan_of(app, **variables):
    outcome = app.probe(**variables)
    assert outcome.code == 0, outcome.log
    return full_answer(outcome)


def one(app, operations, **more):
    app.add_migration("0002_next", operations=operations, **more)
    answer = plan_of(app)
    (entry,) = answer["plan"]
    assert entry.pop("migration") == "orders.0002_next"
    return entry, answer


def test_a_column_that_the_old_release_need_not_know(migrated):
    entry, answer = one(migrated, NULLABLE % "a")
    assert entry == {
        "phase": "Expand",
        "lock": "ACCESS EXCLUSIVE",
        "tables": ["orders_order"],
        "operations": ["AddField"],
        "why": "adds orders_order.a, which the new release uses",
    }
    assert (answer["destructive"], answer["incompatible"]) == ([], [])
    assert (answer["destructive_count"], answer["incompatible_count"]) == (0, 0)


def test_a_column_that_the_old_release_does_not_fill(migrated):
    entry, answer = one(migrated, "migrations.AddField('order', 'a', models.IntegerField(default=1))")
    assert (entry["phase"], entry["lock"]) == ("Break", "ACCESS EXCLUSIVE")
    assert (answer["destructive"], answer["incompatible"]) == ([], ["orders.0002_next"])


def test_a_column_that_goes(migrated):
    entry, answer = one(migrated, "migrations.RemoveField('order', 'shipped')")
    assert (entry["phase"], entry["destructive"]) == ("Break", True)
    assert answer["destructive"] == answer["incompatible"] == ["orders.0002_next"]
    assert (answer["destructive_count"], answer["incompatible_count"]) == (1, 1)


def test_a_table_that_goes(migrated):
    entry, _ = one(migrated, "migrations.DeleteModel('Order')")
    assert (entry["phase"], entry["destructive"], entry["tables"]) == ("Contract", True, ["orders_order"])


def test_a_column_by_another_name(migrated):
    entry, _ = one(migrated, "migrations.RenameField('order', 'cents', 'amount')")
    assert (entry["phase"], entry.get("destructive")) == ("Break", None)
    assert entry["why"] == "renames cents to amount, which either release knows by one name"


def test_code_that_can_not_be_judged(migrated):
    entry, answer = one(migrated, "migrations.RunPython(step)", atomic=False)
    assert entry == {
        "phase": "Unknown",
        "lock": "UNKNOWN",
        "data": True,
        "irreversible": True,
        "atomic": False,
        "operations": ["RunPython"],
        "why": "runs Python code",
    }
    assert (answer["incompatible"], answer["tables"]) == (["orders.0002_next"], {})


@pytest.mark.parametrize(
    "said, phase",
    [
        ("rollout = 'expand'", "Expand"),
        ("rollout = 'Contract'", "Contract"),
        ("safe = Safe(When.BEFORE)", "Expand"),
        ("safe = staticmethod(lambda: Safe(When.AFTER))", "Contract"),
        ("safe = 'always'", "Any"),
    ],
)
def test_a_migration_that_says_its_phase(migrated, said, phase):
    migrated.add_migration("0002_next")
    migrated.replace("orders/migrations/0002_next.py", "\ndef step", SAFE + "\ndef step")
    migrated.replace("orders/migrations/0002_next.py", "    atomic = True", "    " + said)
    (entry,) = plan_of(migrated)["plan"]
    assert (entry["phase"], entry["judged"]) == (phase, "Unknown")


@pytest.mark.parametrize("said", ["rollout = 'soon'", "safe = True", "safe = property(exit)", "safe = exit"])
def test_a_migration_that_says_nothing_that_is_known(migrated, said):
    migrated.add_migration("0002_next")
    migrated.replace("orders/migrations/0002_next.py", "    atomic = True", "    " + said)
    (entry,) = plan_of(migrated)["plan"]
    assert (entry["phase"], entry.get("judged")) == ("Unknown", None)


CUSTOM = """
from django.db.migrations.operations.base import Operation

class Odd(Operation):
    def state_forwards(self, app_label, state):
        %s
"""


@pytest.mark.parametrize(
    "body, why", [("pass", "Odd is no operation of"), ("raise ValueError('x')", "can't be judged")]
)
def test_an_operation_of_somebody_elses(migrated, body, why):
    migrated.add_migration("0002_next", operations="Odd(), " + NULLABLE % "a")
    migrated.replace("orders/migrations/0002_next.py", "\ndef step", CUSTOM % body + "\ndef step")
    (entry,) = plan_of(migrated)["plan"]
    assert (entry["phase"], entry["lock"], entry["operations"]) == ("Unknown", "ACCESS EXCLUSIVE", ["Odd", "AddField"])
    assert why in entry["why"]


def test_a_plan_that_can_not_be_judged_is_no_failure(migrated):
    """The digits are given nevertheless."""
    migrated.add_migration("0002_next")
    first = "orders/migrations/0001_initial.py"
    migrated.replace(first, "\nclass", (CUSTOM % "exit()") + "\nclass")
    migrated.replace(first, "operations = [", "operations = [Odd(), ")
    answer = plan_of(migrated)
    assert not {"plan", "tables", "destructive", "incompatible", "incompatible_count"} & set(answer)
    assert any("the plan can't be judged" in text for text in answer["warnings"])
    assert (len(answer["planned"]), len(answer["plan_digest"])) == (16, 16)


def test_sizes_of_the_tables_that_are_there(app):
    assert app.migrate().code == 0
    app.sql("insert into orders_order(customer, cents, shipped) select 'a', 1, false from generate_series(1, 3000)")
    app.sql("analyze orders_order")
    made = "migrations.CreateModel('Other', [('id', models.BigAutoField(primary_key=True))]), "
    app.add_migration("0002_next", operations=made + NULLABLE % "a")
    ((rows, size),) = plan_of(app)["tables"].values()
    assert rows == 3000
    assert size == int(app.sql("select pg_total_relation_size('orders_order')"))


def test_a_new_database_has_nothing_to_lose(app):
    app.add_migration("0002_next", operations="migrations.RemoveField('order', 'cents'), migrations.RunPython(step)")
    app.sql("create table django_migrations(id bigserial primary key, app text, name text, applied timestamptz)")
    app.sql("grant all on django_migrations to public")
    answer = plan_of(app)
    assert answer["is_new"] is True
    assert [entry["phase"] for entry in answer["plan"]] == ["Expand", "Expand"]
    assert (answer["destructive"], answer["incompatible"], answer["tables"]) == ([], [], {})
    assert [entry.get("lock") for entry in answer["plan"]] == [None, None]
    app.sql("insert into django_migrations(app, name, applied) values ('other', '0001_initial', now())")
    answer = plan_of(app)
    assert (answer["is_new"], answer["incompatible"]) == (False, ["orders.0002_next"])


@pytest.mark.parametrize(
    "statement, is_new",
    [
        ("create table legacy(id int)", False),
        ("create table legacy(id int) partition by range (id)", False),
        ("create table django_session(id int)", False),
        ("create schema elsewhere create table legacy(id int)", True),
        ("create view legacy as select 1", True),
        ("create table of_an_extension(id int); alter extension plpgsql add table of_an_extension", True),
    ],
)
def test_a_database_in_which_somebody_has_tables_is_not_new(app, statement, is_new):
    app.add_migration("0002_next")
    app.sql(statement)
    answer = plan_of(app)
    assert answer["is_new"] is is_new
    assert answer["incompatible"] == ([] if is_new else ["orders.0002_next"])


def test_the_digits_of_a_plan(migrated):
    """Of the names and the bytes, in every process the same."""
    assert [plan_of(migrated)[name] for name in ("plan", "planned", "plan_digest")] == [[], "", ""]
    migrated.add_migration("0002_next", operations=NULLABLE % "a")
    migrated.add_migration("0003_next", operations=NULLABLE % "b", after="0002_next")
    first = plan_of(migrated, PYTHONHASHSEED="1")
    again = plan_of(migrated, PYTHONHASHSEED="2")
    for name in ("plan", "planned", "plan_digest"):
        assert first[name] == again[name]
    assert re.match("[0-9a-f]{32}$", first["planned"])
    assert re.match("[0-9a-f]{16}$", first["plan_digest"])
    append(migrated, "orders/migrations/0003_next.py", "#")
    changed = plan_of(migrated)
    assert changed["planned"][:16] == first["planned"][:16]
    assert changed["planned"][16:] != first["planned"][16:]
    assert changed["plan_digest"] != first["plan_digest"]


def test_the_digits_of_a_migration_that_is_there_as_bytecode_alone(migrated):
    digits = set()
    for column in "ab":
        migrated.add_migration("0002_next", operations=NULLABLE % column)
        source = migrated.folder / "orders/migrations/0002_next.py"
        py_compile.compile(str(source), cfile=str(source) + "c", dfile="0002_next.py", doraise=True)
        source.unlink()
        digits.add(plan_of(migrated)["planned"])
    assert len(digits) == 2


def reads(what):
    """An operation that takes what it does from beside the migration."""
    return "__import__('beside').%s" % what


@pytest.mark.parametrize(
    "operation",
    [
        "migrations.RunSQL(open('beside.py').read())",
        "migrations.RunSQL([('select %s', [{'a', 'b', 'c'}]), " + reads("__doc__") + "])",
        "migrations.RunPython(%s)" % reads("step"),
        "migrations.SeparateDatabaseAndState([migrations.RunPython(%s)])" % reads("step"),
        reads("Odd()"),
        "type('Mine', (%s,), {})()" % reads("Odd"),
    ],
)
def test_the_digits_of_a_migration_that_runs_what_stands_elsewhere(migrated, operation):
    digits = []
    migrated.add_migration("0002_next", operations=operation)
    for number in range(2):
        code = "'''select %d'''\n\ndef step(apps, schema_editor):\n    return %d\n" % (number, number)
        migrated.write("beside.py", code + CUSTOM % "pass")
        found = {plan_of(migrated, PYTHONHASHSEED=seed)["planned"] for seed in "123"}
        assert len(found) == 1
        digits += found
    assert digits[0] != digits[1]


@pytest.mark.parametrize("operation", ["migrations.RunPython(print)", "migrations.RunSQL([property(exit)])", "Odd()"])
def test_the_digits_of_what_can_not_be_read(migrated, operation):
    migrated.add_migration("0002_next", operations=operation)
    odd = CUSTOM % "pass" + "\n    database_operations = property(exit)\n"
    migrated.replace("orders/migrations/0002_next.py", "\ndef step", odd + "\ndef step")
    digits = {plan_of(migrated, PYTHONHASHSEED=seed)["planned"] for seed in "12"}
    assert re.match("[0-9a-f]{16}$", digits.pop()) and not digits


@pytest.mark.parametrize("count, has_room", [(150, True), (300, False)])
def test_the_answer_to_a_long_plan(migrated, count, has_room):
    """With migrations that are destructive: what the operator decides by is still there."""
    before = "0001_initial"
    for number in range(2, count + 2):
        name = "%04d_a_name_that_is_rather_long" % number
        even = number % 2 == 0
        change = NULLABLE % "a" if even else "migrations.RemoveField('order', 'a')"
        migrated.add_migration(name, operations=change, after=before)
        before = name
    outcome = migrated.probe()
    assert outcome.code == 0, outcome.log
    answer, full = outcome.answer, full_answer(outcome)
    assert (len(full["plan"]), len(full["destructive"]), len(full["planned"])) == (count, count // 2, count * 16)
    assert not {"plan", "tables"} & set(answer)
    assert answer["destructive"] == full["destructive"][:8]
    assert (answer["destructive_count"], answer["incompatible_count"]) == (count // 2, count // 2)
    assert answer.get("planned") == (full["planned"] if has_room else None)
    assert (answer["plan_digest"], answer["is_new"]) == (full["plan_digest"], False)
    assert len(answer["leaves_crc32"]) == 8


def test_an_answer_without_room_says_that_nothing_is_pending():
    with jobs_importable():
        from djangodb_fit import fit
    answer = json.loads(fit({"planned": "", "plan_digest": "", "is_new": False, "pending": ["x" * 99] * 99}))
    assert answer == {"planned": "", "plan_digest": "", "is_new": False}
    answer = json.loads(fit({"planned": "", "is_new": False, "warnings": ["x" * 5000], "message": "x" * 5000}))
    assert (answer["planned"], answer["is_new"], answer["warnings_left_out"]) == ("", False, 1)
    answer = json.loads(fit({"planned": "0" * 9999, "plan_digest": "0", "is_new": True}))
    assert (answer["plan_digest"], answer["is_new"], "planned" in answer) == ("0", True, False)
