"""The same request twice under one Idempotency-Key: done once, answered alike."""

import threading
from datetime import timedelta

import pytest
from django.db import OperationalError, connection
from django.utils import timezone

from gateway_project.lib.fields import Ciphertext
from gateways.api.platform import repeats
from gateways.api.platform.repeats import KEPT, LEASE, forget_answers
from gateways.models import KeptAnswer
from tests.factories import EndUserFactory
from tests.platform_caller import BRAND_SECRET, call, error, outcomes, post
from users.api.platform import users as users_page
from users.erasing import erase
from users.models import EndUser

USERS, JO = "/platform/v1/users", "/platform/v1/users/u-1"
EMAIL = "canary@mailbox.example"
USER = {"ext_user_id": "u-1", "email": EMAIL}
CHANGED = {"properties": {"level": 4}}


def named(name: str = "one", **more: str) -> dict[str, str]:
    return {"Idempotency-Key": name, **more}


def replayed(response) -> bool:
    return response.headers.get("Idempotency-Replayed") == "true"


def is_at_work() -> bool:
    """Makes the only answer that is kept one that was never given."""
    return KeptAnswer.objects.update(status=None) == 1


def test_a_repeat_is_answered_as_the_first_and_does_nothing(label):
    first = post(USERS, USER, headers=named())
    EndUser.objects.all().delete()

    again = post(USERS, USER, headers=named())

    assert (again.status_code, again.json()) == (first.status_code, first.json())
    assert outcomes(first) == ["created"]
    assert (replayed(first), replayed(again)) == (False, True)
    assert not EndUser.objects.exists()


def test_a_repeat_whose_answer_no_key_opens_is_told_that_it_was_done(label):
    post(USERS, USER, headers=named())
    KeptAnswer.objects.update(body=Ciphertext("gone$damaged"))
    refusal = post(USERS, USER, headers=named())
    assert error(refusal) == (409, "done_before", "Idempotency-Key")


def test_without_a_name_each_is_a_request_of_its_own(label):
    assert outcomes(post(USERS, USER)) == ["created"]
    assert outcomes(post(USERS, USER)) == ["unchanged"]
    assert not KeptAnswer.objects.exists()


def test_patch_delete_and_refusals_are_answered_alike_too(label):
    EndUserFactory(label=label, ext_user_id="u-1", email=EMAIL)
    for method, body in (("patch", CHANGED), ("patch", {"level": 4}), ("delete", None)):
        name = named(f"{method}-{body}".replace(" ", ""))
        first, again = (call(method, JO, body, headers=name) for _ in range(2))
        assert (again.status_code, again.content) == (first.status_code, first.content)
        assert replayed(again)
    assert KeptAnswer.objects.count() == 1, "what is told of a user goes with the user"


def test_reading_is_never_answered_from_what_is_kept(label):
    post(USERS, USER, headers=named())
    assert not replayed(call("get", JO, headers=named()))
    assert KeptAnswer.objects.count() == 1


@pytest.mark.parametrize(
    ("path", "body"), [(USERS, USER | {"email": None}), ("/platform/v1/suppressions", USER)]
)
def test_the_name_of_another_request_is_refused(label, path, body):
    post(USERS, USER, headers=named())
    refusal = post(path, body, headers=named())
    assert error(refusal) == (422, "another_request", "Idempotency-Key")
    assert EndUser.objects.get().email.reveal() == EMAIL


def test_each_key_has_names_of_its_own(label, brand_key):
    assert outcomes(post(USERS, USER, headers=named())) == ["created"]
    other = post(USERS, USER | {"ext_user_id": "u-2"}, key=BRAND_SECRET, headers=named())
    assert outcomes(other) == ["created"]


def test_who_comes_while_the_first_is_at_work_is_told_when_to_come_again(label):
    post(USERS, USER, headers=named())
    assert is_at_work()
    refusal = post(USERS, USER, headers=named())
    assert error(refusal) == (409, "still_at_work", "Idempotency-Key")
    assert refusal.headers["Retry-After"] == "1"


