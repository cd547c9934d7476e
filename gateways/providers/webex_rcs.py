"""RCS messages of Webex Connect: what they are made of, and what is wrong with one.

Source: "Send Message v2" (RCS channel). An operator writes a message as a JSON document with
placeholders; the same rules hold for the document and for what is made of it. What a message has no
value for is left out, and so is a card, a medium or a suggestion of which only the frame is left.
"""

from collections.abc import Iterable, Mapping
from typing import Any

from gateways.providers.https_urls import is_https_url
from gateways.providers.placeholders import Values, filled

TEXT_LIMIT = 3072
SUGGESTIONS, SUGGESTIONS_OF_CARD, SUGGESTIONS_IN_CAROUSEL = 10, 4, 2
SUGGESTION_TYPES = (
    *("reply", "viewLocation", "shareLocation"),
    *("openUrl", "calendarEvent", "dialPhone"),
)
NEEDS: Mapping[str, tuple[str, ...]] = {
    "text": ("text",),
    "media": ("mediaContentUrl",),
    "standalone": ("richCard",),
    "carousel": ("width", "cards"),
    "agentEvent": ("event",),
}
"""By type: what has to be there."""
MAY_HAVE: Mapping[str, frozenset[str]] = {
    "text": frozenset({"suggestions"}),
    "media": frozenset({"suggestions", "fileSize"}),
    "standalone": frozenset({"suggestions"}),
    "carousel": frozenset({"suggestions"}),
    "agentEvent": frozenset({"messageId"}),
}
CARD = frozenset(
    {"title", "description", "orientation", "thumbnailAlignment", "media", "suggestions"}
)
WORDS: Mapping[str, tuple[str, ...]] = {
    "width": ("SMALL", "MEDIUM"),
    "orientation": ("VERTICAL", "HORIZONTAL"),
    "height": ("SHORT", "MEDIUM", "TALL"),
    "event": ("IS_TYPING", "READ"),
}
FRAMES = (
    frozenset({"height", "fileSize"}),
    frozenset({"type", "postbackData"}),
    frozenset({"orientation", "thumbnailAlignment", "suggestions"}),
)
"""What a medium, a suggestion and a card are nothing but a frame with."""
NOTHING: tuple[object, ...] = (None, "", [], {})


class Open(str):
    """A text in a document with placeholders in it: what it will be, a message's values decide."""

    __slots__ = ()


def rich(template: Mapping[str, Any], values: Values) -> dict[str, Any]:
    """The message that the document and a message's values make. It is still to be checked."""
    made = filled(template, values)
    kept = {name: _kept(each) for name, each in made.items()}
    return {name: each for name, each in kept.items() if each not in NOTHING}


def problem_in_template(document: object) -> str | None:
    """What is wrong with a document for messages, whatever their values; None if it is good."""
    return problem_of(_opened(document))


def problem_of(content: object) -> str | None:
    """What is wrong with a message; None if it is good. Quotes nothing of it."""
    if not isinstance(content, Mapping):
        return "One JSON object is expected, with a type."
    kind = content.get("type")
    if not isinstance(kind, str) or kind not in NEEDS:
        return f"Its type is one of {', '.join(NEEDS)}."
    return next(iter(_problems(kind, content)), None)


def _problems(kind: str, content: Mapping[str, Any]) -> Iterable[str]:
    for name in NEEDS[kind]:
        if name not in content:
            yield f"The type {kind} needs {name}."
    if strange := content.keys() - {"type", *NEEDS[kind]} - MAY_HAVE[kind]:
        yield f"The type {kind} has no {', '.join(sorted(strange))}."
    yield from _texts(kind, content)
    yield from _words(content)
    yield from _suggestions(content, SUGGESTIONS)
    if kind == "standalone":
        yield from _card(content["richCard"], SUGGESTIONS_OF_CARD)
    if kind == "carousel":
        yield from _cards(content["cards"])
    if content.get("event") == "READ" and "messageId" not in content:
        yield "The event READ needs messageId."


def _texts(kind: str, content: Mapping[str, Any]) -> Iterable[str]:
    if kind == "text":
        text = content["text"]
        if not isinstance(text, str):
            yield "Its text is not a text."
        elif not _is_open(text) and len(text) > TEXT_LIMIT:
            yield f"The text is over {TEXT_LIMIT} characters."
    if kind == "media" and not _is_media_url(content["mediaContentUrl"]):
        yield "A mediaContentUrl begins with https://."
    yield from _size(content)


def _cards(cards: object) -> Iterable[str]:
    if not isinstance(cards, list):
        yield "The cards of a carousel are a list."
        return
    for card in cards:
        yield from _card(card, SUGGESTIONS_IN_CAROUSEL)


def _card(card: object, most: int) -> Iterable[str]:
    if not isinstance(card, Mapping):
        yield "A card is an object."
        return
    if strange := card.keys() - CARD:
        yield f"A card has no {', '.join(sorted(strange))}."
    yield from _words(card)
    yield from _suggestions(card, most)
    media = card.get("media", {"url": "https://media.example"})
    if not isinstance(media, Mapping) or not _is_media_url(media.get("url")):
        yield "The media of a card have a url that begins with https://."
        return
    yield from _words(media)
    yield from _size(media)


def _suggestions(part: Mapping[str, Any], most: int) -> Iterable[str]:
    suggestions = part.get("suggestions", [])
    if not isinstance(suggestions, list) or len(suggestions) > most:
        yield f"At most {most} suggestions are possible there, as a list."
        return
    for each in suggestions:
        if not isinstance(each, Mapping) or each.get("type") not in SUGGESTION_TYPES:
            yield f"A suggestion is an object whose type is one of {', '.join(SUGGESTION_TYPES)}."
        elif "displayText" not in each:
            yield "A suggestion needs displayText."
        elif each["type"] == "openUrl" and not _is_media_url(each.get("url")):
            yield "The url of a suggestion begins with https://."


def _words(part: Mapping[str, Any]) -> Iterable[str]:
    for name, words in WORDS.items():
        if name in part and part[name] not in words and not _is_open(part[name]):
            yield f"{name} is one of {', '.join(words)}."


def _size(part: Mapping[str, Any]) -> Iterable[str]:
    size = part.get("fileSize", 1)
    if not _is_open(size) and (type(size) is not int or size <= 0):
        yield "fileSize is a number of bytes above 0."


def _is_media_url(value: object) -> bool:
    return _is_open(value) or is_https_url(value)


def _is_open(value: object) -> bool:
    return isinstance(value, Open)


def _opened(document: Any) -> Any:
    if isinstance(document, Mapping):
        return {name: _opened(each) for name, each in document.items()}
    if isinstance(document, list):
        return [_opened(each) for each in document]
    return Open(document) if isinstance(document, str) and "{{" in document else document


def _kept(value: Any) -> Any:
    """The value without what is empty in it; nothing where only a frame is left."""
    if isinstance(value, Mapping):
        parts = {name: _kept(each) for name, each in value.items()}
        kept = {name: each for name, each in parts.items() if each not in NOTHING}
        return {} if any(kept.keys() <= frame for frame in FRAMES) else kept
    if isinstance(value, list):
        return [each for part in value if (each := _kept(part)) not in NOTHING]
    return value
