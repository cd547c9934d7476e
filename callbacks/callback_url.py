"""The URL of one callback to Smartico.

Source: "Secured Messaging Gateways (Email/SMS/IM)", "Reverse Integration / Delivery Statuses".
"""

from urllib.parse import quote, unquote_plus, urlencode

from gateways.callback_hosts import read_callback_url

AS_IT_CAME = "%/:?@!$&'()*+,;=-._~"


def reporting_url(url: str, *, type: str, ext_message_id: str, status: str, api_key: str) -> str:
    """`url` with the four parameters in its query, in place of any it had by these names.

    Its other parameters stay as they came, in their order; the fragment goes. It is built when it
    is called and kept nowhere, since it holds the api_key. Raises CallbackRefused.
    """
    read = read_callback_url(url)
    ours = {
        "type": type,
        "ext_message_id": ext_message_id,
        "status": status,
        "api_key": api_key,
    }
    theirs = [part for part in read.query.split("&") if part and _name(part) not in ours]
    query = "&".join([*map(_ascii, theirs), urlencode(ours, quote_via=quote)])
    return f"{read.origin}{_ascii(read.path)}?{query}"


def _name(parameter: str) -> str:
    """A parameter's name as the most forgiving reader would take it."""
    return unquote_plus(parameter.partition("=")[0]).strip(" \t\r\n\0").casefold()


def _ascii(text: str) -> str:
    return quote(text, safe=AS_IT_CAME)
