"""A page that sends a label's people a test alert."""

from typing import Any

from django.contrib import admin, messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect

from gateway_project.back_office.page import Page
from gateway_project.operations.alerts.trying import send_test
from gateways.admin.alerts_form import alerts_of
from gateways.admin.scope import visible
from gateways.models import Label

NOBODY = "Nobody is named: type an e-mail address or a webhook, and save."


class TestAlert(Page):
    """Opening it tells nobody."""

    path = "test-alert/<int:label_id>/"
    name = "test_alert"
    title = "Test alert"
    permission = "gateways.change_label"
    template_name = "admin/test_alert.html"

    def get(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        label = self.label(kwargs["label_id"])
        alerts = alerts_of(label)
        return self.show(
            label=label, emails=len(alerts.get("emails", ())), has_webhook="webhook" in alerts
        )

    def post(self, request: HttpRequest, label_id: int) -> HttpResponse:
        label = self.label(label_id)
        found = send_test(label, request.user)
        if found is None:
            messages.warning(request, NOBODY)
        elif found.is_connected:
            messages.success(request, f"Told. {found.text}.")
        else:
            messages.error(request, f"Not everybody was told. {found.text}.")
        return redirect("admin:gateways_label_change", label.pk)

    def label(self, label_id: int) -> Label:
        """One of this person's."""
        found: Label = get_object_or_404(visible(admin.site, self.request, Label), pk=label_id)
        return found
