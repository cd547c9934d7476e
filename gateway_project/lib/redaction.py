"""Takes addresses, numbers and secrets out of texts that others wrote, in whatever disguise."""

import re
from collections.abc import Iterator, Sequence
from contextlib import suppress
from functools import lru_cache

import idna

from gateway_project.lib.crypto import Undecryptable
from gateway_project.lib.disguises import View, is_readable, plainer_views, views
from gateway_project.lib.personal import REDACTED, Personal

KEPT_LENGTH = 2_000
OVERLAP = 2_000
"""Looked at beyond what is kept, so that an address across the end is seen whole."""
LOOKED_AT = KEPT_LENGTH + OVERLAP
"""What it pays to hand over: who cuts a text before it is scrubbed may cut an address in two, and
half of one is not known any more."""
SHORTEST_SECRET = 4
NUMBER_TAIL = 7
"""Digits by which a number is known: its national form ends with them."""

GAP = r"[\s,;+'\"]{0,4}"
SPELLED = {"@": r"(?:@|\W?at\W?)", ".": r"(?:\.|\W?dot\W?)"}

NOT_ALPHANUMERIC = re.compile(r"[\W_]+")
NOT_A_DIGIT = re.compile(r"\D")
NOT_OF_A_NUMBER = re.compile(r"[^\d\s()+./-]")

TRUNK = "(0)"
I_WITHOUT_DOTS = {0x131: "i", 0x307: None}
"""The two letters of Turkish that are its i."""

WORD = r"\w.!#$%&'*+/=?^`{|}~-"
LOOKS_PERSONAL = (
    re.compile(rf"(?<![{WORD}])[{WORD}]++ ?@ ?[\w-]+(?:\.[\w-]+)*"),
    re.compile(r"\"[^\"\n]{1,64}\"@[\w.-]+"),
    re.compile(rf"(?<![{WORD}])[{WORD}]++\s?[(\[]at[)\]]\s?[\w-]+(?:\.[\w-]+)*", re.IGNORECASE),
    re.compile(r"\beyJ[\w-]+\.[\w-]+(?:\.[\w-]+)?"),
    re.compile(r"\b(?i:bearer|basic|apikey|token)[ :=]+(?=\S*(?:[0-9=]|[a-z][A-Z]))[\w.~+/=-]{6,}"),
)
AN_ID = re.compile(r"\b[0-9a-f]{8}-(?:[0-9a-f]{4}-){3}[0-9a-f]{12}\b", re.IGNORECASE)
MACHINE_MADE = re.compile(rf"\w{{0,4}}[-.:]?{AN_ID.pattern}", re.IGNORECASE | re.ASCII)
"""What providers call most messages. It wears no disguise but that of hexadecimal digits."""
LIKE_AN_ID = "x" * 36
"""As long, a word like it, and nothing in any disguise."""
LOOKS_LIKE_A_NUMBER = re.compile(
    # Dates, the codes of mail servers (RFC 3463) and amounts below ten millions are
    # passed over: nobody divides a number by a point before its last two digits and nowhere else.
    r"(?P<date>\b(?:19|20)\d\d-(?:0[1-9]|1[0-2])-(?:0[1-9]|[12]\d|3[01])(?!\d)"
    r"(?:[T ]\d\d:\d\d(?::\d\d(?:[.,]\d+)?)?(?:Z|[+-]\d\d:?\d\d)?)?)"
    r"|(?P<code>(?<![\w+(])(?P<kind>[245])\d\d[ -](?P=kind)\.[0-7]\.\d{1,2}(?![\d.-]))"
    r"|(?P<amount>(?<![\w+(.,/-])[1-9]\d{4,6}\.\d\d(?!\w|[ \t\xa0().,\-/]{1,3}\d))"
    r"|(?<![0-9A-Za-z])(?:\+|\(\+?)?\d(?:[ \t\xa0().\-/]{0,3}\d){6,}+(?![0-9A-Za-z])"
)
SLASH, EQUALS = r"(?:/|\\|%(?:25)*(?:2F|5C))", r"[\"']?\s*(?:=|:|%(?:25)*3D)\s*[\"']?"
SLASHES = rf"(?:{SLASH}\.{{0,2}}(?={SLASH}))*+{SLASH}"
"""However many, with the dots between them that mean nothing."""
PATH = r"[^\s?#&\"'<>,;)}\[\]]"
END = rf"(?:{SLASH}|\.)*(?!{PATH})"
CALLED = r"(?:webhooks?|status|opened|clicked|unsubscribe)"


def _written(name: str) -> str:
    """The name, any of its signs percent-encoded however often."""
    codes = (f"{ord(sign.lower()):02X}|{ord(sign.upper()):02X}" for sign in name)
    return "".join(
        rf"(?:{sign}|%(?:25)*(?:{code}))" for sign, code in zip(name, codes, strict=True)
    )


