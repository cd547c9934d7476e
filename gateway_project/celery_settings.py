"""Celery's settings. Tasks are kicks: they carry a drain's name, and losing one costs a sweep."""

from django.conf import settings

broker_url = settings.BROKER_URL or "memory://"
broker_connection_retry_on_startup = True
broker_connection_timeout = 2
broker_connection_max_retries = None  # a worker outlasts any outage of its broker
broker_transport_options = {"socket_timeout": 5, "socket_connect_timeout": 2}
task_ignore_result = True
task_default_queue = settings.BROKER_QUEUE
task_default_delivery_mode = "transient"
worker_prefetch_multiplier = 1
worker_enable_remote_control = False  # its queues are exclusive: a second worker would end
worker_send_task_events = False
worker_hijack_root_logger = False
worker_max_tasks_per_child = None
timezone = "UTC"
