"""The panel beside the form of an API of one's own: a pasted webhook, and the call as it would be.

What is pasted is personal: it lives as long as the request, and goes back scrubbed.
"""

import json
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

from django.core.exceptions import PermissionDenied, ValidationError
from django.http import HttpRequest, HttpResponse, HttpResponseNotAllowed
from django.shortcuts import get_object_or_404, render
from django.urls import URLPattern, path, reverse
from django.utils.decorators import method_decorator
from django.views.decorators.debug import sensitive_post_parameters

from gateway_project.lib.http import HttpCall
from gateway_project.lib.personal import REDACTED, Personal
from gateway_project.lib.redaction import scrub
from gateway_project.lib.vocabulary import PHONE_CHANNELS, Channel
from gateways.admin.access import may_check, our_urls, typed_form
from gateways.admin.screens import CONFIG, provider_of
from gateways.models import Gateway
from gateways.providers.base import HttpProvider, OutboundMessage, ProviderError
from gateways.providers.http_api import HttpApi
from gateways.providers.placeholders import CREDENTIAL
from gateways.providers.registry import build, secret_values
from gateways.samples import pasted, proof_problem, read_sample

TARGETS = (
    *("reports_path", "message_id_path", "provider_id_path", "status_path"),
    *("time_path", "reason_path", "permanent_path", "recipient_path"),
)
READ_WITH = (*TARGETS, "statuses")
SHOWN_HEADERS = frozenset({"content-type", "idempotency-key"})
LONGEST_CALL = 20_000
LONGEST_SAMPLE = 256 * 1024
SAMPLE_ID = "01981f7a-0000-7000-8000-000000000001"
STAND_IN = "SECRET"
SAMPLE_EMAIL, SAMPLE_PHONE = "someone@example.com", "+15550100123"


def trying_context(gateway: Gateway) -> dict[str, Any]:
    """For the panel; empty for providers whose calls and webhooks are known."""
    if provider_of(gateway) is not HttpApi:
        return {}
    fields = HttpApi.Config.base_fields
    return {
        "sample_url": reverse("admin:gateways_gateway_sample", args=[gateway.pk]),
        "sample_call_url": reverse("admin:gateways_gateway_sample_call", args=[gateway.pk]),
        "targets": [(CONFIG + name, fields[name].label) for name in TARGETS],
    }


@method_decorator(sensitive_post_parameters(), name="sample_view")
@method_decorator(sensitive_post_parameters(), name="sample_call_view")
class Trying:
    """The two buttons of the panel, for the page of gateways to derive from."""

    admin_site: Any

    def get_urls(self) -> list[URLPattern]:
        view = self.admin_site.admin_view
        return [
            path("<int:pk>/sample/", view(self.sample_view), name="gateways_gateway_sample"),
            path(
                "<int:pk>/sample-call/",
                view(self.sample_call_view),
                name="gateways_gateway_sample_call",
            ),
            *super().get_urls(),  # type: ignore[misc]
        ]

    def sample_view(self, request: HttpRequest, pk: int) -> HttpResponse:
        """Lays out the pasted webhook; stores nothing."""
        if request.method != "POST":
            return HttpResponseNotAllowed(["POST"])
        gateway = self._tried_gateway(request, pk)
        body = request.POST.get("sample_body", "")[:LONGEST_SAMPLE]
        sample = pasted(body, request.POST.get("sample_headers", ""))
        context = {
            "reading": read_sample(sample, _typed_places(request.POST)),
            "has_headers": bool(request.POST.get("sample_headers", "").strip()),
        }
        provider = _typed_provider(request, gateway)
        if provider is not None:
            context["proof_problem"] = proof_problem(provider.verify_webhook, sample)
            context["is_proof_tried"] = True
        return render(request, "admin/gateways/trying/sample.html", _shown(context))

    def sample_call_view(self, request: HttpRequest, pk: int) -> HttpResponse:
        """Shows the request for a sample message, and sends nothing."""
        if request.method != "POST":
            return HttpResponseNotAllowed(["POST"])
        gateway = self._tried_gateway(request, pk)
        form = typed_form(request, gateway)
        provider = _typed_provider(request, gateway)
        context: dict[str, Any] = {"form": form}
        if provider is not None:
            context |= _sample_call(provider, Channel(gateway.channel))
        return render(request, "admin/gateways/trying/call.html", context)

    def _tried_gateway(self, request: HttpRequest, pk: int) -> Gateway:
        rows = self.rows_of_labels(request)  # type: ignore[attr-defined]
        gateway: Gateway = get_object_or_404(rows, pk=pk)
        if not may_check(request, gateway):
            raise PermissionDenied
        return gateway


