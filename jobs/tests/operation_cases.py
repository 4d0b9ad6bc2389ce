"""Django's operations on models that have rows, and what each is expected to do: when it may run, and what it locks."""

import uuid

import django
from django.contrib.postgres import operations as postgres
from django.db import migrations, models

from operation_models import check, key, parent

NO_LOCK, SUX, SHARE, SRX = "", "SHARE UPDATE EXCLUSIVE", "SHARE", "SHARE ROW EXCLUSIVE"
AX, UNKNOWN_LOCK = "ACCESS EXCLUSIVE", "UNKNOWN"


class Case:
    """`tried`: it can be measured in a transaction. `fails`: the rows that are there refuse it."""

    def __init__(self, label, phase, lock, *operations, tried=True, fails=False):
        self.label = label
        self.phase = phase
        self.lock = lock
        self.operations = operations
        self.tried = tried
        self.fails = fails


def add(phase, lock, field, label="", fails=False):
    return Case("AddField " + label, phase, lock, migrations.AddField("item", "a", field), fails=fails)


def remove(phase, lock, name, label=""):
    return Case("RemoveField " + label, phase, lock, migrations.RemoveField("item", name))


def alter(phase, lock, name, field, label="", fails=False):
    return Case("AlterField " + label, phase, lock, migrations.AlterField("item", name, field), fails=fails)


def constraint(phase, lock, new, label=""):
    return Case("AddConstraint " + label, phase, lock, migrations.AddConstraint("item", new))


def text(length, **more):
    return models.CharField(max_length=length, **more)


def together(phase, columns, label):
    lock = AX if phase != "Any" else NO_LOCK
    return Case("AlterUniqueTogether " + label, phase, lock, migrations.AlterUniqueTogether("item", columns))


def models_made_and_dropped():
    made = [key(), ("item", models.ForeignKey("t.Item", on_delete=models.CASCADE))]
    return [
        Case("CreateModel", "Expand", NO_LOCK, migrations.CreateModel("N1", [key()])),
        Case("CreateModel FK", "Expand", SRX, migrations.CreateModel("N2", made)),
        Case("CreateModel proxy", "Any", NO_LOCK, migrations.CreateModel("N3", [], {"proxy": True}, ("t.item",))),
        Case("CreateModel unmanaged", "Any", NO_LOCK, migrations.CreateModel("N4", [key()], {"managed": False})),
        # The table in django.md says Contract with a shim: until the table is gone, its rows hold their parents.
        Case("DeleteModel FK", "Break", AX, migrations.DeleteModel("Lonely")),
        Case("DeleteModel", "Contract", AX, migrations.DeleteModel("Alone")),
        Case("DeleteModel unmanaged", "Any", NO_LOCK, migrations.DeleteModel("View")),
        Case("RenameModel", "Break", AX, migrations.RenameModel("Item", "Thing")),
        Case("RenameModel db_table stays", "Any", NO_LOCK, migrations.RenameModel("Alone", "Thing")),
        # Up to Django 5.1 the references are made anew.
        Case(
            "RenameModel db_table stays, referred to",
            "Any",
            NO_LOCK if django.VERSION >= (5, 2) else AX,
            migrations.RenameModel("Shelf", "Rack"),
        ),
        Case("AlterModelTable", "Break", AX, migrations.AlterModelTable("item", "t_item2")),
        Case("AlterModelTable to what it is", "Any", NO_LOCK, migrations.AlterModelTable("alone", "alone_table")),
        Case("AlterModelOptions", "Any", NO_LOCK, migrations.AlterModelOptions("item", {"ordering": ["name"]})),
        Case("AlterModelManagers", "Any", NO_LOCK, migrations.AlterModelManagers("item", [])),
        together("Contract", {("code", "serial"), ("code", "qty")}, "more"),
        together("Contract", set(), "none"),
        together("Contract", {("code", "qty")}, "other"),
        together("Any", [["code", "serial"]], "same"),
        Case("AlterOrder", "Break", AX, migrations.AlterOrderWithRespectTo("item", "parent")),
    ]


