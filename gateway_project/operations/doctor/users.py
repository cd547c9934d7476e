"""Whether users are known, and their addresses open."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import datetime

from django.urls import reverse
from django.utils.http import urlencode

from gateway_project.lib.crypto import Undecryptable
from gateway_project.lib.paging import capped, in_figures
from gateway_project.lib.vocabulary import Channel
from gateway_project.operations.doctor.ages import ago
from gateway_project.operations.doctor.findings import About, Finding
from gateways.values import LabelValues
from users.models import DirectoryCheck, EndUser, MissingUser
from users.prefixes import clue

DIRECTORY, MISSING = "Directory", "Missing users"


def users_of(about: About, label: LabelValues, now: datetime) -> Iterator[Finding]:
    """Whether there are any: here, or in the directory that is asked for them."""
    if label.directory is None:
        yield from sample_users(about, label)
    else:
        yield directory(about, label, now)


def directory(about: About, label: LabelValues, now: datetime) -> Finding:
    """What the last check found."""
    check = DirectoryCheck.objects.filter(label=label.id).first()
    if check is None:
        return about.attention(DIRECTORY, "not asked yet", "Check now.")
    found = f"{check.found} (checked {ago(check.checked_at, now)})"
    if not check.works:
        return about.problem(DIRECTORY, found, check.to_do)
    if check.to_do:
        return about.attention(DIRECTORY, found, check.to_do)
    return about.good(DIRECTORY, found)


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


def missing_users(about: About, label: LabelValues) -> Iterator[Finding]:
    """Who was asked for in vain lately, and what may explain it."""
    count = capped(MissingUser.objects.filter(label=label.id))
    if not count:
        yield about.good(MISSING, "nobody was asked for in vain for a week")
        return
    text = f"{in_figures(count)} asked for in vain"
    to_do = "Bring them: each question for one is answered with error 1."
    if found := clue(label):
        text, to_do = f"{text}; {found.text}", found.to_do
    query = urlencode({"label__id__exact": label.id})
    listed = f"{reverse('admin:users_missinguser_changelist')}?{query}"
    yield replace(about.attention(MISSING, text, to_do), listed=listed)
