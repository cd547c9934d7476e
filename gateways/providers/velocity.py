"""Velocity, the template language that some providers apply to what they are sent.

In HTML a `$` or `#` that could begin a reference or a directive is written as a character
reference: a mail program shows the same, whether a template engine has read it before or not. Plain
text has no such spelling, and neither have styles and scripts: there such a sign is a problem to be
told of.
"""

import re

DIRECTIVES = "set|if|else|end|foreach|include|parse|macro|stop|break|evaluate|define"
MARKUP = re.compile(
    rf"\$(?=!?\{{?[A-Za-z_])|#(?=\{{?(?:{DIRECTIVES})|@|#|\*|\[\[|\{{?[A-Za-z_]\w*\}}?\s*\()"
)
OPAQUE = re.compile(r"(<(style|script)\b.*?</\2\s*>)", re.IGNORECASE | re.DOTALL)
REFERENCES = {"$": "&#36;", "#": "&#35;"}


def holds_markup(text: str) -> bool:
    """Whether a template engine might replace something in this text."""
    return MARKUP.search(text) is not None


def has_opaque_markup(html: str) -> bool:
    """Whether there is markup in a style or script, where no character reference helps."""
    return any(holds_markup(found[0]) for found in OPAQUE.finditer(html))


def without_markup(html: str) -> str:
    """The HTML with character references for the signs that begin markup."""
    parts, end = [], 0
    for found in OPAQUE.finditer(html):
        parts += [_referred(html[end : found.start()]), found[0]]
        end = found.end()
    return "".join([*parts, _referred(html[end:])])


def _referred(html: str) -> str:
    # A sign at a time: what follows the second of two is looked at as it was written.
    return MARKUP.sub(lambda found: REFERENCES[found[0]], html)
