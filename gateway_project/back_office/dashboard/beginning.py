"""What to do first in a house to which Smartico has not written yet."""

from dataclasses import dataclass
from typing import Any

from gateway_project.back_office.dashboard.sight import Sight
from gateways.models import Gateway, Key
from messages_app.models import Message
from users.models import EndUser


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    title: str
    command: str
    is_done: bool


def first_steps(sight: Sight) -> list[Step]:
    """The steps, done or not; none once there is a message."""
    if _exists(Message, sight):
        return []
    is_set_up = _exists(Gateway, sight) and _exists(Key, sight)
    return [
        Step(
            title="Describe your house: labels, keys, brands, gateways",
            command="manage.py apply_config gatehouse.yaml",
            is_done=is_set_up,
        ),
        Step(
            title="Bring your users",
            command="manage.py import_users users.csv --label ...",
            is_done=_exists(EndUser, sight),
        ),
        Step(
            title="See what is still missing, and mend it",
            command="manage.py doctor",
            is_done=False,
        ),
        Step(
            title="Type our URLs into Smartico's BackOffice and send a message to yourself",
            command="",
            is_done=False,
        ),
    ]


def _exists(model: Any, sight: Sight) -> bool:
    return bool(model.objects.filter(**sight.of("label")).exists())
