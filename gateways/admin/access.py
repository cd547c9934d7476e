"""What stands beside a provider's form: instructions, our URLs, and the connection check."""

from typing import Any

from django.core.exceptions import PermissionDenied
from django.forms import modelform_factory
from django.http import HttpRequest, HttpResponse, HttpResponseNotAllowed
from django.shortcuts import get_object_or_404, render
from django.urls import URLPattern, path, reverse

from gateway_project.lib.fields import opens
from gateway_project.lib.vocabulary import Channel
from gateways import connection
from gateways.adapters import status_url, webhook_url
from gateways.admin.gateway_form import GatewayForm, form_for
from gateways.admin.screens import ACCESS, provider_of
from gateways.models import Contact, Gateway
from gateways.providers.registry import build


def access_context(gateway: Gateway) -> dict[str, Any]:
    """For the templates. The URLs hold the gateway's token: they are for those who may edit it."""
    provider, urls = provider_of(gateway), our_urls(gateway)
    return {
        "instructions": provider.instructions if provider else (),
        **{name: urls[name] for name in used_urls(gateway)},
        "are_urls_lost": not opens(gateway.token),
        "check_url": reverse("admin:gateways_gateway_check", args=[gateway.pk]),
        "contact": Contact.objects.filter(gateway=gateway).exclude(checked_at=None).first(),
    }


def used_urls(gateway: Gateway) -> tuple[str, ...]:
    """The names of those of our URLs to which somebody reports."""
    provider = provider_of(gateway)
    is_webhook = provider is None or provider.sends_webhooks()
    used = {"webhook_url": is_webhook, "status_url": gateway.channel == Channel.CUSTOM_IM}
    return tuple(name for name, is_used in used.items() if is_used)


def our_urls(gateway: Gateway) -> dict[str, str]:
    """Where its provider reports to; empty where the token in them does not open."""
    if not opens(gateway.token):
        return {"webhook_url": "", "status_url": ""}
    token = gateway.token.reveal()
    return {"webhook_url": webhook_url(token), "status_url": status_url(token)}


class ConnectionCheck:
    """The button that tries what was typed, for the page of gateways to derive from."""

    admin_site: Any

    def get_urls(self) -> list[URLPattern]:
        view = self.admin_site.admin_view(self.check_view)
        check = path("<int:pk>/check/", view, name="gateways_gateway_check")
        return [check, *super().get_urls()]  # type: ignore[misc]

    def check_view(self, request: HttpRequest, pk: int) -> HttpResponse:
        """Tries the posted form and saves nothing of it; the finding, if it is the saved one."""
        if request.method != "POST":
            return HttpResponseNotAllowed(["POST"])
        gateway = get_object_or_404(self.rows_of_labels(request), pk=pk)  # type: ignore[attr-defined]
        if not may_check(request, gateway):
            raise PermissionDenied
        form = typed_form(request, gateway)
        finding = _found(gateway, form)
        if finding and form.is_config_saved:
            connection.keep(gateway.pk, finding)
        context = {"finding": finding, "form": form}
        return render(request, "admin/gateways/finding.html", context)


def may_check(request: HttpRequest, gateway: Gateway) -> bool:
    """Whether this person may try what is typed into the gateway's form."""
    permission = "add" if gateway.is_draft else "change"
    return request.user.has_perm(f"gateways.{permission}_gateway")


def typed_form(request: HttpRequest, gateway: Gateway) -> GatewayForm:
    """The form as it was typed, with the kept secrets, whatever anybody else saved meanwhile."""
    data = request.POST.copy()
    data.pop("seen", None)
    drawn = modelform_factory(Gateway, form=form_for(gateway, [ACCESS]), fields=[])
    form: GatewayForm = drawn(data, instance=gateway)  # type: ignore[assignment]
    return form


def _found(gateway: Gateway, form: GatewayForm) -> connection.Finding | None:
    """None where the form is not good enough to try, or the provider is gone."""
    if not form.is_valid() or form.config is None:
        return None
    provider = build(gateway.provider, form.config, **our_urls(gateway))
    try:
        return connection.check(provider)
    finally:
        provider.close()
