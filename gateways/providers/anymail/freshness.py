"""How old a signature is that covers a time and a token, and not what is told with them.

Whoever has caught a single webhook of that kind could put anything under its signature for ever.
"""

import json
import time

from django.core.handlers.wsgi import WSGIRequest

from gateways.providers.anymail.events import at

OLDEST_SECONDS = 24 * 3600
"""A webhook that is not taken is repeated for hours, under the time of its first try."""


def is_fresh(request: WSGIRequest, path: str) -> bool:
    """Whether the Unix time at that path of what is posted lies within a day of now.

    Raises ValueError where there is none, or what Django raises over the body.
    """
    moment = float(str(at(_posted(request), path)))
    return abs(time.time() - moment) <= OLDEST_SECONDS


def _posted(request: WSGIRequest) -> object:
    """Read just as the views read it who check the signature: no other time is to be found."""
    if request.content_type == "application/json":
        return json.loads(request.body.decode())
    return request.POST.dict()
