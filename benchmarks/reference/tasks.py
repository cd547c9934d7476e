"""One task for each message."""

import json

import requests
from django.conf import settings
from django.db import OperationalError, transaction
from django.utils import timezone

from benchmarks.reference.celery import app
from benchmarks.reference.models import Message, SendAttempt
from benchmarks.reference.sealing import unseal

TIMEOUT_SECONDS = 10
session = requests.Session()


@app.task(
    acks_late=True,
    ignore_result=True,
    autoretry_for=(OperationalError, requests.RequestException),
    default_retry_delay=1,
)
def send(message_id: str) -> None:
    """Sends the message and writes down what came of it."""
    message = Message.objects.select_related("end_user").get(pk=message_id)
    if message.state != "queued":
        return
    began = timezone.now()
    content = json.loads(unseal(message.content))
    body = {"to": unseal(message.end_user.phone), "text": content["body"], "ref": message_id}
    url = settings.GATEWAYS[message.channel]
    answer = session.post(url, json=body, timeout=TIMEOUT_SECONDS)
    answer.raise_for_status()
    with transaction.atomic():
        SendAttempt.objects.create(
            message=message,
            outcome="accepted",
            provider_id=answer.json()["id"],
            started_at=began,
            finished_at=timezone.now(),
        )
        Message.objects.filter(pk=message.pk).update(state="sent")
