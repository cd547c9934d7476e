"""The pages of labels."""

from typing import Any

from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.utils.html import format_html

from gateway_project.lib.admin import display
from gateways.admin.alerts_form import ALERT_FIELDS
from gateways.admin.label_form import CALLBACK_SEALED, LabelForm
from gateways.admin.locking import LockingAdmin
from gateways.admin.opt_out_form import OPT_OUT_FIELDS
from gateways.admin.opt_outs import OptOutDeeds
from gateways.admin.page import Page
from gateways.admin.sheet import SetUpSheet
from gateways.admin.states import PAUSED, RUNNING, STATES, SUSPENDED
from gateways.models import Label
from gateways.retention import DAYS
from gateways.staff import label_ids_of


@admin.register(Label)
class LabelAdmin(OptOutDeeds, SetUpSheet, LockingAdmin, Page):
    when_empty = "Add the first label: one for each tenant that you have at Smartico."
    label_path = "pk"
    form = LabelForm
    list_display = ("name", "slug", "state", "sheet_link")
    search_fields = ("name", "slug")
    actions = (*("resume_opt_outs", "renew_opt_out_secret", "end_old_opt_out_secret"),)
    change_form_outer_before_template = "admin/gateways/label/notices.html"
    readonly_fields = ("in_the_file_only", "created_at")
    fieldsets = tuple(
        (title, {"fields": fields, "classes": ["tab"]})
        for title, fields in (
            ("Settings", ("name", "slug", "is_paused", "in_the_file_only", "created_at", "seen")),
            ("Callers", ("allowed_ips", "preview_domains")),
            (
                "Callbacks",
                (
                    *(*CALLBACK_SEALED, "callback_hosts", "callback_statuses"),
                    *("callback_rate_per_second", "report_machine_opens"),
                ),
            ),
            ("Suppression", OPT_OUT_FIELDS),
            ("Alerts", ALERT_FIELDS),
            ("Users and content", ("strip_prefix", "filter_properties", "extension_policy")),
            ("Receipts", ("tells_missing_receipts", "receipt_hours")),
            ("Retention", DAYS),
        )
    )

    def get_readonly_fields(self, request: HttpRequest, obj: Any = None) -> tuple[str, ...]:
        return (*self.readonly_fields, "slug") if obj else self.readonly_fields

    def has_add_permission(self, request: HttpRequest) -> bool:
        """Who is limited to labels would not see the new one."""
        return label_ids_of(request.user) is None and super().has_add_permission(request)

    @admin.display(description="Set in the configuration file")
    def in_the_file_only(self, label: Label) -> str:
        parts = {
            "required_headers": label.required_headers,
            "directory": label.directory,
        }
        return ", ".join(name for name, value in parts.items() if value) or "nothing more"

    @display(description="state", label=STATES)
    def state(self, label: Label) -> str:
        if label.is_paused:
            return PAUSED
        return SUSPENDED if label.callbacks_suspended_at else RUNNING

    @display(description="Smartico")
    def sheet_link(self, label: Label) -> str:
        url = reverse("admin:gateways_label_sheet", args=[label.pk])
        return format_html('<a href="{}">Set-up sheet</a>', url)

    def response_change(self, request: HttpRequest, obj: Label) -> HttpResponse:
        """Who has typed a new api_key for suspended callbacks is led to the test call."""
        if obj.callbacks_suspended_at and request.POST.get("new_callback_api_key"):
            return redirect("admin:resume_callbacks", obj.pk)
        answer: HttpResponse = super().response_change(request, obj)
        return answer

    def render_change_form(
        self, request: HttpRequest, context: dict[str, Any], *args: Any, **kwargs: Any
    ) -> HttpResponse:
        label = context.get("original")
        belongings = _belongings(label) if label else []
        answer: HttpResponse = super().render_change_form(
            request, {**context, "belongings": belongings}, *args, **kwargs
        )
        return answer


def _belongings(label: Label) -> list[tuple[str, int, str]]:
    """Title, count and list of what belongs to the label."""
    return [
        _belonging("Keys", label, label.keys.filter(revoked_at=None)),
        _belonging("Brands", label, label.brands.all()),
        _belonging("Gateways", label, label.gateways.all()),
        _belonging("Custom IM templates", label, label.templates.all()),
    ]


def _belonging(title: str, label: Label, rows: QuerySet[Any]) -> tuple[str, int, str]:
    name = f"admin:gateways_{rows.model._meta.model_name}_changelist"
    return title, rows.count(), f"{reverse(name)}?label__id__exact={label.pk}"
