"""Celery's settings. Tasks are kicks: they carry a drain's name, and losing one costs a sweep."""

from django.conf import settings
from kombu.entity import Queue

broker_url = settings.BROKER_URL or "memory://"
broker_connection_retry_on_startup = True
broker_connection_timeout = 2
broker_connection_max_retries = None  # a worker outlasts any outage of its broker
broker_channel_error_retry = True  # and a Redis that refuses, as one that may only be read
broker_transport_options = {"socket_timeout": 5, "socket_connect_timeout": 2}
task_ignore_result = True
task_default_queue = settings.BROKER_QUEUE
# Acknowledging would cost a worker on Redis more than taking the kick.
task_queues = [Queue(settings.BROKER_QUEUE, no_ack=True)]  # type: ignore[no-untyped-call]
task_default_delivery_mode = "transient"
worker_consumer = "gateway_project.celery_consumer:KickConsumer"
worker_prefetch_multiplier = 1
worker_enable_remote_control = False  # its queues are exclusive: a second worker would end
worker_send_task_events = False
worker_hijack_root_logger = False
worker_max_tasks_per_child = None
timezone = "UTC"
