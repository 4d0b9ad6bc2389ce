from django.urls import path
from orders import readiness, views

urlpatterns = [
    path("healthz", views.healthz),
    path("readyz", readiness.readyz),
    path("version", views.version),
    path("orders", views.orders),
    path("orders/count", views.count),
]
