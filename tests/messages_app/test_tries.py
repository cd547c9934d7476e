"""What is written and said of a provider's words."""

import logging

import pytest

from gateway_project.lib.draining import run
from gateway_project.lib.vocabulary import Channel
from gateways.circuits import FAILURES_TO_OPEN
from gateways.models import Breaker, Gateway
from messages_app.models import SendAttempt
from tests.factories import EndUserFactory, GatewayFactory, MessageFactory
from tests.peers import Answer, http_peer

pytestmark = pytest.mark.django_db(transaction=True)
FROM_SMARTICO, OF_THE_PLATFORM = "amazing:hhu234556", "hhu234556"


def drained(status: int, words: str, ext_user_id: str, count: int = 1) -> None:
    """So many messages for that user to a notification centre that answers them all so."""
    with http_peer(lambda asked: Answer(status=status, body=words)) as peer:
        gateway = GatewayFactory(
            channel=Channel.CUSTOM_IM, provider="custom_im_http", config={"url": peer.url}
        )
        user = EndUserFactory(label=gateway.label, ext_user_id=OF_THE_PLATFORM)
        for _ in range(count):
            MessageFactory(
                **{"label": gateway.label, "gateway": gateway, "channel": gateway.channel},
                end_user=user,
                content={"ext_user_id": ext_user_id, "body": "Best offer ever"},
            )
        run("send", str(gateway.pk), linger=0)


@pytest.mark.parametrize(
    ("status", "logged"), [(401, "is paused: HTTP 401"), (503, "nothing is sent: HTTP 503")]
)
@pytest.mark.parametrize("named", [FROM_SMARTICO, OF_THE_PLATFORM, OF_THE_PLATFORM.upper()])
def test_a_user_s_id_in_a_provider_s_words_reaches_no_log_and_no_reason(
    caplog, status, logged, named
):
    caplog.set_level(logging.DEBUG)

    drained(status, f"user {named} not allowed", FROM_SMARTICO, count=FAILURES_TO_OPEN)

    kept = [
        *SendAttempt.objects.values_list("detail", flat=True),
        *Gateway.objects.values_list("paused_because", flat=True),
        *Breaker.objects.values_list("reason", flat=True),
    ]
    assert logged in caplog.text
    assert "234556" not in caplog.text.lower()
    assert any("not allowed" in text for text in kept)
    assert not any("hhu" in text.lower() for text in kept)


def test_an_id_of_a_few_letters_takes_none_out_of_the_words(caplog):
    drained(401, "not allowed to you", "to")

    assert Gateway.objects.get().paused_because == "HTTP 401: not allowed to you"
