"""Plain values for tests of functions that read no database."""

from dataclasses import replace

from gateway_project.lib.personal import Personal
from gateway_project.lib.vocabulary import Channel
from gateways.values import GatewayValues, GuardValues


def gateway(number: int = 1, **changes) -> GatewayValues:
    plain = GatewayValues(
        id=number,
        label_id=1,
        slug=f"gateway-{number}",
        name=f"Gateway {number}",
        channel=Channel.SMS,
        provider="sandbox",
        brand_id=None,
        filters={},
        from_default="",
        from_allowed=(),
        reply_to_default="",
        reply_to_allowed=(),
        unknown_sender="default",
        rate_per_second=None,
        expires_after=None,
        on_unknown="park",
        is_draft=False,
        is_active=True,
        is_paused=False,
        is_at_fault=False,
        is_held_by_guard=False,
        guard=GuardValues(is_on=False, times=3.0, least=1_000, failure_share=0.5),
        config=None,
        token=Personal("token"),
        token_digest=str(number),
    )
    return replace(plain, **changes)
