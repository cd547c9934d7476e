"""The platform and Smartico as those who are told of a label's opt-outs."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from http import HTTPStatus
from typing import Any, ClassVar

from django.db.models import QuerySet

from gateway_project.lib.clock import database_now
from gateway_project.lib.fields import opens
from gateway_project.lib.http import HttpAnswer, HttpCall
from gateway_project.lib.personal import Personal
from gateways.opt_outs import suspend
from gateways.providers.answers import asked_wait, is_success, problem_of, said
from gateways.providers.base import GatewayMisconfigured, GatewayUnavailable, ProviderError
from gateways.values import LabelValues
from messages_app.models import Relay, RelayKind, RelayListener
from messages_app.relaying.listener import NotNeeded
from messages_app.relaying.notices import Notice, notice_of
from messages_app.relaying.platform_webhook import webhook_call
from messages_app.relaying.smartico_profile import FLAGS, profile_call
from users.suppressions import is_suppressed


@dataclass(frozen=True, slots=True, kw_only=True)
class LabelListener:
    """One relay a call; all may come twice, under the same id."""

    label: LabelValues
    who: ClassVar[RelayListener]

    @property
    def key(self) -> str:
        return f"{self.who}/{self.label.id}"

    @property
    def is_told(self) -> bool:
        """Whether all is set that a call needs, and nobody has to look first."""
        return self.is_configured and self.who not in self.label.opt_outs_suspended

    @property
    def is_configured(self) -> bool:
        raise NotImplementedError

    def wants(self, kind: str, channel: str, *, by_platform: bool) -> bool:
        """Whether it is owed that; `by_platform` says that the platform itself has said so."""
        raise NotImplementedError

    def relays(self) -> "QuerySet[Relay]":
        return Relay.objects.filter(label=self.label.id, listener=self.who, gateway=None)

    def size(self, kind: str) -> int:
        return 1

    def may_repeat(self, kind: str) -> bool:
        return True

    def lookup(self, kind: str, relays: Sequence[Relay]) -> Callable[[Relay], Notice]:
        return notice_of

    def call(self, kind: str, relays: Sequence[Relay], items: Sequence[Any]) -> HttpCall:
        raise NotImplementedError

    def problem(self, answer: HttpAnswer) -> ProviderError | None:
        """Only what says that it will never do stops the telling: all else is tried again."""
        if is_success(answer):
            return None
        problem = problem_of(answer)
        if isinstance(problem, GatewayMisconfigured) or answer.status == HTTPStatus.GONE:
            return GatewayMisconfigured(said(answer))
        return GatewayUnavailable(said(answer), retry_after=asked_wait(answer))

    def secrets(self) -> Sequence[str]:
        raise NotImplementedError

    def stop(self, because: str) -> None:
        suspend(self.label.id, self.who, because)


class PlatformListener(LabelListener):
    """Is told what closes and opens addresses, but for what it has said itself."""

    __slots__ = ()
    who = RelayListener.PLATFORM

    @property
    def is_configured(self) -> bool:
        label = self.label
        return _is_set(label.opt_out_webhook_url) and _is_set(label.opt_out_webhook_secrets)

    def wants(self, kind: str, channel: str, *, by_platform: bool) -> bool:
        return self.is_configured and not by_platform

    def call(self, kind: str, relays: Sequence[Relay], items: Sequence[Any]) -> HttpCall:
        url, *secrets = self.secrets()
        return webhook_call(
            url, secrets, id=str(relays[0].pk), kind=kind, notice=items[0], now=database_now()
        )

    def secrets(self) -> list[str]:
        url, secrets = self.label.opt_out_webhook_url, self.label.opt_out_webhook_secrets
        return [url.reveal(), *secrets.reveal()] if url and secrets else []


class SmarticoListener(LabelListener):
    """Is told of opt-outs on the channels for which it has a flag."""

    __slots__ = ()
    who = RelayListener.SMARTICO

    @property
    def is_configured(self) -> bool:
        label = self.label
        is_set = _is_set(label.smartico_events_url) and _is_set(label.smartico_events_token)
        return label.tells_smartico_opt_outs and is_set

    def wants(self, kind: str, channel: str, *, by_platform: bool) -> bool:
        return self.is_configured and kind == RelayKind.OPT_OUT and channel in FLAGS

    def lookup(self, kind: str, relays: Sequence[Relay]) -> Callable[[Relay], Notice]:
        return _still_closed

    def call(self, kind: str, relays: Sequence[Relay], items: Sequence[Any]) -> HttpCall:
        url, token = self.secrets()
        prefix = self.label.user_ids.get("strip_prefix", "")
        return profile_call(url, token, id=relays[0].pk, notice=items[0], prefix=prefix)

    def secrets(self) -> list[str]:
        url, token = self.label.smartico_events_url, self.label.smartico_events_token
        return [url.reveal(), token.reveal()] if url and token else []


LISTENERS: tuple[type[LabelListener], ...] = (PlatformListener, SmarticoListener)


def listeners_of(label: LabelValues) -> Iterator[LabelListener]:
    """Both, configured or not."""
    return (kind(label=label) for kind in LISTENERS)


def _is_set(sealed: Personal | None) -> bool:
    return sealed is not None and opens(sealed)


def _still_closed(relay: Relay) -> Notice:
    told = relay.payload.reveal()
    if not is_suppressed(relay.label_id, told["channel"], told["index"]):
        raise NotNeeded("it was lifted since")
    notice = notice_of(relay)
    if not notice.ext_user_ids:
        raise NotNeeded("nobody who has this address may be named")
    return notice
