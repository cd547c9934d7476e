"""What a person may do to messages: on a message's page, and to many in the list."""

from collections.abc import Callable
from typing import Any

from django.db.models import Exists, OuterRef
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import reverse

from callbacks.models import CallbackDelivery, Settlement
from callbacks.replaying import replay
from gateway_project.lib.confirming import confirmed_action
from gateways.admin.deeds import do, do_at_length
from gateways.models import Action
from messages_app.models import Message, State
from messages_app.parked import count_as_sent, parked, send_again
from messages_app.resending import ENDED, Messages, resend, resendable, retry, waiting

RESEND, REPLAY = "messages_app.resend_message", "callbacks.replay_callbackdelivery"
PAGE = "admin:messages_app_message_change"
Do = Callable[[Any, Action, Messages, Callable[[Messages], int]], int]


def with_settled_callbacks(messages: Messages) -> Messages:
    """Those of which Smartico was told something, or would not hear it."""
    settled = CallbackDelivery.objects.exclude(settlement=Settlement.OWED)
    return messages.filter(Exists(settled.filter(message=OuterRef("pk"))))


def replay_callbacks(messages: Messages) -> int:
    """Owes all that was settled of these messages again; answers how many statuses."""
    return replay(CallbackDelivery.objects.filter(message__in=messages.order_by().values("pk")))


class Deeds:
    """Actions of the page of messages. Each is asked back first and written down."""

    actions = ("retry", "resend", "replay", "count_as_sent", "send_again")

    def has_resend_permission(self, request: HttpRequest) -> bool:
        return request.user.has_perm(RESEND)

    def has_replay_permission(self, request: HttpRequest) -> bool:
        return request.user.has_perm(REPLAY)

    @confirmed_action(
        description="Retry now",
        permission="resend",
        question="{count} messages wait for a later try. They become due now.",
        narrow=waiting,
    )
    def retry(self, request: HttpRequest, messages: Messages) -> HttpResponse | None:
        return self._do(request, Action.RETRIED, messages, retry, "{} messages are due now.")

    @confirmed_action(
        description="Resend",
        permission="resend",
        question=(
            "{count} messages failed or were rejected. The same messages, with their ids, are "
            "queued again and have all their time and tries anew. Left out are those that had "
            "reached the person, that go to a suppressed address, and whose content or end user "
            "is gone."
        ),
        narrow=resendable,
    )
    def resend(self, request: HttpRequest, messages: Messages) -> HttpResponse | None:
        return self._do(request, Action.RESENT, messages, resend, "{} messages are queued again.")

    @confirmed_action(
        description="Replay callbacks",
        permission="replay",
        question=(
            "Of {count} messages Smartico is told again whatever it was told before: the same "
            "statuses, in the same order."
        ),
        narrow=with_settled_callbacks,
    )
    def replay(self, request: HttpRequest, messages: Messages) -> HttpResponse | None:
        told = "{} statuses are owed again."
        return self._do(request, Action.REPLAYED, messages, replay_callbacks, told, do=do_at_length)

    @confirmed_action(
        description="Count as sent",
        permission="resend",
        question=(
            "Of {count} messages nobody knows whether the provider has them. They count as sent, "
            "and Smartico is told that they were accepted."
        ),
        narrow=parked,
    )
    def count_as_sent(self, request: HttpRequest, messages: Messages) -> HttpResponse | None:
        told = "{} messages count as sent."
        return self._do(request, Action.SETTLED, messages, count_as_sent, told)

    @confirmed_action(
        description="Send again",
        permission="resend",
        question=(
            "Of {count} messages nobody knows whether the provider has them. They are queued "
            "again: people may get them twice."
        ),
        narrow=parked,
    )
    def send_again(self, request: HttpRequest, messages: Messages) -> HttpResponse | None:
        return self._do(
            request, Action.SETTLED, messages, send_again, "{} messages are queued again."
        )

    def _do(
        self,
        request: HttpRequest,
        action: Action,
        messages: Messages,
        act: Callable[[Messages], int],
        told: str,
        do: Do = do,
    ) -> HttpResponse | None:
        """Does it, says so, and leads back: to the message's page where it was a single one."""
        chosen = list(messages.values_list("pk", flat=True)[:2])
        count = do(request.user, action, messages, act)
        self.message_user(request, told.format(f"{count:,}"))  # type: ignore[attr-defined]
        return redirect(reverse(PAGE, args=chosen)) if len(chosen) == 1 else None


def possible(message: Message, *, is_settled_with_smartico: bool) -> list[str]:
    """The names of the deeds that would do anything to this message."""
    only = Message.objects.filter(pk=message.pk)
    is_parked = message.state == State.UNKNOWN
    can = {
        "retry": message.state == State.QUEUED and waiting(only).exists(),
        "resend": message.state in ENDED and resendable(only).exists(),
        "replay": is_settled_with_smartico,
        "count_as_sent": is_parked,
        "send_again": is_parked,
    }
    return [name for name in Deeds.actions if can[name]]
