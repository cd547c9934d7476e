"""What follows from a try."""

import pytest

from gateways.configuration import LOOK_EVERY_SECONDS
from gateways.providers.base import (
    GatewayMisconfigured,
    GatewayUnavailable,
    MessageRejected,
    OutcomeUnknown,
    SendResult,
)
from messages_app.outcomes import SEND_SCHEDULE, Next, decide


def after(result, *, attempts=1, idempotent=False, on_unknown="park", has_next_gateway=False):
    return decide(
        result,
        attempts=attempts,
        idempotent=idempotent,
        on_unknown=on_unknown,
        has_next_gateway=has_next_gateway,
    )


@pytest.mark.parametrize(
    ("result", "options", "next_"),
    [
        (SendResult(), {}, Next.SENT),
        (MessageRejected("no"), {"has_next_gateway": True}, Next.END),
        (GatewayUnavailable("busy"), {}, Next.WAIT),
        (GatewayUnavailable("busy"), {"has_next_gateway": True}, Next.MOVE),
        (GatewayMisconfigured("key"), {}, Next.WAIT),
        (GatewayMisconfigured("key"), {"has_next_gateway": True}, Next.MOVE),
        (OutcomeUnknown("?"), {"has_next_gateway": True}, Next.PARK),
        (OutcomeUnknown("?"), {"idempotent": True}, Next.WAIT),
        (OutcomeUnknown("?"), {"on_unknown": "repeat"}, Next.WAIT),
        (OutcomeUnknown("?"), {"on_unknown": "fail"}, Next.END),
    ],
)
def test_each_outcome_has_its_next_step(result, options, next_):
    assert after(result, **options).next == next_


def test_pauses_grow_and_what_the_provider_asks_for_stands_beside_them():
    waits = [after(GatewayUnavailable("x"), attempts=n).wait for n in (1, 4, 9)]
    assert waits == sorted(waits)
    asked = after(GatewayUnavailable("x", retry_after=3000))
    assert (asked.wait < 5, asked.rest) == (True, 3000)


def test_out_of_tries_is_a_failure_that_says_so():
    decision = after(GatewayUnavailable("busy"), attempts=len(SEND_SCHEDULE) + 1)
    assert (decision.next, decision.status) == (Next.END, "failed")
    assert "out of tries" in decision.detail


def test_what_a_misconfigured_gateway_claimed_stays_away_until_every_worker_sees_its_pause():
    assert after(GatewayMisconfigured("key")).wait > LOOK_EVERY_SECONDS
