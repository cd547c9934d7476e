"""The form of a label."""

from typing import Any

from django import forms
from rest_framework import serializers

from gateway_project.lib.admin import SecretFormField
from gateway_project.lib.fields import opens
from gateway_project.lib.vocabulary import Status
from gateways.admin.alerts_form import AlertsForm
from gateways.admin.fields import LinesField, dressed
from gateways.admin.opt_out_form import OPT_OUT_SEALED, SAVED_FOR_OTHERS, OptOutForm
from gateways.callback_hosts import CallbackRefused, check_callback_url
from gateways.config_file.fields import CallbackHostField, DomainField, NetworkField
from gateways.config_file.schema import FILTER_PROPERTIES
from gateways.models import Label
from gateways.models.label import all_statuses
from gateways.receipts import LONGEST_HOURS, Receipts
from gateways.retention import DAYS, Retention

CALLBACK_SEALED = {"new_callback_url": "callback_url", "new_callback_api_key": "callback_api_key"}
SEALED = {**CALLBACK_SEALED, **OPT_OUT_SEALED}
"""The columns behind the fields in which secrets are typed."""


def days_field(what: str, name: str) -> forms.IntegerField:
    usual = getattr(Retention(), name)
    field: forms.IntegerField = dressed(
        forms.IntegerField(
            min_value=1, max_value=36_500, required=False, help_text=f"{what} Empty: {usual} days."
        )
    )
    return field


class LabelForm(AlertsForm, OptOutForm):
    """A label. Its secrets are typed and never shown."""

    unwatched = frozenset(
        {"callbacks_suspended_at", "callbacks_suspended_because", "opt_outs_suspended"}
    )
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
    receipt_hours = dressed(
        forms.IntegerField(
            min_value=1,
            max_value=LONGEST_HOURS,
            required=False,
            help_text="From when a provider that reports deliveries took a message. Empty: "
            f"{Receipts().hours} hours.",
        )
    )
    tells_missing_receipts = dressed(
        forms.BooleanField(
            required=False,
            help_text="A message without a receipt by then has failed, and Smartico is told so: no "
            "receipt. Off: it stays as it is.",
        )
    )
    bodies_days = days_field("What messages say, with their preview addresses.", "bodies_days")
    events_days = days_field("Tries, statuses, callbacks, inbox entries.", "events_days")
    tombstones_days = days_field(
        "What is left then: ids, for late statuses and repeated uids.", "tombstones_days"
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.initial.setdefault("strip_prefix", self.instance.user_ids.get("strip_prefix", ""))
        for name in DAYS:
            self.initial.setdefault(name, self.instance.retention.get(name))
        receipts = self.instance.receipts
        self.initial.setdefault("receipt_hours", receipts.get("hours"))
        told = receipts.get("report", Receipts().report)
        self.initial.setdefault("tells_missing_receipts", told)
        for name, column in SEALED.items():
            if name in self.fields:
                state = _standing(getattr(self.instance, column))
                self.fields[name].help_text = f"{state} Left empty, it stays as it is."

    def clean_filter_properties(self) -> list[str]:
        names: list[str] = self.cleaned_data["filter_properties"]
        if len(names) > FILTER_PROPERTIES:
            raise forms.ValidationError(f"At most {FILTER_PROPERTIES}.")
        return names

    def clean(self) -> Any:
        cleaned = super().clean()
        kept = self.instance.callback_url
        kept_url = kept.reveal() if kept and opens(kept) else ""
        url = self.cleaned_data.get("new_callback_url") or kept_url
        if url and "callback_hosts" in self.cleaned_data:
            try:
                check_callback_url(url, self.cleaned_data["callback_hosts"])
            except CallbackRefused as refused:
                self.add_error("new_callback_url", str(refused))
        self._clean_new_hosts()
        return cleaned

    def _clean_new_hosts(self) -> None:
        """The kept api_key goes to the hosts that it was saved for."""
        api_key = "new_callback_api_key"
        is_kept = self.instance.callback_api_key and not self.cleaned_data.get(api_key)
        hosts = self.cleaned_data.get("callback_hosts", ())
        if is_kept and not set(hosts) <= set(self.instance.callback_hosts):
            self.add_error(api_key, SAVED_FOR_OTHERS)

    def save(self, commit: bool = True) -> Label:
        values = self.cleaned_data
        for name, column in SEALED.items():
            if values.get(name):
                setattr(self.instance, column, values[name])
        prefix = values.get("strip_prefix")
        self.instance.user_ids = {"strip_prefix": prefix} if prefix else {}
        self.instance.retention = {name: values[name] for name in DAYS if values.get(name)}
        self.instance.receipts = _receipts(values)
        row: Label = super().save(commit)
        return row


def _receipts(values: Any) -> dict[str, Any]:
    """What is not as usual."""
    hours, is_told = values.get("receipt_hours"), bool(values.get("tells_missing_receipts"))
    given = {"hours": hours} if hours else {}
    return given if is_told == Receipts().report else {**given, "report": is_told}


def _standing(sealed: Any) -> str:
    """Whether something is saved there, and not what."""
    if sealed is None:
        return "Not set."
    return "Saved, and not shown." if opens(sealed) else "Saved, and it cannot be decrypted."
