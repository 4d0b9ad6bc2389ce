"""The models that the operations of operation_cases.py change, and their rows."""

import django
from django.db import migrations, models

APP = "t"


class Short(models.CharField):
    """A type of somebody else's, which Django can't compare."""

    def get_internal_type(self):
        return "Short"

    def db_type(self, connection):
        return "varchar(%d)" % self.max_length


def key():
    return ("id", models.BigAutoField(primary_key=True))


def parent(**more):
    return models.ForeignKey(**dict({"to": "t.Parent", "on_delete": models.CASCADE}, **more))


def check(name, least):
    condition = "condition" if django.VERSION >= (5, 1) else "check"
    return models.CheckConstraint(name=name, **{condition: models.Q(qty__gte=least)})


def base_operations():
    """Item has something of all that is changed below."""
    return [
        migrations.CreateModel("Parent", [key(), ("name", models.CharField(max_length=50))]),
        migrations.CreateModel("Guardian", [], {"proxy": True}, ("t.parent",)),
        migrations.CreateModel("Label", [("code", models.CharField(max_length=50, primary_key=True))]),
        migrations.CreateModel(
            "Item",
            [
                key(),
                ("name", models.CharField(max_length=100)),
                ("qty", models.IntegerField()),
                ("note", models.CharField(max_length=50, null=True)),
                ("code", models.CharField(max_length=20, db_index=True)),
                ("small", models.IntegerField(default=0)),
                ("short", models.SmallIntegerField(default=0)),
                ("txt", models.TextField(null=True)),
                ("price", models.DecimalField(max_digits=6, decimal_places=2, default=1)),
                ("serial", models.IntegerField(unique=True, null=True)),
                ("parent", parent()),
                ("opt", parent(null=True, on_delete=models.SET_NULL, related_name="+")),
                ("extra", models.IntegerField(default=5)),
                ("nextra", models.IntegerField(null=True)),
                ("fixed", models.IntegerField(null=True, db_column="fixed_column")),
                ("tags", models.ManyToManyField("t.Parent", related_name="+")),
                ("loose", models.ManyToManyField("t.Parent", related_name="+", db_constraint=False)),
                ("label", models.ForeignKey("t.Label", models.CASCADE, null=True, db_constraint=False)),
                ("wide", Short(max_length=100, null=True)),
                ("only", models.IntegerField(null=True)),
            ],
            options={
                "constraints": [check("qty_ge0", 0), models.UniqueConstraint(fields=["only"], name="one_only")],
                "indexes": [models.Index(fields=["name"], name="i_name")],
                "unique_together": {("code", "serial")},
            },
        ),
        migrations.CreateModel("Lonely", [key(), ("parent", parent())]),
        migrations.CreateModel("Alone", [key(), ("name", models.TextField())], options={"db_table": "alone_table"}),
        migrations.CreateModel("Shelf", [("id", models.AutoField(primary_key=True))], options={"db_table": "shelf"}),
        migrations.CreateModel("Book", [key(), ("shelf", models.ForeignKey("t.Shelf", on_delete=models.CASCADE))]),
        migrations.CreateModel(
            "View", [key(), ("name", models.TextField())], options={"managed": False, "db_table": "no_such_table"}
        ),
    ]


ROWS = """
insert into t_parent(name) select 'p' || g from generate_series(1, 100) g;
insert into t_item(name, qty, note, code, small, short, txt, price, serial, parent_id, opt_id, extra)
    select 'n' || g, g, case when g % 2 = 0 then 'x' end, 'c' || g, g % 100, 1, 'z', 1, g, 1 + g % 100, 1 + g % 50, 5
    from generate_series(1, 2000) g;
insert into t_item_tags(item_id, parent_id) select g, 1 + g % 100 from generate_series(1, 100) g;
insert into shelf select from generate_series(1, 100);
insert into t_book(shelf_id) select g from generate_series(1, 100) g;
insert into t_lonely(parent_id) select g from generate_series(1, 100) g;
insert into alone_table(name) select 'a' || g from generate_series(1, 100) g;
"""
