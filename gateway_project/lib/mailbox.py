"""One well-formed mailbox, read strictly: what is not understood is refused, never dropped."""

import re
from dataclasses import dataclass

LOCAL = r"[A-Za-z0-9!#$%&'*+/=?^_`{|}~-]+(?:\.[A-Za-z0-9!#$%&'*+/=?^_`{|}~-]+)*"
DOMAIN_LABEL = re.compile(r"(?!-)[A-Za-z0-9-]{1,63}(?<!-)")
QUOTED_NAME = r'"(?P<quoted>(?:[^"\\]|\\.)*)"'
PLAIN_NAME = r"(?P<plain>[^<>\"@,;:\\()\[\]]*?)"
MAILBOX = re.compile(
    rf"(?:(?:{QUOTED_NAME}|{PLAIN_NAME})\s*<(?P<inner>[^<>\s]+)>|(?P<bare>[^<>\"\s]+))"
)
ADDRESS = re.compile(rf"(?P<local>{LOCAL})@(?P<domain>[^@\s]+)")
CONTROL = re.compile(r"[\x00-\x1f\x7f-\x9f\u2028\u2029\ud800-\udfff]")
LONGEST = 320


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
    """The address with its domain as ASCII; raises ValueError, without echo."""
    found = ADDRESS.fullmatch(text)
    if found is None or len(found["local"]) > 64:
        raise ValueError("not a well-formed address")
    domain = _ascii_domain(found["domain"])
    labels = domain.split(".")
    if len(labels) < 2 or not all(DOMAIN_LABEL.fullmatch(label) for label in labels):
        raise ValueError("not a well-formed address")
    return f"{found['local']}@{domain}"


def _ascii_domain(domain: str) -> str:
    if domain.isascii():
        return domain.lower()
    try:
        return domain.encode("idna").decode().lower()
    except UnicodeError:
        raise ValueError("not a well-formed address") from None
