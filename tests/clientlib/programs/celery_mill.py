"""A Celery application; its folder for messages is in MILL."""

import logging
import os
import time

import celery
import celery.signals
import dattss
import dattss.celery

FOLDER = os.environ["MILL"]
mill = celery.Celery("mill", broker="filesystem://")
mill.conf.update(
    broker_transport_options={"data_folder_in": FOLDER, "data_folder_out": FOLDER, "polling_interval": 0.05},
    worker_hijack_root_logger=False,
)
dattss.process("mill")
logging.getLogger().addHandler(dattss.LoggingHandler())
dattss.celery.install()


@mill.task(name="grind")
def grind() -> None:
    raise RuntimeError(f"broken at {time.time()}")
