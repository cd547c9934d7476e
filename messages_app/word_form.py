"""The form in which a person says what a provider's status word means."""

from typing import Any

from django import forms

from gateway_project.lib.admin import dress
from gateway_project.lib.vocabulary import Status
from gateways.providers.registry import provider_classes
from messages_app.models import WordMapping
from messages_app.words import normal_word, waiting_for

NOTHING = "nothing"
"""The choice for words that tell of no status."""
SCOPE = ("label", "provider", "gateway", "word")


class WordMappingForm(forms.ModelForm):  # type: ignore[type-arg]
    """A mapping. Where reports wait for it, it says how many before it is saved."""

    provider = forms.ChoiceField()
    status = forms.ChoiceField(
        label="Means",
        choices=[("", "Choose what it means"), *Status.choices, (NOTHING, "Nothing: drop it")],
        help_text="Smartico is told this status.",
    )
    is_confirmed = forms.BooleanField(
        label="Settle what waits",
        required=False,
        help_text="You are told how many reports wait for this word, and asked to tick this.",
    )

    class Meta:
        model = WordMapping
        fields = (*SCOPE, "status")

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        status = self.fields.get("status")
        if status is not None:
            dress(status)
        if self.instance.pk and not self.instance.status:
            self.initial["status"] = NOTHING
        field = self.fields.get("provider")
        if isinstance(field, forms.ChoiceField):
            field.choices = [(slug, cls.title) for slug, cls in provider_classes().items()]
            dress(field)

    def clean_word(self) -> str:
        word = normal_word(self.cleaned_data["word"])
        if not word:
            raise forms.ValidationError("Type the word as the provider says it.")
        return word

    def clean_status(self) -> str:
        chosen: str = self.cleaned_data["status"]
        return "" if chosen == NOTHING else chosen

    def clean(self) -> Any:
        cleaned = super().clean() or self.cleaned_data
        gateway = cleaned.get("gateway")
        if gateway is not None and gateway.label != cleaned.get("label"):
            self.add_error("gateway", "This gateway belongs to another label.")
        elif gateway is not None and gateway.provider != cleaned.get("provider"):
            self.add_error("gateway", "This gateway uses another provider.")
        if not self.errors and not cleaned.get("is_confirmed"):
            self._ask(cleaned)
        return cleaned

    def _ask(self, cleaned: Any) -> None:
        meant = WordMapping(**{name: cleaned[name] for name in SCOPE})
        if count := waiting_for(meant).count():
            does = f'recorded as "{cleaned["status"]}"' if cleaned["status"] else "dropped"
            are = "report waits" if count == 1 else "reports wait"
            self.add_error(
                "is_confirmed", f"{count:,} {are} for this word and will be {does}. Tick to agree."
            )
