"""Whether the house is locked: what strangers could read, take or guess."""

from collections.abc import Iterator

from django.conf import settings
from django.contrib.auth.models import User
from django_otp import user_has_device

from gateway_project.keeping import kept_secret
from gateway_project.operations.doctor.findings import About, Finding

PRODUCTION = "production"
SECRETS = ("SECRET_KEY", "PII_KEYS", "PII_INDEX_KEY")


def safety(about: About) -> Iterator[Finding]:
    yield public_url(about)
    yield debug(about)
    yield keys(about)


def public_url(about: About) -> Finding:
    if settings.PUBLIC_URL.startswith("https://"):
        return about.good("PUBLIC_URL", "https")
    text = "not https: secrets travel in the open"
    remedy = "Put a proxy that speaks TLS in front, and its https address into PUBLIC_URL."
    if settings.ENVIRONMENT.lower() == PRODUCTION:
        return about.problem("PUBLIC_URL", text, remedy)
    return about.attention("PUBLIC_URL", text, remedy)


def debug(about: About) -> Finding:
    if not settings.DEBUG:
        return about.good("DEBUG", "off")
    return about.problem("DEBUG", "on: error pages show data", "Set DEBUG=0.")


def keys(about: About) -> Finding:
    """Those that an embedded database made for itself lie beside the data that they open."""
    name = "Keys of personal data"
    if settings.EMBEDDED:
        return about.note(name, "made by itself: keep backups of DATA_DIR/keys apart from the data")
    embedded = [
        secret for secret in SECRETS if kept_secret(settings.DATA_DIR, secret) == _given(secret)
    ]
    if embedded:
        return about.problem(
            name,
            f"{', '.join(embedded)} lie under DATA_DIR, too",
            "Take DATA_DIR/keys off this machine once they are kept elsewhere.",
        )
    return about.good(name, "given by the environment")


def second_factors(about: About) -> Iterator[Finding]:
    """Whether a stolen password is enough to come into the back office."""
    name = "Second factor"
    if settings.REQUIRE_TWO_FACTOR:
        yield about.good(name, "asked of everybody")
        return
    people = list(User.objects.filter(is_active=True, is_staff=True))
    without = [person for person in people if not user_has_device(person)]
    if not without:
        yield about.good(name, f"each of the {len(people)} people has one")
        return
    yield about.attention(
        name,
        f"{len(without)} of {len(people)} people come in with a password alone",
        "Have them set one up under Two-factor login, or set REQUIRE_TWO_FACTOR=1.",
    )


def _given(name: str) -> str:
    return str(getattr(settings, name))
