"""The send APIs' paths, each with and without a trailing slash."""

from django.urls import re_path

from gateway_project.lib.vocabulary import Channel
from messages_app.api.views import SendView

SEND_PATHS = {
    "email": Channel.EMAIL,
    "sms": Channel.SMS,
    "viber": Channel.VIBER,
    "whatsapp": Channel.WHATSAPP,
    "rcs": Channel.RCS,
    "custom-im": Channel.CUSTOM_IM,
}

urlpatterns = [
    *(
        re_path(rf"^api/v1/{name}/?$", SendView.as_view(channel=channel), name=f"send-{name}")
        for name, channel in SEND_PATHS.items()
    ),
    re_path(
        r"^api/v1/custom-im/(?P<template_slug>[-\w]+)/?$",
        SendView.as_view(channel=Channel.CUSTOM_IM),
        name="send-custom-im-template",
    ),
]
