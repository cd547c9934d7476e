"""RCS messages: the documents an operator writes, and what is made of them."""

import pytest

from gateways.providers.webex_rcs import problem_in_template, problem_of, rich

REPLY = {"type": "reply", "displayText": "Yes", "postbackData": "y"}
CARD = {"title": "One", "media": {"height": "SHORT", "url": "https://a.co/1.png", "fileSize": 9}}
GOOD = [
    {"type": "text", "text": "Hello", "suggestions": [REPLY] * 10},
    {"type": "media", "mediaContentUrl": "https://a.co/1.png", "fileSize": 1148279},
    {"type": "standalone", "richCard": CARD | {"suggestions": [REPLY] * 4}},
    {"type": "carousel", "width": "SMALL", "cards": [CARD, CARD | {"suggestions": [REPLY] * 2}]},
    {"type": "agentEvent", "event": "IS_TYPING"},
    {"type": "agentEvent", "event": "READ", "messageId": "m-1"},
    {
        "type": "text",
        "text": "Where",
        "suggestions": [
            {
                "type": "viewLocation",
                "displayText": "Office",
                "latitude": 43.6,
                "longitude": -79.3,
            },
            {"type": "shareLocation", "displayText": "Me"},
            {"type": "openUrl", "displayText": "Open", "url": "https://a.co"},
            {"type": "calendarEvent", "displayText": "Meet", "startTime": "2017-03-14T00:00:00Z"},
            {"type": "dialPhone", "displayText": "Call", "phone": "+14163688400"},
        ],
    },
]
BAD = [
    ("text", "object"),
    ([], "object"),
    ({}, "type"),
    ({"type": ["text"]}, "type"),
    ({"type": "poem"}, "type"),
    ({"type": "text"}, "needs text"),
    ({"type": "text", "text": "x" * 3073}, "3072"),
    ({"type": "text", "text": ["x"]}, "not a text"),
    ({"type": "text", "text": "x", "richCard": CARD}, "has no richCard"),
    ({"type": "text", "text": "x", "suggestions": [REPLY] * 11}, "10"),
    ({"type": "text", "text": "x", "suggestions": "y"}, "10"),
    ({"type": "text", "text": "x", "suggestions": [{"type": "shout"}]}, "type is one of"),
    ({"type": "text", "text": "x", "suggestions": [{"type": "reply"}]}, "displayText"),
    (
        {
            "type": "text",
            "text": "x",
            "suggestions": [{"type": "openUrl", "displayText": "x", "url": "javascript:alert(1)"}],
        },
        "https",
    ),
    ({"type": "media", "mediaContentUrl": "http://a.co/1.png"}, "https"),
    ({"type": "media", "mediaContentUrl": "https://a.co/1.png", "fileSize": 0}, "fileSize"),
    ({"type": "media", "mediaContentUrl": "https://a.co/1.png", "fileSize": True}, "fileSize"),
    ({"type": "standalone"}, "richCard"),
    ({"type": "standalone", "richCard": []}, "object"),
    ({"type": "standalone", "richCard": CARD | {"colour": "red"}}, "colour"),
    ({"type": "standalone", "richCard": CARD | {"media": {"url": "http://a.co"}}}, "https"),
    ({"type": "standalone", "richCard": CARD | {"suggestions": [REPLY] * 5}}, "4"),
    ({"type": "standalone", "richCard": CARD | {"orientation": "ASKEW"}}, "orientation"),
    ({"type": "carousel", "cards": [CARD]}, "width"),
    ({"type": "carousel", "width": "HUGE", "cards": [CARD]}, "width"),
    ({"type": "carousel", "width": "SMALL", "cards": CARD}, "list"),
    ({"type": "carousel", "width": "SMALL", "cards": [CARD | {"suggestions": [REPLY] * 3}]}, "2"),
    ({"type": "agentEvent", "event": "SLEEP"}, "event"),
    ({"type": "agentEvent", "event": "READ"}, "messageId"),
    ({"type": "agentEvent", "event": "IS_TYPING", "suggestions": [REPLY]}, "suggestions"),
]


@pytest.mark.parametrize("content", GOOD, ids=lambda content: content["type"])
def test_every_kind_of_message_is_good_as_documented(content):
    assert problem_of(content) is None
    assert problem_in_template(content) is None


@pytest.mark.parametrize(("content", "words"), BAD)
def test_what_is_wrong_is_said_of_a_message_and_of_a_document_for_one(content, words):
    assert words in problem_of(content)
    assert words in problem_in_template(content)


def test_a_placeholder_is_good_where_only_a_value_can_decide():
    document = {
        "type": "carousel",
        "width": "{{ extension.width }}",
        "cards": [
            {"media": {"url": "{{ extension.picture }}", "fileSize": "{{ extension.size }}"}}
        ],
    }

    assert problem_in_template(document) is None
    assert problem_of(document) is not None


def test_a_value_that_looks_like_a_placeholder_decides_nothing():
    document = {"type": "media", "mediaContentUrl": "{{ extension.picture }}"}
    made = rich(document, {"extension": {"picture": "{{ extension.picture }}"}})

    assert "https" in problem_of(made)


def test_what_has_no_value_is_left_out_with_its_frame():
    card = {
        "title": "{{ extension.second }}",
        "orientation": "VERTICAL",
        "media": {"height": "SHORT", "url": "{{ extension.picture }}"},
        "suggestions": [REPLY],
    }
    document = {"type": "carousel", "width": "SMALL", "cards": [CARD, card]}

    assert rich(document, {"extension": {}}) == document | {"cards": [CARD]}
    assert len(rich(document, {"extension": {"second": "Two"}})["cards"]) == 2


def test_a_message_of_which_nothing_is_left_is_not_good():
    document = {"type": "text", "text": "{{ extension.title }}"}

    assert "needs text" in problem_of(rich(document, {"extension": {}}))
