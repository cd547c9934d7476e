"""What the platform wants told: events and orders, checked. A refusal repeats no value."""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from http import HTTPStatus
from typing import Any

from gateway_project.lib.crypto import keyed_digest
from gateway_project.lib.storable import UNSTORABLE
from messages_app.models import RelayKind
from users.models import EXT_USER_ID_LENGTH

ADDRESSES = ("email", "phone")
TEXT_LENGTH = 255
CONTENT_LENGTH = 64 * 1024
ESCAPED_NUL = r"\u0000"
MOST_GOODS = 500

EVENT_FIELDS = frozenset({"type", "ext_user_id", "params", "id", "gateway"})
ORDER_TEXTS = frozenset(
    {
        *("currency", "first_name", "last_name", "delivery_method", "payment_method"),
        *("delivery_address", "status", "external_id", "date"),
    }
)
ORDER_NUMBERS = frozenset({"total", "shipping", "discount"})
ORDER_NEEDS = ("external_id", "status", "total", "currency", "date")
ORDER_CONTENT = ORDER_TEXTS | ORDER_NUMBERS | {"items"}
ORDER_FIELDS = ORDER_CONTENT | {"ext_user_id", "id", "gateway"}
ORDER_STATUSES = ("INITIALIZED", "IN_PROGRESS", "DELIVERED", "CANCELLED")
GOODS_TEXTS = frozenset({"external_id", "name", "category", "url", "image_url", "description"})
GOODS_NUMBERS = frozenset({"quantity", "cost"})


class Refusal(Exception):
    """One item that is not taken: `status` is what it would be answered with by itself."""

    def __init__(self, status: int, code: str, text: str, field: str = "") -> None:
        super().__init__(text)
        self.status, self.code, self.text, self.field = status, code, text, field


@dataclass(frozen=True, slots=True, kw_only=True)
class Wanted:
    """An item as it is kept. `repeat_key` is None where every one of its kind is a new one."""

    kind: RelayKind
    ext_user_id: str = field(repr=False)
    gateway: str
    content: Mapping[str, Any] = field(repr=False)
    subject: str
    repeat_key: str | None
    fingerprint: str


def event_of(item: Any) -> Wanted:
    """`{"type", "ext_user_id", "params", "id", "gateway"}`. With an id it is told once."""
    known = _object(item, EVENT_FIELDS)
    params = known.get("params", {})
    if not isinstance(params, dict):
        raise _invalid("params", "an object is expected")
    for name in ADDRESSES:
        if name in params:
            raise _invalid(f"params.{name}", "the address is filled in by the gateway")
    content = {"type": _text(known, "type", needed=True), "params": params}
    own_id = _text(known, "id")
    return _wanted(RelayKind.EVENT, known, content, subject="", repeat_of=own_id)


def order_of(item: Any) -> Wanted:
    """An order in our words. Without an `id`, what is told again unchanged is told once: an order
    is known by its `external_id`, and told anew when it has changed."""
    known = _object(item, ORDER_FIELDS)
    for name in ORDER_NEEDS:
        if name not in known:
            raise _invalid(name, "it is needed")
    content = {name: known[name] for name in sorted(known.keys() & ORDER_CONTENT)}
    for name in sorted(ORDER_TEXTS & known.keys()):
        _text(known, name, needed=name in ORDER_NEEDS)
    for name in sorted(ORDER_NUMBERS & known.keys()):
        _number(known, name)
    if known["status"] not in ORDER_STATUSES:
        raise _invalid("status", f"one of {', '.join(ORDER_STATUSES)} is expected")
    _check_date(known["date"])
    _check_goods(known.get("items", []))
    external_id = known["external_id"]
    own_id = _text(known, "id")
    repeat_of = f"id:{own_id}" if own_id else f"content:{external_id}:{_as_json(content)}"
    subject = keyed_digest(external_id, purpose="relay-subject")
    return _wanted(RelayKind.ORDER, known, content, subject=subject, repeat_of=repeat_of)


def _wanted(
    kind: RelayKind,
    known: Mapping[str, Any],
    content: Mapping[str, Any],
    *,
    subject: str,
    repeat_of: str,
) -> Wanted:
    whole = _as_json(content)
    if len(whole) > CONTENT_LENGTH:
        raise _invalid("", f"it is longer than {CONTENT_LENGTH} characters")
    if UNSTORABLE.search(whole) or ESCAPED_NUL in whole:
        raise _invalid("", "it holds a character that cannot be kept")
    ext_user_id = _ext_user_id(known.get("ext_user_id"))
    return Wanted(
        kind=kind,
        ext_user_id=ext_user_id,
        gateway=_text(known, "gateway"),
        content=content,
        subject=subject,
        repeat_key=keyed_digest(repeat_of, purpose="relay-repeat") if repeat_of else None,
        fingerprint=keyed_digest(f"{ext_user_id}:{whole}", purpose="relay-content"),
    )


def _object(item: Any, fields: frozenset[str]) -> dict[str, Any]:
    if not isinstance(item, dict):
        raise _invalid("", "an object is expected")
    for name in ADDRESSES:
        if name in item:
            raise _invalid(name, "the address is filled in by the gateway")
    if not item.keys() <= fields:
        raise _invalid("", f"there is an unknown field; known are {', '.join(sorted(fields))}")
    return item


def _ext_user_id(value: Any) -> str:
    if isinstance(value, int) and not isinstance(value, bool):
        value = str(value)
    return _checked("ext_user_id", value, EXT_USER_ID_LENGTH, needed=True)


def _text(known: Mapping[str, Any], name: str, *, needed: bool = False) -> str:
    return _checked(name, known.get(name, ""), TEXT_LENGTH, needed=needed)


def _checked(name: str, value: Any, most: int, *, needed: bool) -> str:
    if not isinstance(value, str):
        raise _invalid(name, "a text is expected")
    if needed and not value:
        raise _invalid(name, "it is needed")
    if len(value) > most:
        raise _invalid(name, f"it is longer than {most} characters")
    if UNSTORABLE.search(value):
        raise _invalid(name, "it holds a character that cannot be kept")
    return value


def _number(known: Mapping[str, Any], name: str, where: str = "") -> None:
    value = known[name]
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise _invalid(f"{where}{name}", "a number is expected")


def _check_date(text: str) -> None:
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        raise _invalid("date", "a moment such as 2017-03-08T09:30:00+02:00 is expected") from None
    if moment.tzinfo is None:
        raise _invalid("date", "the time zone is missing")


def _check_goods(goods: Any) -> None:
    if not isinstance(goods, list) or len(goods) > MOST_GOODS:
        raise _invalid("items", f"an array of at most {MOST_GOODS} is expected")
    for number, item in enumerate(goods):
        where = f"items[{number}]."
        if not isinstance(item, dict):
            raise _invalid(f"items[{number}]", "an object is expected")
        if not item.keys() <= GOODS_TEXTS | GOODS_NUMBERS:
            raise _invalid(f"items[{number}]", "there is an unknown field")
        for name in sorted(GOODS_NUMBERS & item.keys()):
            _number(item, name, where)
        for name in sorted(GOODS_TEXTS & item.keys()):
            _checked(f"{where}{name}", item[name], CONTENT_LENGTH, needed=False)


def _as_json(content: Any) -> str:
    return json.dumps(content, ensure_ascii=False, sort_keys=True, separators=(",", ":"))


def _invalid(name: str, reason: str) -> Refusal:
    return Refusal(HTTPStatus.UNPROCESSABLE_ENTITY, "invalid", reason, name)
