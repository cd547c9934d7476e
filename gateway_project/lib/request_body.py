"""Reading a request's body up to a limit, whether or not it says how long it is."""

from django.http import HttpRequest

from gateway_project.lib.protocol import ErrorCode, Refused


def read_body(request: HttpRequest, *, limit: int) -> bytes:
    """The raw body, at most `limit` bytes; kept, so that a second call answers the same.

    Raises Refused with "too large" before reading what announces itself as such, and Refused with
    "not JSON" for compressed bodies: inflating strangers' bytes is no service of ours.
    """
    kept = getattr(request, "_body", None)
    if kept is not None:
        return bytes(kept)
    if request.META.get("HTTP_CONTENT_ENCODING", "identity").lower() not in ("", "identity"):
        raise Refused(ErrorCode.NOT_JSON, "A compressed body is not taken: send plain JSON")
    text = request.META.get("CONTENT_LENGTH") or "0"
    length = int(text) if text.isascii() and text.isdigit() else 0
    if length > limit:
        raise Refused(ErrorCode.TOO_LARGE, f"The request is over {limit} bytes")
    is_chunked = "chunked" in request.META.get("HTTP_TRANSFER_ENCODING", "").lower()
    # Django reads nothing where no length is given; the server ends a chunked body by itself.
    stream = request.META["wsgi.input"] if is_chunked else request
    body = _read(stream, limit + 1)
    if len(body) > limit:
        raise Refused(ErrorCode.TOO_LARGE, f"The request is over {limit} bytes")
    request._body = body
    return body


def _read(stream: object, most: int) -> bytes:
    parts: list[bytes] = []
    left = most
    while left and (part := stream.read(left)):  # type: ignore[attr-defined]
        parts.append(part)
        left -= len(part)
    return b"".join(parts)