def fields_added():
    return [
        add("Expand", AX, models.IntegerField(null=True), "null"),
        add("Expand", AX, models.IntegerField(null=True, default=3), "null, Python default"),
        add("Break", AX, models.IntegerField(default=3), "NOT NULL"),
        add("Break", AX, models.UUIDField(default=uuid.uuid4), "NOT NULL callable"),
        add("Break", AX, text(10, default=""), "NOT NULL ''"),
        add("Expand", AX, models.PositiveIntegerField(null=True), "with a check"),
        add("Expand", AX, models.IntegerField(null=True, unique=True), "unique null"),
        add("Break", AX, models.IntegerField(default=1, unique=True), "unique NOT NULL", fails=True),
        add("Expand", AX, models.IntegerField(null=True, db_index=True), "index"),
        add("Expand", AX, parent(null=True, related_name="+"), "FK null"),
        add("Expand", AX, parent(null=True, related_name="+", db_constraint=False), "FK not checked"),
        add("Expand", SRX, models.ManyToManyField("t.Parent", related_name="+"), "M2M"),
        add(
            "Expand", AX, models.ForeignKey("t.Guardian", models.CASCADE, null=True, related_name="+"), "FK to a proxy"
        ),
        add("Expand", SRX, models.ManyToManyField("t.Guardian", related_name="+"), "M2M to a proxy"),
    ]


def fields_removed():
    return [
        remove("Contract", AX, "nextra", "null"),
        remove("Break", AX, "extra", "NOT NULL"),
        remove("Break", AX, "parent", "FK NOT NULL"),
        # In django.md Contract with a shim.
        remove("Break", AX, "opt", "FK null"),
        remove("Break", AX, "tags", "M2M"),
        Case("RenameField", "Break", AX, migrations.RenameField("item", "note", "remark")),
        Case("RenameField M2M", "Break", AX, migrations.RenameField("item", "tags", "labels")),
        Case("RenameField db_column stays", "Any", NO_LOCK, migrations.RenameField("item", "fixed", "mended")),
    ]


def other_key(phase, model, field):
    return Case("AlterField key of " + model, phase, AX, migrations.AlterField(model, "id", field))


def fields_altered():
    return [
        alter("Expand", AX, "name", text(200), "varchar wider"),
        alter("Expand", AX, "name", models.TextField(), "varchar to text"),
        alter("Expand", AX, "code", text(40, db_index=True), "varchar wider, indexed"),
        alter("Break", AX, "name", text(80), "varchar narrower"),
        alter("Break", AX, "txt", text(100, null=True), "text to varchar"),
        alter("Break", AX, "txt", models.TextField(null=True, db_collation="C"), "collation"),
        alter("Expand", AX, "price", models.DecimalField(max_digits=9, decimal_places=2, default=1), "numeric wider"),
        alter("Break", AX, "price", models.DecimalField(max_digits=9, decimal_places=4, default=1), "numeric finer"),
        alter("Expand", AX, "small", models.BigIntegerField(default=0), "int to bigint"),
        alter("Expand", AX, "short", models.IntegerField(default=0), "smallint to int"),
        alter("Break", AX, "small", models.SmallIntegerField(default=0), "int to smallint"),
        alter("Break", AX, "small", text(20, default=""), "int to varchar"),
        alter("Contract", AX, "small", models.PositiveIntegerField(default=0), "with a check"),
        alter("Contract", AX, "note", text(50, default=""), "null to NOT NULL"),
        alter("Expand", AX, "qty", models.IntegerField(null=True), "NOT NULL to null"),
        alter("Expand", SHARE, "qty", models.IntegerField(db_index=True), "index"),
        alter("Contract", AX, "code", text(20), "no index"),
        alter("Contract", AX, "code", text(20, unique=True), "unique"),
        alter("Contract", AX, "serial", models.IntegerField(null=True), "not unique"),
        alter("Contract", AX, "serial", models.IntegerField(null=True, db_index=True), "not unique, an index"),
        alter("Any", NO_LOCK, "name", text(100, help_text="x", choices=[("a", "A")]), "choices"),
        alter("Any", NO_LOCK, "qty", models.IntegerField(default=9), "Python default"),
        alter("Expand", AX, "parent", parent(db_constraint=False), "FK not checked"),
        alter(
            "Contract",
            AX,
            "parent",
            models.OneToOneField("t.Parent", models.CASCADE),
            "FK to 1:1",
            fails=True,
        ),
        alter("Break", AX, "qty", models.IntegerField(db_column="amount"), "db_column"),
        alter("Break", AX, "opt", models.ForeignKey("t.Alone", models.CASCADE, null=True), "FK to another"),
        alter("Any", AX, "opt", models.ForeignKey("t.Guardian", models.SET_NULL, null=True), "FK to a proxy of it"),
        alter("Break", AX, "qty", parent(related_name="+"), "int to FK", fails=True),
        alter(
            "Expand",
            AX,
            "tags",
            models.ManyToManyField("t.Parent", related_name="+", db_constraint=False),
            "M2M not checked",
        ),
        alter("Contract", SRX, "loose", models.ManyToManyField("t.Parent", related_name="+"), "M2M checked"),
        alter("Any", NO_LOCK, "tags", models.ManyToManyField("t.Parent", related_name="+", blank=True), "M2M blank"),
        alter("Break", AX, "id", models.UUIDField(primary_key=True, default=uuid.uuid4), "key", fails=True),
        other_key("Break", "parent", models.AutoField(primary_key=True)),
        other_key("Expand", "shelf", models.BigAutoField(primary_key=True)),
    ]


