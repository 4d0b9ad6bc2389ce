from django.db import migrations, models


def fail(apps, schema_editor):
    raise RuntimeError("the data step met an order that it does not understand")


class Migration(migrations.Migration):
    dependencies = [("orders", "0001_initial")]
    operations = [
        migrations.AddField("order", "reference", models.CharField(max_length=20, null=True)),
        migrations.RunPython(fail, migrations.RunPython.noop),
    ]
