import json

from django.http import HttpResponse, JsonResponse
from django.views.decorators.csrf import csrf_exempt

from orders.models import Order
from orders.release import VERSION


def healthz(request):
    return HttpResponse("ok\n")


def version(request):
    return JsonResponse({"version": VERSION})


@csrf_exempt
def orders(request):
    """Writes one order and reads it back."""
    body = json.loads(request.body or b"{}")
    order = Order.objects.create(customer=body.get("customer", "anonymous"), cents=int(body.get("cents", 100)))
    return JsonResponse({"id": Order.objects.get(pk=order.pk).pk, "version": VERSION}, status=201)


def count(request):
    return JsonResponse({"orders": Order.objects.count(), "version": VERSION})