def indexes_and_constraints():
    index = models.Index(fields=["qty"], name="i_q")
    partial = models.UniqueConstraint(fields=["code"], condition=models.Q(qty__gt=5), name="uq")
    slowly = postgres.AddIndexConcurrently("item", index)
    return [
        Case("AddIndex", "Expand", SHARE, migrations.AddIndex("item", index)),
        Case("AddIndexConcurrently", "Expand", SUX, slowly, tried=False),
        Case("RemoveIndex", "Contract", AX, migrations.RemoveIndex("item", "i_name")),
        Case(
            "RemoveIndexConcurrently",
            "Contract",
            SUX,
            postgres.RemoveIndexConcurrently("item", "i_name"),
            tried=False,
        ),
        constraint("Contract", AX, check("ck", -1), "check"),
        constraint("Contract", AX, models.UniqueConstraint(fields=["code"], name="uq"), "unique"),
        constraint("Contract", SHARE, partial, "partial unique"),
        Case("RemoveConstraint", "Expand", AX, migrations.RemoveConstraint("item", "qty_ge0")),
        Case("RemoveConstraint unique", "Contract", AX, migrations.RemoveConstraint("item", "one_only")),
        Case("CreateExtension", "Expand", NO_LOCK, postgres.TrigramExtension()),
        Case("CreateCollation", "Expand", NO_LOCK, postgres.CreateCollation("plain", locale="C")),
        Case("RemoveCollation", "Contract", NO_LOCK, postgres.RemoveCollation("plain", locale="C"), tried=False),
    ]


def code_and_state():
    def fill(apps, schema_editor):
        apps.get_model("t", "Item").objects.update(small=1)

    only = migrations.SeparateDatabaseAndState
    return [
        Case("RunPython", "Unknown", UNKNOWN_LOCK, migrations.RunPython(fill)),
        Case("RunPython noop", "Any", NO_LOCK, migrations.RunPython(migrations.RunPython.noop, elidable=True)),
        Case("RunSQL", "Unknown", UNKNOWN_LOCK, migrations.RunSQL("update t_item set small = small + 1")),
        Case("RunSQL list", "Unknown", UNKNOWN_LOCK, migrations.RunSQL([("select %s", [1]), "select 2"])),
        Case("RunSQL noop", "Any", NO_LOCK, migrations.RunSQL(migrations.RunSQL.noop)),
        Case("state: RemoveField", "Break", NO_LOCK, only(state_operations=[migrations.RemoveField("item", "extra")])),
        Case("state: it is null", "Any", NO_LOCK, only(state_operations=[migrations.RemoveField("item", "nextra")])),
        Case(
            "state: RemoveField, told as SQL",
            "Unknown",
            UNKNOWN_LOCK,
            migrations.RunSQL(
                "alter table t_item alter extra drop not null",
                state_operations=[migrations.RemoveField("item", "extra")],
            ),
        ),
        Case(
            "state: RemoveField, told as AlterField",
            "Expand",
            AX,
            only(
                [migrations.AlterField("item", "extra", models.IntegerField(null=True))],
                [migrations.RemoveField("item", "extra")],
            ),
        ),
        Case(
            "state: AddField",
            "Unknown",
            NO_LOCK,
            only(state_operations=[migrations.AddField("item", "a", models.IntegerField(null=True))]),
        ),
        Case(
            "state: RemoveConstraint unique",
            "Unknown",
            NO_LOCK,
            only(state_operations=[migrations.RemoveConstraint("item", "one_only")]),
        ),
        Case(
            "state: AddIndex",
            "Any",
            NO_LOCK,
            only(state_operations=[migrations.AddIndex("item", models.Index(fields=["qty"], name="i_q"))]),
        ),
        Case(
            "state: moved to another model",
            "Any",
            NO_LOCK,
            only(
                state_operations=[
                    migrations.CreateModel("Moved", [key(), ("parent", parent())], {"db_table": "t_lonely"}),
                    migrations.DeleteModel("Lonely"),
                ]
            ),
        ),
        Case(
            "database and state alike",
            "Expand",
            AX,
            only(
                [migrations.AddField("item", "a", models.IntegerField(null=True))],
                [migrations.AddField("item", "a", models.IntegerField(null=True))],
            ),
        ),
    ]


