"""The paths of the send APIs and the platform pages, each with and without a trailing slash."""

from django.urls import re_path

from gateway_project.lib.vocabulary import Channel
from messages_app.api.platform.messages import MessagesView
from messages_app.api.platform.views import EventsView, OrdersView
from messages_app.api.views import (
    CustomImByTemplateView,
    CustomImView,
    EmailView,
    InstantMessageView,
)

INSTANT = (Channel.SMS, Channel.VIBER, Channel.WHATSAPP, Channel.RCS)

urlpatterns = [
    re_path(r"^api/v1/email/?$", EmailView.as_view(), name="send-email"),
    *(
        re_path(
            rf"^api/v1/{channel}/?$",
            InstantMessageView.as_view(channel=channel),
            name=f"send-{channel}",
        )
        for channel in INSTANT
    ),
    re_path(r"^api/v1/custom-im/?$", CustomImView.as_view(), name="send-custom-im"),
    re_path(
        r"^api/v1/custom-im/(?P<template_slug>[-\w]+)/?$",
        CustomImByTemplateView.as_view(),
        name="send-custom-im-template",
    ),
    re_path(r"^platform/v1/events/?$", EventsView.as_view(), name="platform-events"),
    re_path(r"^platform/v1/messages/?\Z", MessagesView.as_view(), name="platform-messages"),
    re_path(r"^platform/v1/orders/?$", OrdersView.as_view(), name="platform-orders"),
]
