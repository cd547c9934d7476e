"""A second factor is set up, asked for, renewed and removed.

Tokens are held to be used once and are throttled by django-otp; wrong ones count as failed log-ins,
too, so that ten of them close the door for an hour.
"""

import logging
import re
from typing import Any, Final

import django_otp
from axes.handlers.proxy import AxesProxyHandler
from django.contrib.auth.models import User
from django.contrib.auth.signals import user_login_failed
from django.http import HttpRequest
from django_otp.models import Device

from gateway_project.back_office.two_factor.standing import forget
from gateway_project.lib.crypto import Undecryptable
from gateway_project.lib.transactions import writing
from gateways.auditing import record
from gateways.models import Action, RecoveryCode, RecoverySheet, TokenApp

logger = logging.getLogger(__name__)

RECOVERY_CODES: Final = 10
SPACERS = re.compile(r"[\s-]")
TOTP_TOKEN = re.compile(r"\d{6}")
WRONG = "This token is wrong, or was used before."
UNREADABLE = "Your second factor cannot be read now. Use a recovery code, or ask an administrator."
TOO_SOON = "Too many wrong tokens. Wait a while before the next."


class TokenRefused(Exception):
    """Ask again. The text is for the person who typed it."""


def start(person: Any) -> TokenApp | None:
    """A new secret to be confirmed, in the place of any before; None where there is a factor."""
    with writing():
        _lock(person)
        own = TokenApp.objects.filter(user_id=person.pk)
        if own.filter(confirmed=True).exists():
            return None
        own.delete()
        device: TokenApp = own.create(user_id=person.pk, name="telephone", confirmed=False)
        return device


def unconfirmed(person: Any) -> TokenApp | None:
    """The secret that waits for its first token; None where it opens no more."""
    found: TokenApp | None = TokenApp.objects.filter(user_id=person.pk, confirmed=False).first()
    return found if found is not None and _opens(found) else None


def confirm(request: HttpRequest, typed: str) -> list[str]:
    """Asks for a token from now on; answers the recovery codes. Raises TokenRefused."""
    device = unconfirmed(request.user)
    if device is None:
        raise TokenRefused("Start again: this was replaced meanwhile.")
    found = _verified(request, device, _bare(typed))
    with writing():
        _lock(request.user)
        TokenApp.objects.filter(pk=found.pk).update(confirmed=True)
        codes = _new_codes(request.user)
        _tell(request.user, request.user, "second factor", "set up")
    found.confirmed = True
    let_in(request, found)
    return codes


def verify(request: HttpRequest, typed: str) -> Device:
    """The device whose token, or the set whose recovery code, was typed. Raises TokenRefused."""
    token = _bare(typed)
    kind = TokenApp if TOTP_TOKEN.fullmatch(token) else RecoverySheet
    device = kind.objects.filter(user_id=request.user.pk, confirmed=True).first()
    if isinstance(device, TokenApp) and not _opens(device):
        logger.error("the second factor of person %s cannot be decrypted", request.user.pk)
        raise TokenRefused(UNREADABLE)
    return _verified(request, device, token)


def let_in(request: HttpRequest, device: Device) -> None:
    """This session has shown its second factor. It gets a new key, as at every log-in."""
    forget(request.user)
    request.session.cycle_key()
    django_otp.login(request, device)


def renew_codes(request: HttpRequest, typed: str) -> list[str]:
    """New recovery codes; the old ones are void. Raises TokenRefused."""
    verify(request, typed)
    with writing():
        codes = _new_codes(request.user)
        _tell(request.user, request.user, "recovery codes", "changed")
    return codes


def remove(request: HttpRequest, typed: str) -> None:
    """The password alone will do again. Raises TokenRefused."""
    verify(request, typed)
    reset(request.user, request.user)


def reset(actor: Any, person: Any) -> None:
    """Takes the factor from this person, who has lost it."""
    with writing():
        TokenApp.objects.filter(user_id=person.pk).delete()
        RecoverySheet.objects.filter(user_id=person.pk).delete()
        _tell(actor, person, "second factor", "removed")
    forget(person)


def codes_left(person: Any) -> int:
    return RecoveryCode.objects.filter(sheet__user_id=person.pk).count()


def add_code(actor: Any, person: Any) -> str:
    """One more recovery code, for somebody whom nobody else can let in."""
    with writing():
        _lock(person)
        sheet = RecoverySheet.objects.filter(user_id=person.pk).first() or _new_sheet(person)
        (code,) = sheet.add_codes(1)
        _tell(actor, person, "recovery codes", "one added")
    return _as_written(code)


def _verified(request: HttpRequest, device: Device | None, token: str) -> Device:
    credentials = {"username": request.user.get_username()}
    if not AxesProxyHandler.is_allowed(request, credentials):
        request.axes_locked_out = True  # type: ignore[attr-defined]  # axes answers in our place
        raise TokenRefused(TOO_SOON)
    if device is not None and not device.verify_is_allowed()[0]:
        raise TokenRefused(TOO_SOON)
    found = device and django_otp.verify_token(request.user, device.persistent_id, token)
    if not found:
        user_login_failed.send(sender=__name__, credentials=credentials, request=request)
        raise TokenRefused(WRONG)
    return found


def _opens(device: TokenApp) -> bool:
    try:
        return bool(device.key)
    except Undecryptable:
        return False


def _new_codes(person: Any) -> list[str]:
    RecoverySheet.objects.filter(user_id=person.pk).delete()
    return [_as_written(code) for code in _new_sheet(person).add_codes(RECOVERY_CODES)]


def _new_sheet(person: Any) -> RecoverySheet:
    sheet: RecoverySheet = RecoverySheet.objects.create(user_id=person.pk, name="recovery codes")
    return sheet


def _as_written(code: str) -> str:
    return f"{code[:4]}-{code[4:]}"


def _bare(typed: str) -> str:
    return SPACERS.sub("", typed).lower()


def _lock(person: Any) -> None:
    User.objects.select_for_update().get(pk=person.pk)


def _tell(actor: Any, person: Any, part: str, what: str) -> None:
    record(actor, Action.CHANGED, person, changes={part: what})
