import pytest

from gateways.providers.registry import build
from gateways.providers.stops import STOP_WORDS, says_stop
from tests.gateways.providers.examples import CONFIGS
from tests.gateways.providers.webhooks import posted

ANSWERS = {
    "infobip": '{"results": [{"receivedAt": "2026-11-21T07:00:00.000+0000", "text": "%s", '
    '"from": "4915112345678"}]}',
    "meta_whatsapp": '{"entry": [{"changes": [{"value": {"messages": [{"from": "4915112345678", '
    '"text": {"body": "%s"}}]}}]}]}',
    "twilio": "SmsStatus=received&From=%%2B4915112345678&Body=%s",
    "vonage": '{"message_type": "text", "from": "4915112345678", "text": "%s"}',
}


@pytest.mark.parametrize(
    "text", ["STOP", " stop. ", "Stop All", "unsubscribe", "Stop!\n", "Cancel", "QUIT", "OptOut"]
)
def test_a_word_to_opt_out_by_is_understood_however_it_is_written(text):
    assert says_stop(text)


@pytest.mark.parametrize(
    "text", ["don't stop", "stop it", "the end", "", "stopp", None, 7, ["stop"], "stop" + " " * 99]
)
def test_anything_else_is_conversation(text):
    assert not says_stop(text)


@pytest.mark.parametrize("slug", ANSWERS)
@pytest.mark.parametrize("word", sorted(STOP_WORDS - {"stop all"}))
def test_every_provider_that_hears_people_understands_the_same_words(slug, word):
    request = posted(slug, (ANSWERS[slug] % f"{word.title()}.").encode())

    (update,) = build(slug, CONFIGS[slug]).parse_webhook(request)

    assert update.status == "unsubscribed"
    assert update.recipient.reveal() == "+4915112345678"
