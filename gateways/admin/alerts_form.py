"""The part of a label's form that says who is told when something needs a person."""

from typing import Any

from django import forms
from rest_framework import serializers

from gateway_project.lib.admin import SecretFormField
from gateway_project.lib.fields import opens
from gateways.admin.fields import LinesField, dressed
from gateways.admin.locking import SeenForm
from gateways.models import Label
from gateways.providers.fields import HttpUrlField

EMAILS, WEBHOOK, ENDS = "alert_emails", "new_alert_webhook", "ends_alert_webhook"
ALERT_FIELDS = (EMAILS, WEBHOOK, ENDS)


class AlertsForm(SeenForm):
    """E-mail addresses, and a webhook that is never shown: its URL mostly holds a secret."""

    alert_emails = LinesField(
        serializers.EmailField(),
        label="E-mail addresses",
        help_text="One on each line. They are told, with the reason, when a gateway is held, its "
        "provider does not answer, or statuses stand still.",
    )
    new_alert_webhook = SecretFormField(label="Webhook URL")
    ends_alert_webhook = dressed(forms.BooleanField(required=False, label="Take the webhook away"))

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.alerts = alerts_of(self.instance)
        self.initial.setdefault(EMAILS, self.alerts.get("emails", []))
        if WEBHOOK in self.fields:
            self.fields[WEBHOOK].help_text = (
                f"{self._standing()} JSON is posted to it. Chats that take incoming webhooks show "
                "the text."
            )

    def _standing(self) -> str:
        if not opens(self.instance.alerts):
            return "What was saved cannot be decrypted: type it anew."
        is_set = "webhook" in self.alerts
        return "Saved, and not shown. Left empty, it stays as it is." if is_set else "Not set."

    def clean_new_alert_webhook(self) -> str:
        url: str = self.cleaned_data[WEBHOOK]
        HttpUrlField(required=False).clean(url)
        return url

    def save(self, commit: bool = True) -> Any:
        """What stays as it is, is not sealed anew: the audit would tell of a change."""
        alerts = self._typed()
        if alerts != self.alerts:
            self.instance.alerts = alerts or None
        return super().save(commit)

    def _typed(self) -> dict[str, Any]:
        values = self.cleaned_data
        kept = {} if values.get(ENDS) else {"webhook": self.alerts.get("webhook")}
        webhook = values.get(WEBHOOK) or kept.get("webhook")
        alerts = {"emails": values.get(EMAILS), "webhook": webhook}
        return {name: value for name, value in alerts.items() if value}


def alerts_of(label: Label) -> dict[str, Any]:
    """Empty where nobody is named, and where it does not open, as if it were to be typed."""
    alerts = label.alerts
    return dict(alerts.reveal()) if alerts and opens(alerts) else {}
