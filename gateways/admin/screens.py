"""The screens of a gateway: Smartico's three are steps of the wizard, and all are tabs when it is
edited."""

from collections.abc import Callable
from dataclasses import dataclass

from gateway_project.lib.vocabulary import Channel
from gateways.models import Gateway
from gateways.models.gateway import shown_config
from gateways.providers.base import Group, Provider
from gateways.providers.groups import Line, named, shown_groups
from gateways.providers.registry import provider_classes

CONFIG, FILTER = "config_", "filter_"
SENDING = ("rate_per_second", "expires_after", "on_unknown")
GUARD = ("guard_is_on", "guard_times", "guard_least", "guard_failure_share")
FROM = ("from_default", "from_allowed")
REPLY_TO = ("reply_to_default", "reply_to_allowed")


@dataclass(frozen=True, slots=True, kw_only=True)
class Screen:
    """One page of the form: the fields on it, of this gateway, and the columns that it writes."""

    key: str
    title: str
    columns: frozenset[str]
    lines: Callable[[Gateway], tuple[Line, ...]]

    def fields(self, gateway: Gateway) -> tuple[str, ...]:
        """The names of the fields, in their order."""
        return tuple(name for line in self.lines(gateway) for name in named(line))


def filter_fields(gateway: Gateway) -> tuple[str, ...]:
    """The form fields of the filters, at most two unless more were set when more were allowed."""
    names = dict.fromkeys([*gateway.label.filter_properties, *gateway.filters])
    return tuple(FILTER + name for name in names)


def config_groups(gateway: Gateway) -> tuple[Group, ...]:
    """The groups of the provider's Config; none where the provider is gone."""
    provider = provider_of(gateway)
    if provider is None:
        return ()
    return shown_groups(provider.Config, gateway.channel, shown_config(gateway))


def config_fields(gateway: Gateway) -> tuple[str, ...]:
    """The form fields of those groups."""
    return ACCESS.fields(gateway)


def provider_of(gateway: Gateway) -> type[Provider] | None:
    return provider_classes().get(gateway.provider)


def provider_title(gateway: Gateway) -> str:
    provider = provider_of(gateway)
    return provider.title if provider else f"{gateway.provider} (not installed)"


def _access(gateway: Gateway) -> tuple[Line, ...]:
    lines = (line for group in config_groups(gateway) for line in group.lines)
    return tuple(tuple(CONFIG + name for name in named(line)) for line in lines)


def _conditions(gateway: Gateway) -> tuple[Line, ...]:
    filters = filter_fields(gateway)
    return (("name", "brand"), *((filters,) if filters else ()), *SENDING)


def _senders(gateway: Gateway) -> tuple[Line, ...]:
    reply_to = (REPLY_TO,) if gateway.channel == Channel.EMAIL else ()
    return (FROM, *reply_to, "unknown_sender")


CONDITIONS = Screen(
    key="conditions",
    title="Conditions",
    columns=frozenset({"name", "brand", "filters", *SENDING}),
    lines=_conditions,
)
ACCESS = Screen(
    key="access",
    title="Authentication & Configuration",
    columns=frozenset({"config"}),
    lines=_access,
)
SENDERS = Screen(
    key="from",
    title='"From" config',
    columns=frozenset({"unknown_sender", *FROM, *REPLY_TO}),
    lines=_senders,
)


BLAST_GUARD = Screen(
    key="guard",
    title="Blast guard",
    columns=frozenset(GUARD),
    lines=lambda _gateway: GUARD,
)


def screens_of(gateway: Gateway) -> tuple[Screen, ...]:
    """Smartico's screens in their order. Custom IM has no "From"."""
    last = () if gateway.channel == Channel.CUSTOM_IM else (SENDERS,)
    return (CONDITIONS, ACCESS, *last)


def tabs_of(gateway: Gateway) -> tuple[Screen, ...]:
    """Smartico's screens, and one of our own that no wizard asks for."""
    return (*screens_of(gateway), BLAST_GUARD)
