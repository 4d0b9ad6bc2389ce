from django.db import migrations, models
from django.db.models import F, Value
from django.db.models.functions import Cast, Concat


def fill_references(apps, schema_editor):
    order = apps.get_model("orders", "Order")
    order.objects.filter(reference=None).update(
        reference=Concat(Value("S-"), Cast(F("pk"), models.CharField(max_length=18)))
    )


class Migration(migrations.Migration):
    dependencies = [("orders", "0001_initial")]
    operations = [
        migrations.AddField("order", "reference", models.CharField(max_length=20, null=True)),
        migrations.RunPython(fill_references, migrations.RunPython.noop),
    ]
