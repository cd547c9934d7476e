"""The second factor: set up, asked for, used once, lost and taken away."""

import re

import pytest
from axes.models import AccessAttempt
from django.contrib.auth.models import User
from django.core.management import CommandError, call_command
from django.test import Client
from django.urls import reverse
from django_otp.oath import totp

from gateway_project.back_office.two_factor import factor
from gateway_project.back_office.two_factor.page import _key_uri
from gateway_project.lib.fields import Ciphertext
from gateways.models import AuditEntry, RecoveryCode, RecoverySheet, TokenApp
from tests.back_office.people import PASSWORD, browser_of, person_with

pytestmark = pytest.mark.django_db

OWN_PAGE, STEP, HOME = "/admin/two-factor/", "/admin/two-factor/token/", "/admin/"


@pytest.fixture
def person() -> User:
    return person_with("operator", name="mia")


def log_in(person: User, at: str = "/admin/login/") -> Client:
    client = Client()
    answer = client.post(at, {"username": person.username, "password": PASSWORD})
    assert answer.status_code == 302
    return client


def token_of(person: User, later: int = 0) -> str:
    """What the telephone shows, now or some steps later."""
    device = TokenApp.objects.get(user=person)
    return f"{totp(device.key, drift=later):06d}"


def enrol(person: User, client: Client) -> list[str]:
    """Sets a factor up; answers the recovery codes."""
    client.post(OWN_PAGE, {"do": "start"})
    page = client.post(OWN_PAGE, {"do": "confirm", "token": token_of(person)})
    return page.context["codes"]


def is_in(client: Client) -> bool:
    return client.get(HOME).status_code == 200


def forget_waiting(person: User) -> None:
    """As if somebody had waited until the next token may be tried."""
    TokenApp.objects.filter(user=person).update(throttling_failure_count=0)


def test_a_password_is_enough_for_who_has_no_factor(person):
    assert is_in(log_in(person))


def test_the_secret_is_shown_while_it_is_set_up_and_not_again(person):
    client = log_in(person)
    shown = client.post(OWN_PAGE, {"do": "start"}).content.decode()
    assert "data:image/svg+xml" in shown
    secret = re.search(r'id="two-factor-secret"[^>]*>([A-Z2-7 ]+)<', shown)[1]
    assert len(secret.replace(" ", "")) == 32
    assert secret not in client.get(OWN_PAGE).content.decode()
    assert TokenApp.objects.get().confirmed is False
    assert is_in(log_in(person))


def test_a_confirmed_factor_is_asked_for_after_the_password(person):
    first = log_in(person)
    codes = enrol(person, first)
    assert len(set(codes)) == 10
    assert is_in(first)
    page = first.get(OWN_PAGE).content.decode()
    assert [code for code in codes if code in page] == []

    client = log_in(person, "/admin/login/?next=/admin/gateways/label/")
    answer = client.get("/admin/gateways/label/", follow=True)
    assert answer.redirect_chain[-1][0].startswith(STEP)
    before = client.session.session_key
    passed = client.post(answer.redirect_chain[-1][0], {"token": token_of(person, 1)})
    assert passed["Location"] == "/admin/gateways/label/"
    assert client.session.session_key != before
    assert is_in(client)


def test_an_open_session_of_before_is_asked_too(person):
    elsewhere = log_in(person)
    enrol(person, log_in(person))
    assert not is_in(elsewhere)


def test_a_token_is_good_for_one_time(person):
    enrol(person, log_in(person))
    used = token_of(person, 1)
    log_in(person).post(STEP, {"token": used})
    again = log_in(person)
    answer = again.post(STEP, {"token": used})
    assert "wrong, or was used" in answer.content.decode()
    assert used not in answer.content.decode()
    assert not is_in(again)


def test_a_recovery_code_is_good_for_one_time(person):
    codes = enrol(person, log_in(person))
    client = log_in(person)
    client.post(STEP, {"token": codes[0].upper()})
    assert is_in(client)
    again = log_in(person)
    again.post(STEP, {"token": codes[0]})
    assert not is_in(again)
    assert RecoveryCode.objects.count() == 9


def test_the_next_token_has_to_wait_after_a_wrong_one(person):
    enrol(person, log_in(person))
    client = log_in(person)
    client.post(STEP, {"token": "000000"})
    good = token_of(person, 1)
    assert "Wait a while" in client.post(STEP, {"token": good}).content.decode()
    assert not is_in(client)
    forget_waiting(person)
    client.post(STEP, {"token": good})
    assert is_in(client)


def test_ten_wrong_tokens_close_the_door(person):
    enrol(person, log_in(person))
    client = log_in(person)
    for _ in range(10):
        forget_waiting(person)
        answer = client.post(STEP, {"token": "000000"})
    assert answer.status_code == 429
    forget_waiting(person)
    good = token_of(person, 1)
    assert client.post(STEP, {"token": good}).status_code == 429
    assert not is_in(client)
    typed = {"username": person.username, "password": PASSWORD}
    assert Client().post("/admin/login/", typed).status_code == 429


def test_a_token_of_another_person_opens_nothing(person):
    other = person_with("support", name="otto")
    enrol(person, log_in(person))
    enrol(other, log_in(other))
    client = log_in(person)
    client.post(STEP, {"token": token_of(other, 1)})
    assert not is_in(client)


@pytest.mark.parametrize("path", ["/api/docs", "/api/schema", "/admin/password_change/", OWN_PAGE])
def test_who_has_not_shown_the_factor_gets_nothing(person, path):
    enrol(person, log_in(person))
    assert log_in(person).get(path).status_code in (302, 403)


def test_who_has_not_shown_the_factor_can_log_out(person):
    enrol(person, log_in(person))
    client = log_in(person)
    assert client.post("/admin/logout/").status_code == 200
    assert "_auth_user_id" not in client.session


