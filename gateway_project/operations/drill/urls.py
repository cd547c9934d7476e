"""URLs of a database or a broker, changed in one place and left as they are in the others."""

from urllib.parse import SplitResult, parse_qsl, quote, urlencode, urlsplit

ENCRYPTED = ("amqps", "rediss")
"""A wire is not whom their certificate names."""


def with_address(url: str, host: str, port: int) -> str:
    """The same service, reached there."""
    parts = urlsplit(url)
    credentials, at, _ = parts.netloc.rpartition("@")
    return parts._replace(netloc=f"{credentials}{at}{host}:{port}").geturl()


def in_schema(url: str, schema: str) -> str:
    """The same database, in which everything is made and found in that schema."""
    parts = urlsplit(url)
    query = dict(parse_qsl(parts.query))
    query["options"] = f"{query.get('options', '')} -c search_path={schema}".strip()
    return _with_query(parts, query)


def named(url: str, name: str) -> str:
    """The same database, whose list of connections shows ours by that name."""
    parts = urlsplit(url)
    return _with_query(parts, {**dict(parse_qsl(parts.query)), "application_name": name})


def address_of(url: str, usual_port: int) -> tuple[str, int] | None:
    """Where a wire would lead; None where none can: to a socket file, or with a certificate."""
    parts = urlsplit(url)
    if not parts.hostname or parts.hostname.startswith("%") or parts.scheme in ENCRYPTED:
        return None
    return parts.hostname, parts.port or usual_port


def _with_query(parts: SplitResult, query: dict[str, str]) -> str:
    return parts._replace(query=urlencode(query, quote_via=quote)).geturl()
