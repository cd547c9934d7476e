"""What a label needs before Smartico may call: keys, addresses, and a way back for statuses."""

from collections.abc import Iterator, Sequence
from datetime import datetime, timedelta

from gateway_project.lib.fields import opens
from gateway_project.lib.vocabulary import KeyKind
from gateway_project.operations.doctor.findings import About, Finding
from gateways.callback_hosts import CallbackRefused, check_callback_url
from gateways.models import Key, Label

SOON = timedelta(days=14)
SHUT = ("cannot be decrypted", "Give PII_KEYS the key it was sealed with, or type it anew.")
OTHER_KEYS = {KeyKind.STATUS: "Status key", KeyKind.PLATFORM: "Platform key"}


def keys_of(about: About, label: Label, now: datetime) -> Iterator[Finding]:
    """A key of Smartico's own is a must; of the other kinds none may be needed."""
    kept = list(Key.objects.filter(label=label, revoked_at=None, is_test=False))
    yield smartico_key(about, [key for key in kept if key.kind == KeyKind.SMARTICO], now)
    for kind, name in OTHER_KEYS.items():
        yield _other_key(about, name, [key for key in kept if key.kind == kind], now)


def smartico_key(about: About, keys: Sequence[Key], now: datetime) -> Finding:
    name, make = "Smartico key", "Add a key of the kind Send APIs and type it into Smartico."
    live = [key for key in keys if _is_live(key, now)]
    if not live:
        text = "all have run out" if keys else "there is none: every request is refused"
        return about.problem(name, text, make)
    if all(key.expires_at is not None and key.expires_at < now + SOON for key in live):
        return about.attention(name, "the last one runs out within two weeks", make)
    if not any(key.last_used_at for key in live):
        return about.attention(
            name,
            "live, and Smartico has not used it yet",
            "Send a preview mail from Smartico's BackOffice.",
        )
    return about.good(name, f"{len(live)} live")


def _other_key(about: About, name: str, keys: Sequence[Key], now: datetime) -> Finding:
    if not keys:
        return about.note(name, "none, and none is needed unless somebody calls that API")
    if not any(_is_live(key, now) for key in keys):
        return about.attention(name, "all have run out", "Add a new one, or revoke the old ones.")
    return about.good(name, "live")


def _is_live(key: Key, now: datetime) -> bool:
    return key.expires_at is None or key.expires_at > now


def sending(about: About, label: Label) -> Iterator[Finding]:
    if label.is_paused:
        yield about.problem(
            "Sending",
            "the label is paused: every request is refused with 5, and what waits is held",
            "Take the pause off on the label's page.",
        )


def caller_addresses(about: About, label: Label) -> Finding:
    name = "Caller addresses"
    if label.allowed_ips:
        return about.good(name, f"{len(label.allowed_ips)} networks may call")
    return about.attention(
        name,
        "anybody who has the key may call, from anywhere",
        "Ask your Customer Success Manager for Smartico's addresses and list them.",
    )


def callback_settings(about: About, label: Label) -> Iterator[Finding]:
    """Where statuses go, and with which key."""
    yield _hosts(about, label)
    yield _api_key(about, label)
    yield _default_url(about, label)
    if label.callbacks_suspended_at is not None:
        yield about.problem(
            "Callbacks",
            f"suspended: {label.callbacks_suspended_because}",
            "Correct the api_key, then make the test call on the label's page.",
        )


def _hosts(about: About, label: Label) -> Finding:
    if label.callback_hosts:
        return about.good("Callback hosts", f"{len(label.callback_hosts)} listed")
    return about.problem(
        "Callback hosts",
        "none: every request with a callback_url is refused with 23",
        "List the host of Smartico's callback_url.",
    )


def _api_key(about: About, label: Label) -> Finding:
    if not opens(label.callback_api_key):
        return about.problem("api_key", *SHUT)
    if label.callback_api_key is not None:
        return about.good("api_key", "set")
    return about.problem(
        "api_key",
        "missing: no status can be told",
        "Ask your Customer Success Manager for the api_key of the status API.",
    )


def _default_url(about: About, label: Label) -> Finding:
    name = "Default callback URL"
    if label.callback_url is None:
        return about.note(name, "none: requests carry their own")
    if not opens(label.callback_url):
        return about.problem(name, *SHUT)
    try:
        check_callback_url(label.callback_url.reveal(), label.callback_hosts)
    except CallbackRefused as refusal:
        return about.problem(name, f"refused: {refusal}", "List its host, or correct the URL.")
    return about.good(name, "set, and its host is listed")
