"""What somebody who has given their password still has to pass."""

from typing import Any, Final

from django.conf import settings
from django_otp import user_has_device

TOKEN: Final = "admin:two_factor_token"  # noqa: S105  the name of a URL
OWN_PAGE: Final = "admin:two_factor"
KEPT_AS = "_has_second_factor"


def has_second_factor(person: Any) -> bool:
    """Whether tokens are asked of this person. Looked up once per request."""
    if not hasattr(person, KEPT_AS):
        setattr(person, KEPT_AS, user_has_device(person))
    found: bool = getattr(person, KEPT_AS)
    return found


def forget(person: Any) -> None:
    """To be called where a factor is set up or removed."""
    if hasattr(person, KEPT_AS):
        delattr(person, KEPT_AS)


def step_owed(person: Any) -> str | None:
    """The URL name of the page that comes before everything else; None where none does."""
    if getattr(person, "otp_device", None) is not None:
        return None
    if has_second_factor(person):
        return TOKEN
    return OWN_PAGE if settings.REQUIRE_TWO_FACTOR else None
