"""The call that tells Smartico a status. With the api_key in its URL it exists only to be made."""

from callbacks.callback_url import reporting_url
from gateway_project.lib.http import HttpCall
from gateway_project.lib.personal import Personal
from gateways.callback_hosts import CallbackRefused, checked_callback_url
from gateways.values import LabelValues

TIMEOUT_SECONDS = 10.0
READ_CAP = 64 * 1024


def status_call(
    label: LabelValues, url: Personal | None, *, type: str, ext_message_id: str, status: str
) -> HttpCall:
    """The GET of this status, to a host that is on the label's list at this very moment.

    Raises CallbackRefused, and Undecryptable.
    """
    if url is None or label.callback_api_key is None:
        raise CallbackRefused("there is no callback_url, or the label has no api_key for it")
    read = checked_callback_url(url.reveal(), label.callback_hosts)
    return HttpCall(
        method="GET",
        url=reporting_url(
            read,
            type=type,
            ext_message_id=ext_message_id,
            status=status,
            api_key=label.callback_api_key.reveal(),
        ),
        timeout=TIMEOUT_SECONDS,
        read_cap=READ_CAP,
    )


def confidences(label: LabelValues, url: Personal | None) -> tuple[Personal, ...]:
    """What the peer is told in confidence, and may repeat."""
    return tuple(told for told in (label.callback_api_key, url) if told is not None)