def several():
    book, shelf = migrations.DeleteModel("Book"), migrations.DeleteModel("Shelf")
    return [
        Case("DeleteModel with what it refers to", "Contract", AX, book, shelf),
        Case("RemoveField of what goes", "Contract", AX, migrations.RemoveField("book", "shelf"), book, shelf),
        Case(
            "AddField, RemoveField",
            "Break",
            AX,
            migrations.AddField("item", "a", models.IntegerField(null=True)),
            migrations.RemoveField("item", "nextra"),
        ),
        Case(
            "what is done to a new table",
            "Expand",
            NO_LOCK,
            migrations.CreateModel("N1", [key(), ("b", models.IntegerField(null=True))]),
            migrations.AddField("n1", "a", models.IntegerField(default=1)),
            migrations.RenameModel("N1", "N2"),
            migrations.AlterField("n2", "b", models.TextField(default="")),
            migrations.RemoveField("n2", "a"),
        ),
    ]


def until_5_1():
    return [Case("AlterIndexTogether", "Expand", SHARE, migrations.AlterIndexTogether("item", {("code", "qty")}))]


def since_4_0():
    late = postgres.AddConstraintNotValid("item", check("ck", -1))
    expression = models.UniqueConstraint(models.F("code"), name="uq")
    return [
        Case("AddConstraintNotValid", "Contract", AX, late),
        Case("AddConstraintNotValid, ValidateConstraint", "Contract", AX, late, validate("ck")),
        Case("ValidateConstraint", "Any", SUX, validate("qty_ge0")),
        constraint("Contract", SHARE, expression, "unique by an expression"),
    ]


def validate(name):
    return postgres.ValidateConstraint("item", name)


def since_4_1():
    return [Case("RenameIndex", "Any", SUX, migrations.RenameIndex("item", new_name="i_name2", old_name="i_name"))]


def since_4_2():
    return [
        Case("AlterModelTableComment", "Any", SUX, migrations.AlterModelTableComment("item", "hello")),
        alter("Any", AX, "qty", models.IntegerField(db_comment="hello"), "comment"),
    ]


def since_5_0():
    from django.contrib.postgres.functions import RandomUUID
    from django.db.models.functions import Now

    twice = models.GeneratedField(expression=models.F("qty") * 2, output_field=models.IntegerField(), db_persist=True)
    return [
        add("Expand", AX, models.IntegerField(db_default=3), "NOT NULL db_default"),
        add("Expand", AX, models.DateTimeField(db_default=Now()), "NOT NULL db_default Now"),
        add("Expand", AX, models.UUIDField(db_default=RandomUUID()), "NOT NULL db_default of each row"),
        add("Expand", AX, models.UUIDField(db_default=RandomUUID(), unique=True), "unique, of each row"),
        add("Break", AX, models.IntegerField(db_default=3, unique=True), "unique, one db_default", fails=True),
        add("Expand", AX, twice, "generated"),
        alter("Expand", AX, "qty", models.IntegerField(db_default=1), "db_default"),
    ]


def since_5_2():
    return [Case("AlterConstraint", "Any", NO_LOCK, migrations.AlterConstraint("item", "qty_ge0", check("qty_ge0", 0)))]


ALWAYS = (
    models_made_and_dropped,
    fields_added,
    fields_removed,
    fields_altered,
    indexes_and_constraints,
    code_and_state,
    several,
)
SINCE = {(4, 0): since_4_0, (4, 1): since_4_1, (4, 2): since_4_2, (5, 0): since_5_0, (5, 2): since_5_2}


def cases():
    """All that this Django has."""
    groups = ALWAYS + tuple(group for version, group in SINCE.items() if version <= django.VERSION)
    if django.VERSION < (5, 1):
        groups += (until_5_1,)
    return [case for group in groups for case in group()]
