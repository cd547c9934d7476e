"""Takes addresses, numbers and secrets out of texts that others wrote, in whatever disguise."""

import re
from collections.abc import Iterator

from gateway_project.lib.disguises import View, views
from gateway_project.lib.personal import REDACTED, Personal

KEPT_LENGTH = 2_000
OVERLAP = 2_000
"""Looked at beyond what is kept, so that an address across the end is seen whole."""
SHORTEST_SECRET = 4
NUMBER_TAIL = 7
"""Digits by which a number is known: its national form ends with them."""

WORD = r"\w.!#$%&'*+/=?^`{|}~-"
LOOKS_PERSONAL = (
    re.compile(rf"(?<![{WORD}])[{WORD}]++ ?@ ?[\w-]+(?:\.[\w-]+)*"),
    re.compile(r"\"[^\"\n]{1,64}\"@[\w.-]+"),
    re.compile(rf"(?<![{WORD}])[{WORD}]++\s?[(\[]at[)\]]\s?[\w-]+(?:\.[\w-]+)*", re.IGNORECASE),
    re.compile(r"\beyJ[\w-]+\.[\w-]+(?:\.[\w-]+)?"),
    re.compile(r"\b(?i:bearer|basic|apikey|token)[ :=]+(?=\S*(?:[0-9=]|[a-z][A-Z]))[\w.~+/=-]{6,}"),
)
LOOKS_LIKE_A_NUMBER = re.compile(
    # Ids of ours and dates are passed over.
    r"(?P<id>\b[0-9a-f]{8}-(?:[0-9a-f]{4}-){3}[0-9a-f]{12}\b)"
    r"|(?P<date>\b(?:19|20)\d\d-(?:0[1-9]|1[0-2])-(?:0[1-9]|[12]\d|3[01])(?!\d)"
    r"(?:[T ]\d\d:\d\d(?::\d\d(?:[.,]\d+)?)?(?:Z|[+-]\d\d:?\d\d)?)?)"
    r"|(?<![0-9A-Za-z])(?:\+|\(\+?)?\d(?:[ \t\xa0().\-/]{0,3}\d){6,}+(?![0-9A-Za-z])"
)
SLASH, EQUALS = r"(?:/|%2F)", r"[\"']?\s*(?:=|:|%3D)\s*[\"']?"
URL_SECRETS = tuple(
    re.compile(rf"({lead})(?:(?!%2[36F])[^\s/?#&\"'<>,;)}}\[\]])+", re.IGNORECASE)
    for lead in (
        rf"{SLASH}callbacks{SLASH}(?:webhooks|status|opened|clicked|unsubscribe){SLASH}",
        rf"{SLASH}platform{SLASH}v1{SLASH}users{SLASH}",
        rf"api[_-]?key{EQUALS}",
        rf"(?:ext_user_id|password|client_secret){EQUALS}",
    )
)


def scrub(text: str, *values: Personal | str, kept: int = KEPT_LENGTH) -> str:
    """The text without these values in any usual disguise, nor anything like an address or token.

    At most `kept` characters of it are kept. Values under four characters are not looked for.
    """
    if not text:
        return text
    looked_at = text[: kept + OVERLAP]
    patterns = tuple(pattern for value in values for pattern in _patterns(_plain(value)))
    harmless = _ids_and_dates(looked_at)
    found = sorted(
        span
        for view in views(looked_at)
        for span in (*_found(view, patterns), *_numbers(view, harmless))
        if span[0] < span[1]
    )
    return _without(looked_at[:kept], found)[:kept]


def reveals(text: str, value: Personal | str) -> bool:
    """Whether this very value stands in the text, in any usual disguise."""
    patterns = _patterns(_plain(value))
    return any(pattern.search(view.text) for view in views(text) for pattern in patterns)


def mask_urls(text: str) -> str:
    """The text without the credentials and user ids that URLs of ours carry."""
    for pattern in URL_SECRETS:
        text = pattern.sub(rf"\1{REDACTED}", text)
    return text


def _found(view: View, patterns: tuple[re.Pattern[str], ...]) -> Iterator[tuple[int, int]]:
    for pattern in (*patterns, *LOOKS_PERSONAL, *URL_SECRETS):
        for match in pattern.finditer(view.text):
            yield view.span(*match.span())


def _ids_and_dates(text: str) -> list[tuple[int, int]]:
    matches = LOOKS_LIKE_A_NUMBER.finditer(text)
    return [match.span() for match in matches if match["id"] or match["date"]]


def _numbers(view: View, harmless: list[tuple[int, int]]) -> Iterator[tuple[int, int]]:
    """What looks like a number in this view, but for an id or a date read in another way."""
    for match in LOOKS_LIKE_A_NUMBER.finditer(view.text):
        start, end = view.span(*match.span())
        is_harmless = any(first <= start and end <= last for first, last in harmless)
        if not (match["id"] or match["date"] or is_harmless):
            yield start, end


def _without(text: str, spans: list[tuple[int, int]]) -> str:
    """The text with these stretches of it, which may overlap and reach beyond it, replaced."""
    rest: list[str] = []
    end = 0
    for start, until in spans:
        if start >= len(text):
            break
        if start > end or not rest:
            rest.extend((text[end:start], REDACTED))
        end = max(end, until)
    return "".join((*rest, text[end:]))


def _plain(value: Personal | str) -> str:
    return str(value.reveal()) if isinstance(value, Personal) else value


def _patterns(value: str) -> tuple[re.Pattern[str], ...]:
    """What to look for: an address, a number or any other secret."""
    value = value.strip()
    digits = re.sub(r"\D", "", value)
    if len(digits) >= NUMBER_TAIL and not re.search(r"[^\d\s()+./-]", value):
        return (_number_pattern(digits),)
    if re.fullmatch(r".+@.+", value):
        return _email_patterns(value)
    return (re.compile(re.escape(value), re.IGNORECASE),) if len(value) >= SHORTEST_SECRET else ()


def _number_pattern(digits: str) -> re.Pattern[str]:
    """The number's last digits in any spacing, with as much before them as is there."""
    gap = r"[^0-9A-Za-z]{0,3}(?:\(0\)[^0-9A-Za-z]{0,2})?"
    lead = "".join(f"(?:{digit}{gap})?" for digit in digits[:-NUMBER_TAIL])
    return re.compile(rf"(?:\+|00)?{lead}" + gap.join(digits[-NUMBER_TAIL:]))


def _email_patterns(address: str) -> tuple[re.Pattern[str], ...]:
    """The address, also with gaps in it or its signs spelled out, and its local part alone."""
    local = address.rpartition("@")[0]
    spelled = {"@": r"(?:@|\W?at\W?)", ".": r"(?:\.|\W?dot\W?)"}
    whole = r"\s{0,3}".join(spelled.get(character) or re.escape(character) for character in address)
    alone = rf"(?<!\w){re.escape(local)}(?!\w)"
    shapes = [whole, alone] if len(local) >= SHORTEST_SECRET else [whole]
    return tuple(re.compile(shape, re.IGNORECASE) for shape in shapes)
