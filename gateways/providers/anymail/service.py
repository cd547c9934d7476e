"""What is to be said of one service of django-anymail: a row of the table in `services`."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from django.forms import Field

from gateway_project.lib.vocabulary import Status
from gateways.providers.anymail.outcomes import Refusals

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
    word: str = "event"
    """Where the service's own word stands in an event."""
    is_listed: bool = False
    """Its webhooks are lists of events."""
    silent: frozenset[str] = frozenset()
    """Words that anymail does not know and that mean nothing to us."""
    hard: Conditions = ()
    """Those under which the address is at fault."""
    told: Mapping[Status, Conditions] = field(default_factory=dict)
    """Conditions for the statuses that anymail does not know to be told."""
    learnt: frozenset[str] = frozenset({"unsubscribed"})
    """Reasons of a rejection that tell a status of their own besides."""
    takes_metadata: bool = True
    takes_headers: bool = True
    is_always_signed: bool = False
    check: Check | None = None
    refusals: Refusals = field(default_factory=dict)
