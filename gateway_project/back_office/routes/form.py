"""Whom the route explainer is asked about: an end user, one made up, or a preview mail."""

from collections.abc import Iterable, Mapping
from typing import Any

from django import forms
from django.db.models import TextChoices

from gateway_project.lib.admin import dress
from gateway_project.lib.vocabulary import Channel
from users.models import EXT_USER_ID_LENGTH

PROPERTY = "property_"


class Kind(TextChoices):
    USER = "user", "An end user"
    MADE_UP = "made_up", "A user made up here"
    PREVIEW = "preview", "A preview mail"


class LabelForm(forms.Form):
    """Whose routes the page shows."""

    label = forms.ChoiceField()

    def __init__(self, names: Mapping[int, str], chosen: int) -> None:
        super().__init__(initial={"label": chosen})
        self.fields["label"].choices = list(names.items())  # type: ignore[attr-defined]
        dress(self.fields["label"])


class SubjectForm(forms.Form):
    """What is typed may be an address: it is posted, and not shown again."""

    kind = forms.ChoiceField(label="For", choices=Kind.choices, initial=Kind.USER)
    channel = forms.ChoiceField(choices=Channel.choices, initial=Channel.EMAIL)
    ext_user_id = forms.CharField(
        label="User id",
        required=False,
        max_length=EXT_USER_ID_LENGTH,
        help_text="The ext_user_id, as Smartico sends it.",
    )
    brand = forms.TypedChoiceField(required=False, coerce=int, empty_value=None)

    def __init__(self, brands: Mapping[int, str], properties: Iterable[str], *args: Any) -> None:
        super().__init__(*args)
        choices = [("", "No brand"), *brands.items()]
        self.fields["brand"].choices = choices  # type: ignore[attr-defined]
        self.fields["kind"].widget.attrs["x-model"] = "kind"
        for name in properties:
            self.fields[PROPERTY + name] = forms.CharField(label=name, required=False)
        for field in self.fields.values():
            field.widget.attrs["autocomplete"] = "off"
            dress(field)

    def clean(self) -> dict[str, Any]:
        cleaned: dict[str, Any] = self.cleaned_data
        if cleaned.get("kind") == Kind.USER and not cleaned.get("ext_user_id"):
            self.add_error("ext_user_id", "Type the id of an end user.")
        return cleaned

    def property_fields(self) -> list[forms.BoundField]:
        return [self[name] for name in self.fields if name.startswith(PROPERTY)]

    def properties(self) -> dict[str, str]:
        """What was typed of the made-up user's properties."""
        return {
            name.removeprefix(PROPERTY): value
            for name, value in self.cleaned_data.items()
            if name.startswith(PROPERTY)
        }
