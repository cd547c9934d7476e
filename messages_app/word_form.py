"""The form in which a person says what a provider's status word means."""

from typing import Any

from django import forms

from gateway_project.lib.admin import dress
from gateways.providers.registry import provider_classes
from messages_app.models import WordMapping
from messages_app.words import normal_word, waiting_for

SCOPE = ("label", "provider", "gateway", "word")


class WordMappingForm(forms.ModelForm):  # type: ignore[type-arg]
    """A mapping. Where reports wait for it, it says how many before it is saved."""

    provider = forms.ChoiceField()
    is_confirmed = forms.BooleanField(
        label="settle what waits",
        required=False,
        help_text="You are told how many reports wait for this word, and asked to tick this.",
    )

    class Meta:
        model = WordMapping
        fields = (*SCOPE, "status")

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        field = self.fields.get("provider")
        if isinstance(field, forms.ChoiceField):
            field.choices = [(slug, cls.title) for slug, cls in provider_classes().items()]
            dress(field)

    def clean_word(self) -> str:
        word = normal_word(self.cleaned_data["word"])
        if not word:
            raise forms.ValidationError("Type the word as the provider says it.")
        return word

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