def _credential(*names: str, begin: str = "") -> re.Pattern[str]:
    """Whatever stands under these names, up to a raw end. An encoded `&` may belong to the value:
    it ends one only in a query that is encoded as a whole, as often as what begins the name."""
    name = f"(?:{'|'.join(map(_written, names))})"
    within = rf"%(?P<again>(?:25)*)(?:3F|26|3B){name}%(?P=again)3D"
    plain = rf"{begin}{name}{EQUALS}"
    value = r"(?(again)(?!%(?P=again)26))[^\s&#\"'<>]"
    return re.compile(rf"({within}|{plain})(?:{value})+", re.IGNORECASE)


URL_SECRETS = (
    # All that is below these paths, however it is spelled. What is called there may be told.
    *(
        re.compile(rf"({lead})\s{{0,3}}(?!HTTP/){PATH}*(?!{SLASH}){PATH}", re.IGNORECASE)
        for lead in (
            rf"{SLASH}(?:callbacks?(?:{SLASHES}{CALLED}(?={SLASH}))?|webhooks?)"
            rf"{SLASHES}(?!{CALLED}{END})",
            rf"{SLASH}platform{SLASHES}v1{SLASHES}users?{SLASHES}",
        )
    ),
    _credential("api_key", "api-key", "apikey", "ext_user_id", "password", "client_secret"),
    _credential("mark", begin=r"(?:[?&;]|%(?:25)*(?:3F|26|3B))"),
)


def scrub(text: str, *values: Personal | str, kept: int = KEPT_LENGTH) -> str:
    """The text without these values in any usual disguise, nor anything like an address or token.

    At most `kept` characters of it are kept. Values under four characters are not looked for. A
    whole UUID looks like nobody's address or number; a value that stands in one is found.
    """
    if not text:
        return text
    looked_at = text[: kept + OVERLAP]
    patterns = _patterns_near(looked_at, values)
    found = [*_found(looked_at, patterns), *_looking_personal(AN_ID.sub(LIKE_AN_ID, looked_at))]
    return _without(looked_at[:kept], sorted(span for span in found if span[0] < span[1]))[:kept]


def reveals(text: str, value: Personal | str) -> bool:
    """Whether this very value stands in the text, in any usual disguise."""
    patterns = _patterns(_plain(value))
    return any(pattern.search(view.text) for view in views(text) for pattern in patterns)


def is_part_of(value: Personal, *texts: str) -> bool:
    """Whether the value stands in one of the texts just as it is."""
    plain = _plain(value)
    return any(plain in text for text in texts)


def stands_in(value: Personal | str, text: str) -> bool:
    """`reveals`, with nothing to pay where no part of the value is near. False for a value that
    cannot be opened."""
    try:
        plain = _plain(value).strip()
    except Undecryptable:
        return False
    return _may_stand_in(plain, text) and reveals(text, plain)


def without(text: str, *values: Personal | str, replacement: str = REDACTED) -> str:
    """The text without these values in any usual disguise, and otherwise as it is."""
    patterns = tuple(pattern for value in values for pattern in _patterns(_plain(value)))
    spans = sorted(
        view.span(*match.span())
        for view in views(text)
        for pattern in patterns
        for match in pattern.finditer(view.text)
        if match[0]
    )
    return _without(text, spans, replacement)


def mask_urls(text: str) -> str:
    """The text without the credentials and user ids that URLs of ours carry."""
    for pattern in URL_SECRETS:
        text = pattern.sub(rf"\1{REDACTED}", text)
    return text


def _found(text: str, patterns: Sequence[re.Pattern[str]]) -> Iterator[tuple[int, int]]:
    for view in views(text) if patterns else ():
        yield from _found_in(view, patterns)


def _looking_personal(text: str) -> Iterator[tuple[int, int]]:
    harmless = _harmless(text)
    for view in views(text):
        yield from _found_in(view, (*LOOKS_PERSONAL, *URL_SECRETS))
        yield from _numbers(view, harmless)


def _found_in(view: View, patterns: Sequence[re.Pattern[str]]) -> Iterator[tuple[int, int]]:
    for pattern in patterns:
        for match in pattern.finditer(view.text):
            yield view.span(*match.span())


def _harmless(text: str) -> list[tuple[int, int]]:
    matches = LOOKS_LIKE_A_NUMBER.finditer(text)
    return [match.span() for match in matches if match.lastgroup]


def _numbers(view: View, harmless: list[tuple[int, int]]) -> Iterator[tuple[int, int]]:
    """What looks like a number in this view, but for what is harmless as it is written."""
    for match in LOOKS_LIKE_A_NUMBER.finditer(view.text):
        start, end = view.span(*match.span())
        is_harmless = any(first <= start and end <= last for first, last in harmless)
        if not (match.lastgroup or is_harmless):
            yield start, end


