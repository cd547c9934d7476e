"""The ways to a label's people: mail, by the house's own mail server, and a webhook.

Both leave through the house's doors: private addresses are called where EGRESS_ALLOW lists them.
"""

import json
from collections.abc import Iterator, Sequence
from contextlib import closing
from dataclasses import dataclass, field
from typing import Protocol
from urllib.parse import unquote, urlsplit
from uuid import uuid4

from django.conf import settings
from django.core.exceptions import ValidationError

from gateway_project.lib.crypto import Undecryptable
from gateway_project.lib.http import HttpCall, TransportError, http_client
from gateway_project.lib.mailbox import parse_mailbox
from gateway_project.lib.personal import Personal
from gateway_project.lib.redaction import scrub
from gateway_project.lib.vocabulary import Channel
from gateway_project.operations.alerts.words import Notice
from gateways.models import Label
from gateways.providers.base import OutboundMessage, ProviderError
from gateways.providers.registry import secret_values, validate_config
from gateways.providers.smtp import Smtp

SECURITY = {"smtp": "starttls", "smtps": "tls", "smtp+plain": "none"}
"""By the scheme of ALERTS_EMAIL_URL. Without encryption inside the house only."""
WEBHOOK_SECONDS = 15.0
READ_CAP = 16 * 1024


class NotTold(Exception):
    """It did not get through. `str()` says why, without an address or a secret."""


class Way(Protocol):
    """One way. `name` is what it is called in metrics and on the check list."""

    @property
    def name(self) -> str: ...

    def tell(self, notice: Notice) -> None:
        """Raises NotTold."""

    def check(self, trial: Notice) -> str:
        """What was found; writes to no mailbox. Raises NotTold."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Mail:
    addresses: Sequence[str] = field(repr=False)
    name: str = "e-mail"

    def tell(self, notice: Notice) -> None:
        """To each of them by itself; it is told when one of them has got it."""
        problems: list[str] = []
        with closing(_server()) as server:
            for address in self.addresses:
                try:
                    server.send(_mail(notice, address))
                except ProviderError as problem:
                    hidden = (Personal(address), *secret_values(server))
                    problems.append(scrub(problem.detail, *hidden))
        if len(problems) == len(self.addresses):
            raise NotTold(problems[0])

    def check(self, trial: Notice) -> str:
        with closing(_server()) as server:
            try:
                return server.check_connection()
            except ProviderError as problem:
                raise NotTold(scrub(problem.detail, *secret_values(server))) from None


@dataclass(frozen=True, slots=True, kw_only=True)
class Webhook:
    url: str = field(repr=False)
    name: str = "webhook"

    def tell(self, notice: Notice) -> None:
        try:
            answer = http_client().perform(_call(self.url, notice))
        except TransportError as error:
            raise NotTold(str(error)) from None
        if not 200 <= answer.status < 300:
            raise NotTold(f"answered with HTTP {answer.status}")

    def check(self, trial: Notice) -> str:
        self.tell(trial)
        return "took a test"


def ways_of(label: Label) -> Iterator[Way]:
    """Those that the label names. Raises Undecryptable."""
    chosen = label.alerts.reveal() if label.alerts else {}
    if chosen.get("emails"):
        yield Mail(addresses=chosen["emails"])
    if chosen.get("webhook"):
        yield Webhook(url=chosen["webhook"])


def mail_settings() -> dict[str, object]:
    """The mail server of ALERTS_EMAIL_URL, as a gateway of `smtp` would be configured.

    Raises ValueError where it, or ALERTS_FROM, is not as it must be; nothing is repeated.
    """
    parts = urlsplit(settings.ALERTS_EMAIL_URL)
    if parts.scheme not in SECURITY or not parts.hostname:
        raise ValueError("ALERTS_EMAIL_URL is not like smtp://user:password@host:587")
    parse_mailbox(settings.ALERTS_FROM)
    given = {
        "host": parts.hostname,
        "port": parts.port,
        "security": SECURITY[parts.scheme],
        "username": unquote(parts.username or ""),
        "password": unquote(parts.password or ""),
    }
    try:
        return validate_config(Smtp, {name: value for name, value in given.items() if value})
    except ValidationError as error:
        raise ValueError(f"ALERTS_EMAIL_URL: {' '.join(error.messages)}") from None


def _server() -> Smtp:
    if not settings.ALERTS_EMAIL_URL:
        raise NotTold("no mail server is named: ALERTS_EMAIL_URL")
    try:
        return Smtp(mail_settings())
    except ValueError:
        raise NotTold("ALERTS_EMAIL_URL or ALERTS_FROM cannot be used") from None


def _mail(notice: Notice, address: str) -> OutboundMessage:
    return OutboundMessage(
        id=str(uuid4()),
        channel=Channel.EMAIL,
        uid="",
        recipient=Personal(address),
        sender=settings.ALERTS_FROM,
        subject=" ".join(notice.subject.split()),
        text=notice.text,
    )


def _call(url: str, notice: Notice) -> HttpCall:
    return HttpCall(
        method="POST",
        url=url,
        headers={"Content-Type": "application/json"},
        body=json.dumps(notice.body, ensure_ascii=False).encode(),
        timeout=WEBHOOK_SECONDS,
        read_cap=READ_CAP,
    )


__all__ = ["Mail", "NotTold", "Undecryptable", "Way", "Webhook", "mail_settings", "ways_of"]
