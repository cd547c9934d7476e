"""The first page of the wizard: which label, which channel, which provider."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from django import forms
from django.db.models import QuerySet

from gateway_project.lib.admin import dress
from gateway_project.lib.vocabulary import Channel
from gateways.models import Label
from gateways.providers.registry import provider_classes

KINDS = {"mail": "Mail Gateways", "im": "Instant Messages"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Card:
    """A provider on a channel, and what it takes to connect it."""

    value: str
    title: str
    needs: str


def channels_of(kind: str) -> list[Channel]:
    """Those of one of Smartico's two lists of gateways; all of them where no list is named."""
    mail = {"mail": True, "im": False}.get(kind)
    return [channel for channel in Channel if mail in (None, channel == Channel.EMAIL)]


def cards(kind: str) -> list[tuple[Channel, list[Card]]]:
    """The cards of every channel of this kind."""
    return [(channel, list(_cards(channel))) for channel in channels_of(kind)]


def _cards(channel: Channel) -> Iterator[Card]:
    for slug, provider in provider_classes().items():
        if channel in provider.channels:
            yield Card(value=f"{channel}:{slug}", title=provider.title, needs=provider.needs)


def kind_of(word: str) -> str:
    """The list that is meant by a kind or by a channel; "" where it is none."""
    if word in Channel.values:
        return "mail" if word == Channel.EMAIL else "im"
    return word if word in KINDS else ""


class ChoiceForm(forms.Form):
    """A label, and one of the cards."""

    label = forms.ModelChoiceField(queryset=Label.objects.none(), empty_label=None)
    account = forms.ChoiceField(
        error_messages={"required": "Choose a provider.", "invalid_choice": "Choose a provider."}
    )

    def __init__(self, data: Any = None, *, labels: "QuerySet[Label]", kind: str) -> None:
        super().__init__(data)
        choice: Any = self.fields["label"]
        choice.queryset = labels.order_by("name", "pk")
        choice.empty_label = None if labels.count() == 1 else "Choose a label"
        dress(choice)
        account: Any = self.fields["account"]
        account.choices = [(card.value, card.title) for _, group in cards(kind) for card in group]

    @property
    def channel(self) -> str:
        return str(self.cleaned_data["account"].partition(":")[0])

    @property
    def provider(self) -> str:
        return str(self.cleaned_data["account"].partition(":")[2])
