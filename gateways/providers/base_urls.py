"""URLs that an adapter puts paths of its own behind, and what is easily pasted along with them."""

import re
from typing import Any
from urllib.parse import urlsplit

from django.core.exceptions import ValidationError

from gateways.providers.fields import HttpUrlField


class BaseUrlField(HttpUrlField):
    """An https URL below which the service is called.

    `adds` are the paths that follow it, a regular expression for each part. A URL that ends as one
    of them begins is refused: there would be that part twice.
    """

    def __init__(self, *, adds: tuple[str, ...], **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.adds = adds

    def validate(self, value: Any) -> None:
        super().validate(value)
        parts = urlsplit(value)
        if parts.query:
            raise ValidationError("A URL without a query is expected: paths are put behind it.")
        if any(_is_begun(parts.path, each) for each in self.adds):
            raise ValidationError(
                "Leave the end of its path out: the gateway adds that part of the call itself."
            )


def _is_begun(path: str, added: str) -> bool:
    """Whether the path ends with the first parts of what is added."""
    given = [part for part in path.split("/") if part]
    patterns = added.split("/")
    return any(
        len(given) >= count and all(map(re.fullmatch, patterns[:count], given[-count:]))
        for count in range(1, len(patterns) + 1)
    )
