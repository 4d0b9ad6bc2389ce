from django.urls import path

from orders import views

urlpatterns = [
    path("healthz", views.healthz),
    path("readyz", views.readyz),
    path("version", views.version),
    path("orders", views.orders),
    path("orders/count", views.count),
]
