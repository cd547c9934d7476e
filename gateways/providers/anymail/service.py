"""What is to be said of one service of django-anymail: a row of the table in `services`."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from django.forms import Field

from gateway_project.lib.vocabulary import Status
from gateways.providers.anymail.outcomes import Refusals
from gateways.providers.groups import Group

NEEDED = Field(required=True)
Conditions = tuple[Mapping[str, tuple[object, ...]], ...]
"""What an event may say, by path: any of them has to fit, each as a whole."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Check:
    """A call that sends nothing. `path` stands below the API URL and may name settings.

    `is_empty_message`: it posts an empty message, which is refused where the credentials are right.
    """

    path: str
    method: str = "GET"
    body: str = ""
    is_empty_message: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Service:
    """`account` are the settings of the backend, by anymail's own names of them; `webhook` those
    that prove a webhook, by our name, with the view's name for each in `view_names`.
    """

    slug: str
    title: str
    module: str
    """Of anymail.backends and anymail.webhooks."""
    view: str = ""
    """The class of the tracking webhook; "" where there is none."""
    needs: str
    steps: tuple[str, ...]
    account: Mapping[str, Field]
    webhook: Mapping[str, Field] = field(default_factory=dict)
    view_names: Mapping[str, str] = field(default_factory=dict)
    view_settings: Mapping[str, object] = field(default_factory=dict)
    """Of the view, whatever the account."""
    proof: str = ""
    reports: frozenset[Status] = frozenset()
    """What it tells by itself, by webhook or answer."""
    word: str = "event"
    """Where the service's own word stands in an event."""
    reason: str = ""
    """Where its own words on a failure stand, if anymail does not read them."""
    is_listed: bool = False
    """Its webhooks are lists of events."""
    signs_url: bool = False
    """What its webhooks are signed over holds the URL that is called."""
    signed_at: str = ""
    """Where its time stands, if that is signed and the events are not."""
    has_optional_key: bool = False
    """Its view takes no key at all where there is none, and no empty one."""
    silent: frozenset[str] = frozenset()
    """Words that anymail does not know and that mean nothing to us."""
    hard: Conditions = ()
    """Those under which the address is at fault."""
    told: Mapping[Status, Conditions] = field(default_factory=dict)
    """Conditions for the statuses that anymail does not know to be told."""
    scanned: Conditions = ()
    """Those under which the service itself takes an open for a machine's."""
    learnt: frozenset[str] = frozenset({"unsubscribed"})
    """Reasons of a rejection that tell a status of their own besides."""
    takes_metadata: bool = True
    takes_headers: bool = True
    takes_message_id: bool = False
    """Where it is posted a whole mail, Django would name it after this machine."""
    is_always_signed: bool = False
    check: Check | None = None
    refusals: Refusals = field(default_factory=dict)


def grouped(service: Service, options: Sequence[str]) -> tuple[Group, ...]:
    """The service's settings in groups; `options` are those that services share."""
    usual = [name for name in ("api_url",) if not service.account.get(name, NEEDED).required]
    account = [name for name in service.account if name not in usual]
    groups = (
        Group(title="Account", lines=tuple(account)),
        Group(title="Webhooks", lines=tuple(service.webhook)),
        Group(title="Unsubscribing", lines=tuple(options)),
        Group(title="API", lines=(*usual, "authority"), is_rare=True),
    )
    return tuple(group for group in groups if group.lines)
