import signal
import threading

from django.core.management.base import BaseCommand
from django.db import transaction

from orders.models import Order


class Command(BaseCommand):
    help = "Ships orders, a few at a time, until SIGTERM."

    def handle(self, *args, **options):
        stop = threading.Event()
        signal.signal(signal.SIGTERM, lambda *_: stop.set())
        while not stop.wait(0 if self.ship_some() else 1):
            pass

    def ship_some(self):
        """Returns how many were shipped; several workers never take the same order."""
        with transaction.atomic():
            waiting = Order.objects.select_for_update(skip_locked=True).filter(shipped=False).values_list("pk")
            return Order.objects.filter(pk__in=[pk for (pk,) in waiting[:50]]).update(shipped=True)