def test_a_request_whose_process_was_lost_is_done_by_the_next(label):
    post(USERS, USER, headers=named())
    assert is_at_work()
    KeptAnswer.objects.update(lease_until=timezone.now() - timedelta(seconds=1))
    again = post(USERS, USER, headers=named())
    assert outcomes(again) == ["unchanged"]
    assert not replayed(again)
    assert replayed(post(USERS, USER, headers=named()))


def test_the_lease_outlasts_the_request_and_the_answer_a_day(label):
    post(USERS, USER, headers=named())
    kept = KeptAnswer.objects.get()
    assert kept.lease_until - kept.created_at == LEASE
    KeptAnswer.objects.update(created_at=timezone.now() - KEPT - timedelta(seconds=1))
    assert outcomes(post(USERS, USER, headers=named())) == ["unchanged"]


def test_old_answers_are_forgotten(label):
    post(USERS, USER, headers=named("old"))
    KeptAnswer.objects.update(created_at=timezone.now() - KEPT - timedelta(seconds=1))
    post(USERS, USER, headers=named("new"))
    assert (forget_answers(), forget_answers()) == (1, 0)
    assert replayed(post(USERS, USER, headers=named("new")))


def test_what_went_wrong_on_our_side_may_go_well_the_next_time(label, monkeypatch):
    def broken(*args: object, **kwargs: object) -> None:
        raise OperationalError

    with monkeypatch.context() as patch:
        patch.setattr(users_page, "import_rows", broken)
        assert post(USERS, USER, headers=named()).status_code == 503
    assert outcomes(post(USERS, USER, headers=named())) == ["created"]


def test_an_answer_that_cannot_be_kept_is_given_all_the_same(label, monkeypatch, caplog):
    def broken(*args: object, **kwargs: object) -> None:
        raise OperationalError(EMAIL)

    monkeypatch.setattr(repeats.Turn, "_write", broken)
    assert outcomes(post(USERS, USER, headers=named())) == ["created"]
    assert "an answer was not kept: OperationalError" in caplog.text
    assert EMAIL not in caplog.text


@pytest.mark.parametrize("name", ["", " ", "ünï", "two words", "x" * 256])
def test_a_name_that_is_none_is_refused(label, name):
    refusal = post(USERS, USER, headers=named(name))
    assert error(refusal) == (400, "invalid", "Idempotency-Key")
    assert not EndUser.objects.exists()


def test_what_is_kept_holds_nothing_plain(label):
    EndUserFactory(label=label, ext_user_id=EMAIL)
    path = f"{USERS}/{EMAIL}"
    call("patch", path, {"email": EMAIL}, headers=named(EMAIL))
    with connection.cursor() as cursor:
        cursor.execute("SELECT * FROM gateways_keptanswer")
        [row] = cursor.fetchall()
    assert "canary" not in str(row)
    assert "mailbox" not in str(row)


def test_what_was_answered_about_a_user_goes_with_the_user(label):
    user = EndUserFactory(label=label, ext_user_id="u-1")
    other = EndUserFactory(label=label, ext_user_id="u-2")
    for one in (user, other):
        path = f"{USERS}/{one.ext_user_id}/"
        call("patch", path, CHANGED, headers=named(one.ext_user_id))
    erase([user], "a test")
    assert error(call("patch", f"{JO}/", CHANGED, headers=named("u-1")))[0] == 404
    assert replayed(call("patch", f"{USERS}/u-2/", CHANGED, headers=named("u-2")))


@pytest.mark.django_db(transaction=True)
def test_of_several_at_a_time_one_is_done(label):
    answers, start = [], threading.Barrier(4)

    def work():
        start.wait()
        try:
            answers.append(post(USERS, USER, headers=named()))
        finally:
            connection.close()

    threads = [threading.Thread(target=work) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    done = [answer for answer in answers if answer.status_code == 200 and not replayed(answer)]
    assert len(done) == 1
    assert {answer.status_code for answer in answers} <= {200, 409}
