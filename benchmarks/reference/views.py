"""The send API."""

import hmac
import json
from functools import partial
from typing import Any
from urllib.parse import urlsplit

from django.conf import settings
from django.db import IntegrityError, transaction
from rest_framework import serializers
from rest_framework.exceptions import AuthenticationFailed
from rest_framework.permissions import BasePermission
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from benchmarks.reference.models import EndUser, Message, Suppression
from benchmarks.reference.sealing import seal
from benchmarks.reference.tasks import send


class MessageSerializer(serializers.Serializer[Message]):
    ext_user_id = serializers.CharField(max_length=255)
    im_uid = serializers.CharField(max_length=255)
    callback_url = serializers.URLField(max_length=2048)
    from_number = serializers.CharField(max_length=255)
    body = serializers.CharField(max_length=100_000)

    def validate_callback_url(self, url: str) -> str:
        if urlsplit(url).netloc not in settings.CALLBACK_HOSTS:
            raise serializers.ValidationError("This host may not be called.")
        return url


class HasSecret(BasePermission):
    def has_permission(self, request: Request, view: Any) -> bool:
        given = request.META.get("HTTP_AUTHORIZATION", "").encode()
        if not hmac.compare_digest(given, settings.AUTHORIZATION.encode()):
            raise AuthenticationFailed
        return True


class SendView(APIView):
    authentication_classes = ()
    permission_classes = (HasSecret,)

    def post(self, request: Request, channel: str) -> Response:
        asked = MessageSerializer(data=request.data)
        asked.is_valid(raise_exception=True)
        told = asked.validated_data
        user = EndUser.objects.filter(ext_user_id=told["ext_user_id"]).first()
        if user is None:
            return Response({"error_code": 2, "error_message": "User not found"})
        closed = Suppression.objects.filter(channel=channel, address_index=user.phone_index)
        if closed.exists():
            return Response({"error_code": 7, "error_message": "Suppressed"})
        return Response({"error_code": 0, "ext_message_id": accept(channel, user, told)})


def accept(channel: str, user: EndUser, told: dict[str, str]) -> str:
    """The id of the message; of the earlier one where the uid was used before."""
    content = {"from": told["from_number"], "body": told["body"]}
    try:
        with transaction.atomic():
            message = Message.objects.create(
                end_user=user,
                channel=channel,
                uid=told["im_uid"],
                content=seal(json.dumps(content)),
                callback_url=told["callback_url"],
            )
            if settings.PUBLISHES_TASKS:
                transaction.on_commit(partial(send.delay, str(message.pk)))
    except IntegrityError:
        message = Message.objects.get(channel=channel, uid=told["im_uid"])
    return str(message.pk)