def test_a_factor_is_removed_and_codes_renewed_with_a_token_only(person):
    client = log_in(person)
    old = enrol(person, client)
    assert client.post(OWN_PAGE, {"do": "remove", "token": "000000"}).status_code == 200
    assert TokenApp.objects.exists()
    new = client.post(OWN_PAGE, {"do": "renew", "token": old[0]}).context["codes"]
    assert set(new).isdisjoint(old)
    assert RecoveryCode.objects.count() == 10
    client.post(OWN_PAGE, {"do": "remove", "token": new[0]})
    assert not TokenApp.objects.exists()
    assert not RecoveryCode.objects.exists()
    assert is_in(log_in(person))


def test_a_factor_is_not_replaced_by_setting_up_another(person):
    client = log_in(person)
    enrol(person, client)
    client.post(OWN_PAGE, {"do": "start"})
    assert TokenApp.objects.get().confirmed


def test_where_it_is_required_it_is_set_up_first(person, settings):
    settings.REQUIRE_TWO_FACTOR = True
    client = log_in(person)
    answer = client.get("/admin/gateways/label/", follow=True)
    assert answer.redirect_chain[-1][0].startswith(OWN_PAGE)
    assert "Gateways" not in answer.content.decode()
    assert client.get("/api/schema").status_code == 403
    enrol(person, client)
    assert client.get("/admin/gateways/label/").status_code == 200


def test_an_administrator_takes_a_lost_factor_away(person):
    enrol(person, log_in(person))
    administrator = browser_of(person_with("administrator"))
    url = reverse("admin:auth_user_reset_second_factor", args=[person.pk])
    assert "Remove the second factor" in administrator.get(url).content.decode()
    assert TokenApp.objects.exists()
    administrator.post(url)
    assert is_in(log_in(person))
    assert AuditEntry.objects.order_by("pk").last().actor_name == "administrator"


def test_nobody_takes_their_own_away_without_a_token():
    person = person_with("administrator")
    client = browser_of(person)
    enrol(person, client)
    url = reverse("admin:auth_user_reset_second_factor", args=[person.pk])
    assert client.post(url).status_code == 403


def test_neither_secrets_nor_tokens_are_written_down(person, caplog):
    caplog.set_level("DEBUG")
    client = log_in(person)
    codes = enrol(person, client)
    key, token = TokenApp.objects.get().seed.reveal(), token_of(person, 1)
    forget_waiting(person)
    client.post(STEP, {"token": "123123"})
    log_in(person).post(STEP, {"token": "123123"})
    written = (
        caplog.text
        + str(list(AuditEntry.objects.values()))
        + str(list(AccessAttempt.objects.values()))
    )
    for secret in (*codes, key, token, "123123", PASSWORD):
        assert secret not in written


def test_the_database_holds_neither_the_seed_nor_a_code(person):
    codes = enrol(person, log_in(person))
    seed = TokenApp.objects.get().seed.reveal()
    columns = [*TokenApp.objects.values_list(), *RecoveryCode.objects.values_list()]
    held = " ".join(str.__str__(cell) for row in columns for cell in row if isinstance(cell, str))
    for secret in (seed, *codes, *(code.replace("-", "") for code in codes)):
        assert secret not in held


def test_a_recovery_code_that_is_moved_to_another_person_opens_nothing(person):
    codes = enrol(person, log_in(person))
    other = person_with("support", name="otto")
    enrol(other, log_in(other))
    RecoveryCode.objects.filter(sheet__user=other).delete()
    RecoveryCode.objects.update(sheet=RecoverySheet.objects.get(user=other))
    client = log_in(other)
    client.post(STEP, {"token": codes[0]})
    assert not is_in(client)


def test_a_seed_that_no_key_opens_lets_nobody_in_and_a_recovery_code_still_does(person, caplog):
    codes = enrol(person, log_in(person))
    token = token_of(person, 1)
    TokenApp.objects.update(seed=Ciphertext("t1$damaged"))
    client = log_in(person)
    answer = client.post(STEP, {"token": token})
    assert "cannot be read now" in answer.content.decode()
    assert f"the second factor of person {person.pk} cannot be decrypted" in caplog.text
    assert not is_in(client)
    client.post(STEP, {"token": codes[0]})
    assert is_in(client)
    assert client.get(OWN_PAGE).status_code == 200


def test_a_seed_that_opens_no_more_while_it_is_set_up_is_begun_anew(person):
    client = log_in(person)
    client.post(OWN_PAGE, {"do": "start"})
    TokenApp.objects.update(seed=Ciphertext("t1$damaged"))
    answer = client.post(OWN_PAGE, {"do": "confirm", "token": "123456"})
    assert "Set up" in answer.content.decode()
    enrol(person, client)
    assert is_in(client)


def test_the_key_uri_is_one_that_apps_read(person):
    device = factor.start(person)
    uri = _key_uri(device, "ABC")
    assert uri == (
        "otpauth://totp/Gatehouse%3Amia?secret=ABC&issuer=Gatehouse"
        "&algorithm=SHA1&digits=6&period=30"
    )


def test_the_command_line_lets_somebody_in_once(person, capsys):
    enrol(person, log_in(person))
    call_command("recovery_code", "mia")
    code = capsys.readouterr().out.strip()
    for expected in (True, False):
        client = log_in(person)
        client.post(STEP, {"token": code})
        assert is_in(client) is expected
        forget_waiting(person)
        RecoverySheet.objects.update(throttling_failure_count=0)
    assert AuditEntry.objects.order_by("pk").last().actor_name == "recovery_code"
    with pytest.raises(CommandError):
        call_command("recovery_code", "nobody")
