"""The form of a gateway, of one screen or of all: wizard and tabs are drawn from it."""

from collections.abc import Iterable
from typing import Any

from django.core.exceptions import ValidationError

from gateway_project.lib.fields import opens
from gateway_project.lib.vocabulary import Channel
from gateways.admin.drawing import drawn_fields
from gateways.admin.locking import SeenForm
from gateways.admin.screens import ACCESS, CONDITIONS, CONFIG, FILTER, Screen, provider_of
from gateways.models import Brand, Gateway
from gateways.models.gateway import shown_config
from gateways.providers.base import Provider
from gateways.providers.registry import destinations, secret_fields, validate_config
from gateways.senders import sender_problem

HELP = {
    "name": "How this gateway is called in lists and on timelines.",
    "brand": "A brand's own gateway wins over one for any brand.",
    "rate_per_second": "Most messages a second. Empty: as fast as the provider takes them.",
    "on_unknown": "When a message was handed over and no answer came: park it for a person, "
    "repeat it, or count it as failed.",
    "guard_is_on": "It is paused, and a person is told, when an hour goes beyond what is usual, "
    "such as by a campaign that was sent by mistake. Nothing is lost: what has not left waits "
    "until you resume the gateway.",
    "guard_times": "More than so many times what the same hour has seen in the last four weeks "
    "is too much.",
    "guard_least": "In an hour, whatever is usual. As long as less than a week is known, "
    "everything above is too much.",
    "guard_failure_share": "0.5 is half of them. So many failures are too many, unless more are "
    "usual. Empty: failures are not watched.",
    "from_default": "Used where a message names no sender.",
    "reply_to_default": "Used where a message names no Reply-to. Empty: it has none.",
    "unknown_sender": "What happens to a message whose sender is not among the allowed: "
    "it is refused, or leaves with the default.",
}
LABELS = {
    "from_default": 'Default "From"',
    "reply_to_default": "Default Reply-to",
    "unknown_sender": "Unknown sender",
    "expires_after": "Expires after (seconds)",
    "on_unknown": "When the outcome is unknown",
    "guard_is_on": "Guard this gateway",
    "guard_times": "Times the usual",
    "guard_least": "Messages that are never too many",
    "guard_failure_share": "Share of failures",
}


SAVED_FOR_ANOTHER = "Type it again: it was saved for another host or place."


class GatewayForm(SeenForm):
    """What is filled in on some of a gateway's screens."""

    screens: tuple[Screen, ...] = ()
    config: dict[str, Any] | None = None
    """The provider's Config as it was typed, kept secrets in it, once it is known to be good."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        for name, field in self.fields.items():
            field.help_text = HELP.get(name, field.help_text)
            field.label = LABELS.get(name, field.label)
        brand: Any = self.fields.get("brand")
        if brand is not None:
            brand.queryset = Brand.objects.filter(label=self.instance.label)
            brand.empty_label = "Any brand"
            for link in ("add", "change", "view", "delete"):
                setattr(brand.widget, f"can_{link}_related", False)

    def clean_from_default(self) -> str:
        return self._checked_sender("from_default")

    def clean_reply_to_default(self) -> str:
        return self._checked_sender("reply_to_default")

    def _checked_sender(self, name: str) -> str:
        sender: str = self.cleaned_data[name]
        problem = sender_problem(Channel(self.instance.channel), sender) if sender else None
        if problem:
            raise ValidationError(f"This {problem}.")
        return sender

    def clean(self) -> Any:
        cleaned = super().clean()
        provider = provider_of(self.instance) if ACCESS in self.screens else None
        if provider and not any(name.startswith(CONFIG) for name in self.errors):
            self._clean_config(provider)
        return cleaned

    def _clean_config(self, provider: type[Provider]) -> None:
        names = [name for name in provider.Config.base_fields if CONFIG + name in self.fields]
        typed = {name: self.cleaned_data[CONFIG + name] for name in names}
        saved = shown_config(self.instance)
        secret = secret_fields(provider)
        kept = {name: saved[name] for name in saved if name in secret and not typed.get(name)}
        try:
            config = validate_config(provider, {**typed, **kept})
        except ValidationError as error:
            for name, messages in error.message_dict.items():
                self.add_error(CONFIG + name if CONFIG + name in self.fields else None, messages)
            return
        if destinations(provider, config) == destinations(provider, saved) or not kept:
            self.config = config
        for name in kept if self.config is None else ():
            self.add_error(CONFIG + name, SAVED_FOR_ANOTHER)

    @property
    def is_config_saved(self) -> bool:
        """Whether the checked configuration is the one in the row."""
        return self.instance.config is not None and self.config == shown_config(self.instance)

    def save(self, commit: bool = True) -> Gateway:
        if self.config is not None and not self.is_config_saved:
            self.instance.config = self.config
            if not opens(self.instance.token):
                self.instance.renew_token()
        if CONDITIONS in self.screens:
            self.instance.filters = self._filters()
        row: Gateway = super().save(commit)
        return row

    def _filters(self) -> dict[str, list[str]]:
        names = [name for name in self.fields if name.startswith(FILTER)]
        wanted = {name.removeprefix(FILTER): self.cleaned_data[name] for name in names}
        return {name: values for name, values in wanted.items() if values}


def form_for(gateway: Gateway, screens: Iterable[Screen]) -> type[GatewayForm]:
    """The form of these screens: the provider's fields, the label's filter properties.

    It minds what somebody else changes meanwhile only where it would be written over.
    """
    screens = tuple(screens)
    written = {"is_active"}.union(*(screen.columns for screen in screens))
    columns = {field.name for field in Gateway._meta.concrete_fields}
    parts = {"screens": screens, "unwatched": columns - written}
    return type("GatewayForm", (GatewayForm,), {**drawn_fields(gateway, screens), **parts})
