"""One well-formed mailbox, read strictly: what is not understood is refused, never dropped."""

import re
from dataclasses import dataclass

import idna

LOCAL = r"[A-Za-z0-9!#$%&'*+/=?^_`{|}~-]+(?:\.[A-Za-z0-9!#$%&'*+/=?^_`{|}~-]+)*"
DOMAIN_LABEL = r"[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?"
DOMAIN = re.compile(rf"(?:{DOMAIN_LABEL}\.)+(?![0-9]+$){DOMAIN_LABEL}")
QUOTED_NAME = r'"(?P<quoted>(?:[^"\\]|\\.)*)"'
PLAIN_NAME = r"(?P<plain>[^<>\"@,;:\\()\[\]]*?)"
MAILBOX = re.compile(
    rf"(?:(?:{QUOTED_NAME}|{PLAIN_NAME})\s*<(?P<inner>[^<>\s]+)>|(?P<bare>[^<>\"\s]+))"
)
ADDRESS = re.compile(rf"(?P<local>{LOCAL})@(?P<domain>[^@\s]+)")
CONTROL = re.compile(r"[\x00-\x1f\x7f-\x9f\u2028\u2029\ud800-\udfff]")
LONGEST = 320
LONGEST_LOCAL, LONGEST_ADDRESS = 64, 254


@dataclass(frozen=True, slots=True, kw_only=True)
class Mailbox:
    """`name` may be empty; the domain of `address` is ASCII."""

    name: str
    address: str


def parse_mailbox(text: str) -> Mailbox:
    """Reads `address`, `<address>`, `name <address>` or `"name" <address>` (RFC 5322, 3.4).

    Raises ValueError, without echo, for groups, lists, comments, control characters and the like.
    """
    found = MAILBOX.fullmatch(text.strip(" "))
    if found is None or CONTROL.search(text) or len(text) > LONGEST:
        raise ValueError("not one well-formed mailbox")
    quoted, plain = found["quoted"], found["plain"]
    name = re.sub(r"\\(.)", r"\1", quoted) if quoted is not None else (plain or "").strip()
    return Mailbox(name=name, address=parse_address(found["inner"] or found["bare"]))


def parse_address(text: str) -> str:
    """The address with its domain as ASCII in lower case; raises ValueError, without echo.

    Only the plain form (RFC 5321: Dot-string "@" Domain): no quotes, comments or address literals,
    no local part beyond ASCII, which few hosts take.
    """
    found = ADDRESS.fullmatch(text)
    if found is None or len(found["local"]) > LONGEST_LOCAL:
        raise ValueError("not a well-formed address")
    address = f"{found['local']}@{_ascii_domain(found['domain'])}"
    if len(address) > LONGEST_ADDRESS:
        raise ValueError("not a well-formed address")
    return address


def _ascii_domain(domain: str) -> str:
    """By IDNA 2008; the standard library's codec makes another host of some letters."""
    try:
        known = domain.lower() if domain.isascii() else idna.encode(domain, uts46=True).decode()
    except (idna.IDNAError, UnicodeError):
        known = ""
    if not DOMAIN.fullmatch(known):
        raise ValueError("not a well-formed address")
    return known
