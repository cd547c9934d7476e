"""The part of a label's form that is about suppression, and whom opt-outs are told to."""

from typing import Any

from django import forms

from gateway_project.lib.admin import SecretFormField
from gateway_project.lib.fields import opens
from gateway_project.lib.vocabulary import CLOSING_REPORTS, Closing
from gateways.admin.fields import dressed
from gateways.admin.locking import SeenForm
from gateways.models.label import all_closing_reports
from gateways.providers.fields import HttpUrlField

WEBHOOK_URL, EVENTS_URL = "new_opt_out_webhook_url", "new_smartico_events_url"
EVENTS_TOKEN = "new_smartico_events_token"  # noqa: S105  the name of a field
OPT_OUT_SEALED = {
    WEBHOOK_URL: "opt_out_webhook_url",
    EVENTS_URL: "smartico_events_url",
    EVENTS_TOKEN: "smartico_events_token",
}
OPT_OUT_FIELDS = (
    *("suppress_on", WEBHOOK_URL, "ends_opt_out_webhook"),
    *("tells_smartico_opt_outs", EVENTS_URL, EVENTS_TOKEN),
)
NO_SECRET = "Make a secret first, with the button above: what is told is signed with it."  # noqa: S105
SAVED_FOR_OTHERS = "Type it again: it was saved for other hosts."


class OptOutForm(SeenForm):
    """What closes addresses, the platform's webhook, and Smartico's own switch."""

    suppress_on = dressed(
        forms.MultipleChoiceField(
            choices=[(str(reason), Closing(reason).label) for reason in CLOSING_REPORTS],
            initial=all_closing_reports,
            widget=forms.CheckboxSelectMultiple,
            required=False,
            help_text="What closes an address on the channel where it is reported. What is closed "
            "already stays so.",
        )
    )
    new_opt_out_webhook_url = SecretFormField(label="Webhook URL of the platform")
    ends_opt_out_webhook = dressed(
        forms.BooleanField(
            required=False,
            label="Take the webhook away",
            help_text="Nothing more is owed to it. What waits is told if it is back in two weeks.",
        )
    )
    new_smartico_events_url = SecretFormField(label="URL of Smartico's REST events")
    new_smartico_events_token = SecretFormField(label="Token of Smartico's REST events")

    def clean(self) -> Any:
        cleaned = super().clean()
        for name in (WEBHOOK_URL, EVENTS_URL):
            self._clean_url(name)
        if self.cleaned_data.get(WEBHOOK_URL) and not self.instance.opt_out_webhook_secrets:
            self.add_error(WEBHOOK_URL, NO_SECRET)
        self._clean_events()
        return cleaned

    def _clean_url(self, name: str) -> None:
        url = self.cleaned_data.get(name)
        if url:
            try:
                HttpUrlField().clean(url)
            except forms.ValidationError as problem:
                self.add_error(name, problem)

    def _clean_events(self) -> None:
        """What is switched on is complete, and a kept token goes where it was saved for."""
        typed, kept = self.cleaned_data, self.instance
        for name in (EVENTS_URL, EVENTS_TOKEN):
            is_there = typed.get(name) or getattr(kept, OPT_OUT_SEALED[name])
            if typed.get("tells_smartico_opt_outs") and not is_there:
                self.add_error(name, "It is needed to tell Smartico.")
        url, before = typed.get(EVENTS_URL), kept.smartico_events_url
        if url and kept.smartico_events_token and not typed.get(EVENTS_TOKEN):
            whole = HttpUrlField()
            is_same = before is not None and opens(before)
            if not is_same or whole.destination(before.reveal()) != whole.destination(url):
                self.add_error(EVENTS_TOKEN, SAVED_FOR_OTHERS)

    def save(self, commit: bool = True) -> Any:
        if self.cleaned_data.get("ends_opt_out_webhook"):
            self.instance.opt_out_webhook_url = None
        return super().save(commit)
