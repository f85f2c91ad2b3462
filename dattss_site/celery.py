"""The Celery application: beat asks for the flush of every shard each minute; each shard has its own queue."""

import os

from celery import Celery

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "dattss_site.settings")

app = Celery("dattss")
app.config_from_object("django.conf:settings", namespace="CELERY")
app.autodiscover_tasks(["accounts", "stats", "alerts", "reports"])
