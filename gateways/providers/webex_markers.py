"""Variables of Webex Connect, `$(name)` and `${name}`: nothing of ours is ever expanded.

Source: "Send Message v2". What becomes of a variable without a substitution is not documented, nor
whether a substituted text is looked through again. So what leaves holds no marker at all: in HTML
the dollar sign is written as a character reference, and a plain text with a marker is refused.
"""

import re
from collections.abc import Mapping

MARKER = re.compile(r"\$(?=[({])")
RAW_ELEMENT = re.compile(r"<(script|style)\b.*?(?:</\1\b|\Z)", re.IGNORECASE | re.DOTALL)
PROBLEM = "$( or ${, which Webex Connect takes for a variable"


def holds_marker(value: object) -> bool:
    """Whether a text, or any text within a list or an object, could be expanded."""
    if isinstance(value, Mapping):
        return any(holds_marker(each) for each in (*value, *value.values()))
    if isinstance(value, list):
        return any(map(holds_marker, value))
    return isinstance(value, str) and MARKER.search(value) is not None


def without_markers(html: str) -> str:
    """The HTML with the dollar sign of each marker as a character reference."""
    return MARKER.sub("&#36;", html)


def has_opaque_marker(html: str) -> bool:
    """Whether a marker stands in a script or style, where a character reference means nothing."""
    return any(MARKER.search(found[0]) for found in RAW_ELEMENT.finditer(html))
