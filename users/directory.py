"""From the id that Smartico uses to the end user, wherever the label's users are."""

from collections.abc import Collection, Iterable

from django.db.models import Q

from gateway_project.lib.identifiers import read_id
from gateways.values import LabelValues
from users.addresses import email_index, phone_index
from users.directories.copies import copy_of
from users.ids import stored_id
from users.models import EndUser


def find(label: LabelValues, ext_user_id: str) -> EndUser | None:
    """The label's user of this id, or None; no trimming, no other case.

    One SELECT where the users are stored. Another directory is asked, and DirectoryDown raised
    where it does not answer.
    """
    known_as = stored_id(label.user_ids, ext_user_id)
    if label.directory is not None:
        return copy_of(label, known_as)
    try:
        return EndUser.objects.get(label_id=label.id, ext_user_id=known_as)
    except EndUser.DoesNotExist:
        return None


def users_known_as(text: str, labels: Iterable[LabelValues]) -> list[EndUser]:
    """Each label's user of this id, by the label's own rule; or the one user of whom it is ours."""
    label_ids_by_id: dict[str, list[int]] = {}
    for label in labels:
        label_ids_by_id.setdefault(stored_id(label.user_ids, text), []).append(label.id)
    sought = Q(pk=read_id(text), label_id__in=[n for ids in label_ids_by_id.values() for n in ids])
    for known_as, label_ids in label_ids_by_id.items():
        sought |= Q(label_id__in=label_ids, ext_user_id=known_as)
    return list(EndUser.objects.filter(sought).select_related("label", "brand").order_by("pk"))


def addresses_among(label_id: int, texts: Collection[str]) -> set[str]:
    """Those of the texts that are, as they stand, an address of one of the label's users."""
    if not texts:
        return set()
    by_email = {index: text for text in texts if (index := email_index(text))}
    by_phone = {index: text for text in texts if (index := phone_index(text))}
    by_phone |= {index: text for text in texts if (index := phone_index(f"+{text}"))}
    users = EndUser.objects.filter(label_id=label_id)
    emails = users.filter(email_index__in=by_email).values_list("email_index", flat=True)
    phones = users.filter(phone_index__in=by_phone).values_list("phone_index", flat=True)
    found = {by_email[index] for index in emails if index} if by_email else set()
    return found | ({by_phone[index] for index in phones if index} if by_phone else set())
