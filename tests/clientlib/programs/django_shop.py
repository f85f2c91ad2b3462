"""A Django application for gunicorn; what its view does not catch is told twice, by the hook and by the log."""

import logging
import time
from pathlib import Path

import dattss
import dattss.django
from django.conf import settings
from django.core.wsgi import get_wsgi_application
from django.http import HttpRequest, HttpResponse
from django.urls import path

settings.configure(
    SECRET_KEY="not one", ALLOWED_HOSTS=["*"], ROOT_URLCONF=__name__, BASE_DIR=Path(__file__).parent, DEBUG=False
)
dattss.process("shop")
logging.getLogger().addHandler(dattss.LoggingHandler())
dattss.django.install()


def checkout(_: HttpRequest) -> HttpResponse:
    raise RuntimeError(f"broken at {time.time()}")


def home(_: HttpRequest) -> HttpResponse:
    return HttpResponse("open")


urlpatterns = [path("checkout/", checkout), path("", home)]
application = get_wsgi_application()
