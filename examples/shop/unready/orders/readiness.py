from django.http import HttpResponse


def readyz(request):
    return HttpResponse("this version never becomes ready\n", status=503)
