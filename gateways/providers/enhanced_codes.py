"""The enhanced codes in the words of mail servers (RFC 3463)."""

import re

ADDRESS_AT_FAULT = frozenset({"5.1.1", "5.1.2", "5.1.3", "5.1.6", "5.1.10"})
"""RFC 3463, 3.2, and RFC 7505: no such mailbox or domain, bad syntax, moved away, takes no mail.
(5.1.0 is said of anything, 5.1.4 of an ambiguous address, 5.1.7 and 5.1.8 of the sender's.)"""
ENHANCED = re.compile(r"(?<![\d.])([245]\.(?!0\.0(?!\d))\d{1,3}\.\d{1,3})(?![\d.]*\d)")
"""A code that says something: Exim writes 5.0.0 and leaves the reason to the diagnostic."""


def enhanced_code(words: str) -> str | None:
    """The first code in what a server said; None where there is none."""
    found = ENHANCED.search(words)
    return found[1] if found else None


def is_address_at_fault(words: str) -> bool:
    """Whether they say that the recipient's address will never take a mail."""
    return enhanced_code(words) in ADDRESS_AT_FAULT