def _patterns_near(text: str, values: Sequence[Personal | str]) -> tuple[re.Pattern[str], ...]:
    """What to look for in the text. A pattern is costly: none is made where no part of its value
    is near."""
    near = (plain for plain in map(_plain, values) if _may_stand_in(plain.strip(), text))
    return tuple(pattern for plain in near for pattern in _patterns(plain))


def _may_stand_in(plain: str, text: str) -> bool:
    """A cheap no for nearly every text: the value's most telling part is in none of its views."""
    runs = NOT_ALPHANUMERIC.split(plain.rpartition("@")[0] or plain)
    part = _number(plain)[-NUMBER_TAIL:] or max(runs, key=len)
    forth, back = _alike(part), _alike(part[::-1])
    return any(forth in view or back in view for view in _bare_views(text))


@lru_cache(maxsize=1024)
def _bare_views(text: str) -> tuple[str, ...]:
    """What letters and digits remain of each view, and once more without what some write into a
    number. Kept, since the same URLs come again."""
    is_known = MACHINE_MADE.fullmatch(text) and not is_readable(bytes.fromhex(_hex_of_id(text)))
    texts = [text] if is_known else [view.text for view in plainer_views(text)]
    texts += [view.replace(TRUNK, "") for view in texts if TRUNK in view]
    return tuple(_alike(NOT_ALPHANUMERIC.sub("", view)) for view in texts)


def _hex_of_id(text: str) -> str:
    """The digits of the id that ends it."""
    return text[-len(LIKE_AN_ID) :].replace("-", "")


def _alike(letters: str) -> str:
    """Alike for all that a search takes for the same which does not care for upper and lower
    case: that is more than `casefold` does."""
    folded = letters.casefold()
    return folded if folded.isascii() else folded.translate(I_WITHOUT_DOTS)


def _without(text: str, spans: list[tuple[int, int]], replacement: str = REDACTED) -> str:
    """The text with these stretches of it, which may overlap and reach beyond it, replaced."""
    rest: list[str] = []
    end = 0
    for start, until in spans:
        if start >= len(text):
            break
        if start > end or not rest:
            rest.extend((text[end:start], replacement))
        end = max(end, until)
    return "".join((*rest, text[end:]))


def _plain(value: Personal | str) -> str:
    return str(value.reveal()) if isinstance(value, Personal) else value


def _patterns(value: str) -> tuple[re.Pattern[str], ...]:
    """What to look for: an address, a number or any other secret."""
    value = value.strip()
    if digits := _number(value):
        return (_number_pattern(digits),)
    if re.fullmatch(r".+@.+", value):
        return _email_patterns(value)
    return (re.compile(re.escape(value), re.IGNORECASE),) if len(value) >= SHORTEST_SECRET else ()


def _number(value: str) -> str:
    """The digits of a phone number; empty where the value is none."""
    digits = NOT_A_DIGIT.sub("", value)
    return digits if len(digits) >= NUMBER_TAIL and not NOT_OF_A_NUMBER.search(value) else ""


def _number_pattern(digits: str) -> re.Pattern[str]:
    """The number's last digits in any spacing, with as much before them as is there."""
    gap = r"[^0-9A-Za-z]{0,4}(?:\(0\)[^0-9A-Za-z]{0,2})?"
    lead = "".join(f"(?:{digit}{gap})?" for digit in digits[:-NUMBER_TAIL])
    return re.compile(rf"(?:\+|00)?{lead}" + gap.join(digits[-NUMBER_TAIL:]))


def _email_patterns(address: str) -> tuple[re.Pattern[str], ...]:
    """The address, also with gaps in it or its signs spelled out, and its local part alone."""
    local, _, domain = address.rpartition("@")
    domains = "|".join(_spelled(spelling) for spelling in _spellings(domain))
    whole = f"{_spelled(local + '@')}{GAP}(?:{domains})"
    alone = rf"(?<!\w){re.escape(local)}(?!\w)"
    shapes = [whole, alone] if len(local) >= SHORTEST_SECRET else [whole]
    return tuple(re.compile(shape, re.IGNORECASE) for shape in shapes)


def _spelled(part: str) -> str:
    return GAP.join(SPELLED.get(character) or re.escape(character) for character in part)


def _spellings(domain: str) -> set[str]:
    """The domain as it is given, in ASCII and in its own letters."""
    found = {domain}
    for change in (idna.encode, idna.decode):
        with suppress(UnicodeError):
            spelling = change(domain.lower())
            found.add(spelling if isinstance(spelling, str) else spelling.decode())
    return found
