"""The pages of labels and brands."""

from typing import Any

from django import forms
from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest
from rest_framework import serializers

from gateway_project.lib.admin import ModelAdmin, SecretFormField
from gateway_project.lib.vocabulary import Status
from gateways.admin.fields import LinesField, dressed
from gateways.admin.locking import LockingAdmin, SeenForm
from gateways.callback_hosts import CallbackRefused, check_callback_url
from gateways.config_file.fields import CallbackHostField, DomainField, NetworkField
from gateways.config_file.schema import FILTER_PROPERTIES
from gateways.models import Brand, Label
from gateways.models.label import all_statuses

SEALED = {"new_callback_url": "callback_url", "new_callback_api_key": "callback_api_key"}
"""The columns behind the fields in which secrets are typed."""
DAYS = ("bodies_days", "events_days")


class LabelForm(SeenForm):
    """A label. Its secrets are typed and never shown."""

    unwatched = frozenset({"callbacks_suspended_at", "callbacks_suspended_because"})
    allowed_ips = LinesField(
        NetworkField(), help_text="Networks that may call the send APIs. Empty: any."
    )
    new_callback_url = SecretFormField(label="Callback URL")
    new_callback_api_key = SecretFormField(label="Callback api_key")
    callback_hosts = LinesField(
        CallbackHostField(),
        help_text="host, *.host or http://host:port. They and no others are given the api_key.",
    )
    callback_statuses = dressed(
        forms.MultipleChoiceField(
            choices=Status.choices,
            initial=all_statuses,
            widget=forms.CheckboxSelectMultiple,
            required=False,
        )
    )
    preview_domains = LinesField(DomainField())
    filter_properties = LinesField(
        serializers.CharField(max_length=64),
        help_text=f"User properties that gateways filter on, at most {FILTER_PROPERTIES}.",
    )
    strip_prefix = dressed(
        forms.CharField(
            required=False,
            strip=False,
            max_length=255,
            help_text="What Smartico puts before the platform's own user ids. Empty: nothing.",
        )
    )
    bodies_days = dressed(forms.IntegerField(min_value=1, required=False))
    events_days = dressed(forms.IntegerField(min_value=1, required=False))

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.initial.setdefault("strip_prefix", self.instance.user_ids.get("strip_prefix", ""))
        for name in DAYS:
            self.initial.setdefault(name, self.instance.retention.get(name))

    def clean_filter_properties(self) -> list[str]:
        names: list[str] = self.cleaned_data["filter_properties"]
        if len(names) > FILTER_PROPERTIES:
            raise forms.ValidationError(f"At most {FILTER_PROPERTIES}.")
        return names

    def clean(self) -> Any:
        cleaned = super().clean()
        kept = self.instance.callback_url
        url = self.cleaned_data.get("new_callback_url") or (kept.reveal() if kept else "")
        if url and "callback_hosts" in self.cleaned_data:
            try:
                check_callback_url(url, self.cleaned_data["callback_hosts"])
            except CallbackRefused as refused:
                self.add_error("new_callback_url", str(refused))
        return cleaned

    def save(self, commit: bool = True) -> Label:
        values = self.cleaned_data
        for name, column in SEALED.items():
            if values.get(name):
                setattr(self.instance, column, values[name])
        prefix = values.get("strip_prefix")
        self.instance.user_ids = {"strip_prefix": prefix} if prefix else {}
        self.instance.retention = {name: values[name] for name in DAYS if values.get(name)}
        row: Label = super().save(commit)
        return row


@admin.register(Label)
class LabelAdmin(LockingAdmin, ModelAdmin):
    form = LabelForm
    list_display = ("name", "slug", "is_paused", "callbacks_suspended_at")
    search_fields = ("name", "slug")
    actions = ("resume_callbacks",)
    readonly_fields = (
        "callbacks_suspended_at",
        "callbacks_suspended_because",
        "in_the_file_only",
        "created_at",
    )
    fieldsets = (
        (None, {"fields": ("name", "slug", "is_paused", "seen")}),
        ("Callers", {"fields": ("allowed_ips", "preview_domains")}),
        (
            "Callbacks",
            {
                "fields": (
                    *SEALED,
                    "callback_hosts",
                    "callback_statuses",
                    "callbacks_suspended_at",
                    "callbacks_suspended_because",
                )
            },
        ),
        (
            "Users and content",
            {"fields": ("strip_prefix", "filter_properties", "extension_policy")},
        ),
        ("Retention", {"fields": DAYS}),
        ("More", {"fields": ("in_the_file_only", "created_at")}),
    )

    def get_readonly_fields(self, request: HttpRequest, obj: Any = None) -> tuple[str, ...]:
        return (*self.readonly_fields, "slug") if obj else self.readonly_fields

    @admin.display(description="Set in the configuration file")
    def in_the_file_only(self, label: Label) -> str:
        parts = {
            "required_headers": label.required_headers,
            "alerts": label.alerts,
            "directory": label.directory,
        }
        return ", ".join(name for name, value in parts.items() if value) or "nothing more"

    @admin.action(description="Resume callbacks", permissions=["change"])
    def resume_callbacks(self, request: HttpRequest, queryset: QuerySet[Label]) -> None:
        suspended = list(queryset.exclude(callbacks_suspended_at=None))
        queryset.update(callbacks_suspended_at=None, callbacks_suspended_because="")
        for label in suspended:
            self.log_change(request, label, "Callbacks resumed.")
        self.message_user(request, f"{len(suspended)} resumed.")


@admin.register(Brand)
class BrandAdmin(ModelAdmin):
    list_display = ("name", "slug", "label", "is_paused", "is_active")
    list_filter = ("label",)
    list_select_related = ("label",)
    search_fields = ("name", "slug")
    fields = ("label", "name", "slug", "is_paused", "is_active")

    def get_readonly_fields(self, request: HttpRequest, obj: Any = None) -> tuple[str, ...]:
        return ("label", "slug") if obj else ()