def _shown(context: dict[str, Any]) -> dict[str, Any]:
    """With the updates as rows of scrubbed texts."""
    rows = [
        {
            "status": update.status.label if update.status else "to the inbox",
            "word": scrub(update.word),
            "message": scrub(update.message_id or update.provider_id or "")
            or ("by its recipient" if update.recipient else "of no message"),
            "detail": scrub(update.detail),
            "occurred_at": update.occurred_at,
        }
        for update in context["reading"].updates
    ]
    return context | {"rows": rows}


def _typed_places(data: Mapping[str, str]) -> dict[str, Any]:
    """Where things stand by what is typed now; what is not good yet counts as empty."""
    places = {}
    for name in READ_WITH:
        try:
            places[name] = HttpApi.Config.base_fields[name].clean(data.get(CONFIG + name, ""))
        except ValidationError:
            continue
    return places


def _typed_provider(request: HttpRequest, gateway: Gateway) -> HttpProvider | None:
    """The adapter of what is typed; None where it is not good yet, or no HTTP is spoken."""
    provider, form = provider_of(gateway), typed_form(request, gateway)
    if provider is None or not issubclass(provider, HttpProvider):
        return None
    if not form.is_valid() or form.config is None:
        return None
    built = build(gateway.provider, form.config, **our_urls(gateway))
    return built if isinstance(built, HttpProvider) else None


def _sample_call(provider: HttpProvider, channel: Channel) -> dict[str, Any]:
    message = _sample_message(provider, channel)
    try:
        call = _without_secret(provider).call([message])
    except ProviderError as problem:
        return {"problem": scrub(problem.detail)}
    secrets = secret_values(provider) + ([message.recipient] if message.recipient else [])
    return {
        "method": call.method,
        "url": scrub(call.url, *secrets, kept=LONGEST_CALL),
        "headers": _masked_headers(call),
        "body": scrub(_laid_out(call.body), *secrets, kept=LONGEST_CALL),
    }


def _without_secret(provider: HttpProvider) -> HttpProvider:
    """The same account with a stand-in for what its templates put anywhere: there it may be
    written so that it would not be known again."""
    if CREDENTIAL not in provider.config:
        return provider
    return type(provider)(
        provider.config | {CREDENTIAL: STAND_IN},
        webhook_url=provider.webhook_url,
        status_url=provider.status_url,
        public_url=provider.public_url,
    )


def _sample_message(provider: HttpProvider, channel: Channel) -> OutboundMessage:
    goes_to = provider.address_channel(channel)
    address = SAMPLE_PHONE if goes_to in PHONE_CHANNELS else SAMPLE_EMAIL
    sender = "Amazing <noreply@example.com>" if channel == Channel.EMAIL else "Amazing"
    return OutboundMessage(
        id=SAMPLE_ID,
        channel=channel,
        uid="sample-uid",
        ext_user_id="sample-user",
        recipient=Personal(address) if goes_to else None,
        sender=sender,
        subject="A sample subject",
        text='A sample text with "quotation marks" and {{ braces }}',
        html="<p>A sample text</p>" if channel == Channel.EMAIL else "",
        received={"extension": {}},
        expires_at=datetime.now(UTC) + timedelta(hours=1),
    )


def _masked_headers(call: HttpCall) -> dict[str, str]:
    """Any header may be a credential, but for those that are known not to be."""
    return {
        name: value if name.lower() in SHOWN_HEADERS or value == SAMPLE_ID else REDACTED
        for name, value in call.headers.items()
    }


def _laid_out(body: bytes) -> str:
    text = body.decode("utf-8", "replace")
    try:
        return json.dumps(json.loads(text), indent=2, ensure_ascii=False)
    except ValueError:
        return text
