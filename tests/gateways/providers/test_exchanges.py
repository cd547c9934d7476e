"""What every provider behind HTTP is posted, whole, and what is made of its answer."""

import pytest

from gateway_project.lib.vocabulary import Channel
from tests.gateways.providers.canaries import MESSAGE_ID
from tests.gateways.providers.examples import ROADS_OVER_HTTP
from tests.gateways.providers.exchanges import (
    GENERATED,
    comparable,
    exchanges,
    unsubscribe_tokens,
)

OF_ONE_S_OWN = {"http_api"}
"""What stands in its body is the operator's."""

every_exchange = pytest.mark.parametrize("recorded", exchanges(), ids=lambda each: each.name)


@every_exchange
def test_a_message_arrives_as_its_file_has_it_and_the_answer_is_believed(recorded):
    result, asked = recorded.performed()

    is_generated = recorded.provider_id == GENERATED
    generated = result.provider_id if is_generated else ""
    assert comparable(asked, generated) == recorded.request
    assert bool(result.provider_id) if is_generated else result.provider_id == recorded.provider_id


@every_exchange
def test_a_request_names_our_message_wherever_the_provider_has_room_for_it(recorded):
    _, asked = recorded.performed()

    is_listed = bool(recorded.config.get("list_unsubscribe"))
    assert unsubscribe_tokens(asked) == ({MESSAGE_ID} if is_listed else set())
    assert (MESSAGE_ID in str(comparable(asked))) != (recorded.slug == "mailersend")


@every_exchange
def test_an_exchange_names_the_document_that_it_follows(recorded):
    assert recorded.source


def test_every_road_to_whatsapp_is_tried_with_a_text_of_several_lines():
    roads = {slug for slug, channel in ROADS_OVER_HTTP if channel == Channel.WHATSAPP}
    tried = {
        each.slug
        for each in exchanges()
        if each.channel == Channel.WHATSAPP and "\n" in each.message.get("text", "")
    }

    assert tried == roads - OF_ONE_S_OWN


def test_there_is_an_exchange_for_every_channel_of_every_provider_behind_http():
    assert set(ROADS_OVER_HTTP) == {(each.slug, each.channel) for each in exchanges()}
