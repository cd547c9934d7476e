"""The prefix that lies between Smartico's ids and the platform's, where there is one.

Found by trial: most of the ids that were asked for in vain are users' once it is taken away, or
put in front. It ends where another kind of character begins: `smt_` of `smt_123`, but never the 2
of 250123, for where ids are dense, any number is somebody's.
"""

from collections import Counter
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass

from gateways.values import LabelValues
from users.ids import prefix_of
from users.models import EndUser, MissingUser

LOOKED_AT = 200
"""Ids of each side, the latest ones."""
FEWEST = 5
"""Missing ids of which anything can be said."""
LONGEST = 32
TAKE_AWAY = (
    "Compare one of them with the platform: a wrong prefix writes to the wrong person. "
    "Then set it on the label's page, under Users and content."
)
LEAVE = (
    "The platform's own ids begin with it. Empty the prefix on the label's page, "
    "under Users and content."
)
STORE_WITHOUT = "Bring the users by the ids that Smartico has, which do not begin with it."


@dataclass(frozen=True, slots=True, kw_only=True)
class Clue:
    """That `known` of the `looked_at` latest missing ids are users' without a prefix, or with it;
    and what to do about that."""

    prefix: str
    known: int
    looked_at: int
    to_do: str

    @property
    def text(self) -> str:
        way = "without" if self.to_do == TAKE_AWAY else "with"
        return f'{self.known} of the latest {self.looked_at} are known {way} "{self.prefix}"'


def clue(label: LabelValues) -> Clue | None:
    """What would make most of the label's missing users known; None where nothing would."""
    missing = _missing(label.id)
    if label.directory is not None or len(missing) < FEWEST:
        return None
    own = prefix_of(label.user_ids)
    stored = dict.fromkeys(shared_prefixes(_stored(label.id)), STORE_WITHOUT)
    if own:
        stored[own] = LEAVE
    tried = [
        *(_without(label.id, missing, prefix) for prefix in shared_prefixes(missing)),
        *(_with(label.id, missing, prefix, to_do) for prefix, to_do in stored.items()),
    ]
    best = max(tried, key=lambda each: each.known, default=None)
    return best if best is not None and _is_most(best.known, missing) else None


def shared_prefixes(ids: Sequence[str]) -> list[str]:
    """What more than half of the ids begin with, the shortest first."""
    counts = Counter(prefix for name in ids for prefix in _prefixes(name))
    return sorted((each for each, count in counts.items() if _is_most(count, ids)), key=len)


def _prefixes(ext_user_id: str) -> Iterable[str]:
    """Those that end where another kind of character begins, and leave something."""
    for end in range(1, min(len(ext_user_id) - 1, LONGEST) + 1):
        if _kind(ext_user_id[end - 1]) != _kind(ext_user_id[end]):
            yield ext_user_id[:end]


def _kind(character: str) -> str:
    if character.isdigit():
        return "digit"
    return "letter" if character.isalpha() else character


def _is_most(count: int, ids: Collection[str]) -> bool:
    return count * 2 > len(ids)


def _without(label_id: int, missing: Sequence[str], prefix: str) -> Clue:
    left = [name.removeprefix(prefix) for name in missing if name.startswith(prefix)]
    known = _known(label_id, left)
    return Clue(prefix=prefix, known=known, looked_at=len(missing), to_do=TAKE_AWAY)


def _with(label_id: int, missing: Sequence[str], prefix: str, to_do: str) -> Clue:
    known = _known(label_id, [prefix + name for name in missing])
    return Clue(prefix=prefix, known=known, looked_at=len(missing), to_do=to_do)


def _known(label_id: int, ids: Sequence[str]) -> int:
    return EndUser.objects.filter(label=label_id, ext_user_id__in=ids).count()


def _missing(label_id: int) -> list[str]:
    listed = MissingUser.objects.filter(label=label_id).exclude(ext_user_id="")
    latest = listed.order_by("-first_asked_at", "-pk")
    return list(latest.values_list("ext_user_id", flat=True)[:LOOKED_AT])


def _stored(label_id: int) -> list[str]:
    users = EndUser.objects.filter(label=label_id).order_by("-updated_at", "-pk")
    return list(users.values_list("ext_user_id", flat=True)[:LOOKED_AT])
