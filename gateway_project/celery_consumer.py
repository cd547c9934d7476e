"""How a Celery worker takes kicks off a queue on which nothing is acknowledged."""

import logging

from celery.worker.consumer import Consumer
from celery.worker.request import Request

logger = logging.getLogger(__name__)


class KickConsumer(Consumer):  # type: ignore[misc]
    """Tasks that it does not know or cannot read are dropped. Celery would reject them, over which
    RabbitMQ closes the channel, and a worker that is just starting does not notice: it would never
    take a kick again."""

    def drop(self, *_: object) -> None:
        logger.warning("dropped a message that is no kick")

    on_unknown_message = on_unknown_task = on_invalid_task = on_decode_error = drop


class Kick(Request):  # type: ignore[misc]
    """On Redis Celery would acknowledge it all the same, and remember for good what it has
    acknowledged in vain."""

    acknowledged = True
