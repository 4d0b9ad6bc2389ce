from django.db import models


class Order(models.Model):
    customer = models.CharField(max_length=100)
    cents = models.BigIntegerField()
    shipped = models.BooleanField(default=False)
    # Null for what version 1 wrote while it still served: readers have to expect that.
    reference = models.CharField(max_length=20, null=True)

    def save(self, *args, **kwargs):
        super().save(*args, **kwargs)
        if self.reference is None:
            self.reference = f"S-{self.pk}"
            super().save(update_fields=["reference"])
