"""Questions to a provider: what became of these tries, by its own ids or by ours."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from typing import Protocol

from gateway_project.lib.http import HttpAnswer, HttpCall
from gateways.providers.base import Findings, HttpProvider
from gateways.values import GatewayValues
from messages_app.models import SendAttempt
from messages_app.outcomes import TAKEN, UNKNOWN


class Way(Protocol):
    """How tries with this outcome are asked about."""

    outcome: str

    def size(self, provider: HttpProvider, gateway: GatewayValues) -> int:
        """Most tries in one question; 0 where there is no such way."""

    def call(self, question: "Question") -> HttpCall: ...

    def findings(self, question: "Question", answer: HttpAnswer) -> Findings:
        """What is said of those that were asked about, and of no others. Raises a ProviderError
        where nothing can be learnt."""


@dataclass(slots=True, kw_only=True, eq=False)
class Question:
    """The tries that one call asks about."""

    gateway: GatewayValues
    provider: HttpProvider
    way: Way
    attempts: list[SendAttempt]

    @property
    def ids(self) -> list[int]:
        return [attempt.pk for attempt in self.attempts]

    @property
    def provider_ids(self) -> list[str]:
        return [attempt.provider_id for attempt in self.attempts]

    @property
    def message_ids(self) -> list[str]:
        return [str(attempt.message_id) for attempt in self.attempts]

    def about(self, attempts: list[SendAttempt]) -> "Question":
        """The same question about some of them."""
        return Question(
            gateway=self.gateway, provider=self.provider, way=self.way, attempts=attempts
        )


class ByTheirId:
    """What the provider took, and has an id of its own for."""

    outcome = TAKEN

    def size(self, provider: HttpProvider, gateway: GatewayValues) -> int:
        return provider.poll_size

    def call(self, question: Question) -> HttpCall:
        return question.provider.status_call(question.provider_ids)

    def findings(self, question: Question, answer: HttpAnswer) -> Findings:
        asked = set(question.provider_ids)
        updates = question.provider.statuses(answer)
        return Findings(updates=tuple(each for each in updates if each.provider_id in asked))


class ByOurId:
    """What it may have taken or not, since no answer came."""

    outcome = UNKNOWN

    def size(self, provider: HttpProvider, gateway: GatewayValues) -> int:
        return provider.lookup_size(gateway.channel)

    def call(self, question: Question) -> HttpCall:
        return question.provider.lookup_call(question.gateway.channel, question.message_ids)

    def findings(self, question: Question, answer: HttpAnswer) -> Findings:
        asked = set(question.message_ids)
        found = question.provider.found(question.message_ids, answer)
        return Findings(
            updates=tuple(each for each in found.updates if each.message_id in asked),
            never_taken=found.never_taken & asked,
        )


WAYS: Sequence[Way] = (ByTheirId(), ByOurId())


def ways_of(provider: object, gateway: GatewayValues) -> Collection[Way]:
    """Those that this provider answers on the gateway's channel."""
    if not isinstance(provider, HttpProvider):
        return ()
    return [way for way in WAYS if way.size(provider, gateway) > 0]


def can_be_asked(provider: object, gateway: GatewayValues, outcome: str) -> bool:
    """Whether a try that ended so can be asked about."""
    return any(way.outcome == outcome for way in ways_of(provider, gateway))
