"""The URL of one callback to Smartico.

Source: "Secured Messaging Gateways (Email/SMS/IM)", "Reverse Integration / Delivery Statuses".
"""

import re
from urllib.parse import quote, unquote_plus

from gateways.callback_hosts import CallbackUrl

AS_IT_CAME = "%/:?@!$&'()*+,;=-._~"
NEEDS_NO_QUOTING = re.compile(r"[\w.~-]*", re.ASCII)
CAME_QUOTED = re.compile(rf"[\w{re.escape(AS_IT_CAME)}]*", re.ASCII)
"""Nearly every part of nearly every URL, and quicker to tell than to quote."""


def reporting_url(
    read: CallbackUrl, *, type: str, ext_message_id: str, status: str, api_key: str
) -> str:
    """The URL with the four parameters in its query, in place of any it had by these names.

    Its other parameters stay as they came, in their order; the fragment goes. It is built when it
    is called and kept nowhere, since it holds the api_key.
    """
    ours = {
        "type": type,
        "ext_message_id": ext_message_id,
        "status": status,
        "api_key": api_key,
    }
    theirs = [part for part in read.query.split("&") if part and _name(part) not in ours]
    told = (f"{name}={_quoted(value)}" for name, value in ours.items())
    query = "&".join((*map(_ascii, theirs), *told))
    return f"{read.origin}{_ascii(read.path)}?{query}"


def _name(parameter: str) -> str:
    """A parameter's name as the most forgiving reader would take it."""
    return unquote_plus(parameter.partition("=")[0]).strip(" \t\r\n\0").casefold()


def _quoted(value: str) -> str:
    return value if NEEDS_NO_QUOTING.fullmatch(value) else quote(value, safe="")


def _ascii(text: str) -> str:
    return text if CAME_QUOTED.fullmatch(text) else quote(text, safe=AS_IT_CAME)
