"""The send APIs. Each request: who calls, what is asked, accept, answer."""

import logging
import re
from typing import Any

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from drf_spectacular.utils import extend_schema_view
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from gateway_project.lib.lenient_json import NotJson, read_object
from gateway_project.lib.protocol import ErrorCode, Refused, accepted
from gateway_project.lib.request_body import read_body
from gateway_project.lib.vocabulary import Channel, KeyKind
from gateways import configuration
from gateways.allowances import keep_within
from gateways.callers import Caller, has_required_headers, is_allowed_address, live_key, note_use
from gateways.values import KeyValues, LabelValues, TemplateValues
from messages_app.accepting import accept
from messages_app.api.schema import (
    describe_custom_im,
    describe_custom_im_by_template,
    describe_email,
    describe_instant_message,
)
from messages_app.counting.arrivals import CHANNEL, LABEL
from messages_app.requests import SendRequest, read_request

logger = logging.getLogger(__name__)

FIELD_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_]{0,40}")
MOST_NEW_FIELDS = 100
MOST_SIGNS = 10_000
"""In a body: some 2,500 fields. All callers share a thread, which reads these in 10 ms."""

_new_fields_seen: set[tuple[str, str]] = set()


class SendView(APIView):
    """POST one message. ProtocolMiddleware stands around it: always 200, with `error_code`."""

    authentication_classes = ()
    permission_classes = ()
    channel: Channel

    def answer(self, request: Request, template_slug: str | None = None) -> HttpResponse:
        request._request.META[CHANNEL] = str(self.channel)
        caller, key = known_caller(request._request)
        request._request.META[LABEL] = caller.label
        keep_within(key)
        template = self.template(caller.label, template_slug)
        body = _read_body(request._request)
        asked = read_request(self.channel, body)
        _note_new_fields(caller.label, asked)
        return accepted(accept(caller, asked, template))

    def template(self, label: LabelValues, slug: str | None) -> TemplateValues | None:
        """The Custom IM template of the path, where the channel has templates."""
        return None

    def initialize_request(self, request: HttpRequest, *args: Any, **kwargs: Any) -> Request:
        """Its body is read by `answer`: none of REST framework's parsers is asked."""
        return Request(request)

    @property
    def default_response_headers(self) -> dict[str, str]:
        return {}

    def initial(self, request: Request, *args: Any, **kwargs: Any) -> None:
        """No content negotiation: whatever is asked for, the answer is the protocol's JSON."""

    def handle_exception(self, exc: Exception) -> Response:
        raise exc

    def http_method_not_allowed(self, request: Any, *args: Any, **kwargs: Any) -> Response:
        raise Refused(ErrorCode.NO_SUCH_CALL)

    options = http_method_not_allowed


class EmailView(SendView):
    channel = Channel.EMAIL

    @describe_email
    def post(self, request: Request) -> HttpResponse:
        return self.answer(request)


class InstantMessageView(SendView):
    channel = Channel.SMS

    @describe_instant_message
    def post(self, request: Request) -> HttpResponse:
        return self.answer(request)


class CustomImView(SendView):
    channel = Channel.CUSTOM_IM

    @describe_custom_im
    def post(self, request: Request, template_slug: str | None = None) -> HttpResponse:
        return self.answer(request, template_slug)

    def template(self, label: LabelValues, slug: str | None) -> TemplateValues | None:
        """The template that the path names; without a name the label's only one."""
        if slug is not None and slug not in label.templates:
            raise Refused(ErrorCode.NO_SUCH_CALL, "No such Custom IM template")
        if slug is None and len(label.templates) > 1:
            raise Refused(ErrorCode.NO_SUCH_CALL, "Name the Custom IM template in the path")
        return label.templates[slug] if slug else next(iter(label.templates.values()), None)


@extend_schema_view(post=describe_custom_im_by_template)
class CustomImByTemplateView(CustomImView):
    """The same where the path names the template: an operation of its own in the document."""


def known_caller(request: HttpRequest) -> tuple[Caller, KeyValues]:
    """Who calls from an allowed address, and the key they hold; else Refused."""
    key = live_key(request.META.get("HTTP_AUTHORIZATION", ""), KeyKind.SMARTICO)
    if key is None:
        raise Refused(ErrorCode.NOT_AUTHORISED)
    label = configuration.current().labels[key.label_id]
    if not has_required_headers(label, request.META):
        raise Refused(ErrorCode.NOT_AUTHORISED)
    if not is_allowed_address(label, request.META):
        raise Refused(ErrorCode.CALLER_REFUSED)
    note_use(key)
    return Caller(label=label, brand_id=key.brand_id), key


def _read_body(request: HttpRequest) -> dict[str, Any]:
    try:
        return read_object(read_body(request, limit=settings.BODY_LIMIT), most_signs=MOST_SIGNS)
    except NotJson as problem:
        raise Refused(ErrorCode.NOT_JSON, str(problem)) from None


def _note_new_fields(label: LabelValues, asked: SendRequest) -> None:
    """The contract changes in place: a field nobody has met yet is worth a line, once."""
    for name in asked.unknown_fields:
        seen = (label.slug, name)
        if seen in _new_fields_seen or len(_new_fields_seen) >= MOST_NEW_FIELDS:
            continue
        _new_fields_seen.add(seen)
        if FIELD_NAME.fullmatch(name):
            logger.info("label %s: new field seen on %s: %s", label.slug, asked.channel, name)
