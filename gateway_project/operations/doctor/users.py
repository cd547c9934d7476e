"""Whether users are known, and their addresses open."""

from collections.abc import Iterator

from gateway_project.lib.crypto import Undecryptable
from gateway_project.lib.vocabulary import Channel
from gateway_project.operations.doctor.findings import About, Finding
from gateways.values import LabelValues
from users.models import EndUser


def sample_users(about: About, label: LabelValues) -> Iterator[Finding]:
    """One user for each channel that has a gateway."""
    users = EndUser.objects.filter(label_id=label.id)
    if not users.exists():
        yield about.problem(
            "End users",
            "none are known: every request is refused with 1",
            "Import them, or have the platform push them: POST /platform/v1/users.",
        )
        return
    in_use = {gateway.channel for gateway in label.gateways}
    for channel in Channel:
        if channel in in_use:
            yield _sample(about, label.id, channel)


def _sample(about: About, label_id: int, channel: Channel) -> Finding:
    name = f"A user for {channel.label}"
    users = EndUser.objects.filter(label_id=label_id)
    if channel == Channel.CUSTOM_IM:
        return about.good(name, "found; this channel needs no address")
    column = "email_index" if channel == Channel.EMAIL else "phone_index"
    user = next(iter(users.filter(**{f"{column}__isnull": False})[:1]), None)
    if user is None:
        return about.attention(
            name, "no user has an address for it", "Bring users with the address it needs."
        )
    try:
        address = user.address(channel)
        opened = address.reveal() if address is not None else None
    except Undecryptable:
        return about.problem(
            name,
            "found, but the address cannot be decrypted",
            "Give PII_KEYS the keys that the data were written with.",
        )
    if not opened:
        return about.attention(name, "the address is none", "Correct the user's address.")
    return about.good(name, "found, and the address opens")
