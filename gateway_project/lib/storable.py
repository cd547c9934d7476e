"""Text from outside that a column must be able to hold."""

import re

UNSTORABLE = re.compile("[\\x00\\ud800-\\udfff]")


def storable(text: str) -> str:
    """The text with U+FFFD for what no column holds: NUL and halves of surrogate pairs."""
    return UNSTORABLE.sub("\ufffd", text)
