"""The platform API as it is served: every refusal in one shape, whichever layer it comes from."""

import json
from http.client import HTTPConnection

import pytest
from django.conf import settings

from gateways.models import KeptAnswer
from tests import factories
from tests.operations.web_server import web_server
from tests.platform_caller import PLATFORM_SECRET, platform_key

USERS, JO = "/platform/v1/users", "/platform/v1/users/jo"
EMAIL = "canary@mailbox.example"
USER = json.dumps({"ext_user_id": "jo", "email": EMAIL})
NAME = {"Idempotency-Key": "the-first"}
STRANGER = "the-secret-of-a-distant-house"

REFUSALS = [
    (400, "not_json", "POST", USERS, f'{{"email": "{EMAIL}"', {}),
    (401, "not_authorised", "POST", USERS, USER, {"Authorization": EMAIL}),
    (403, "not_allowed", "POST", USERS, USER, {"Authorization": STRANGER}),
    (404, "not_found", "GET", f"{USERS}/{EMAIL}", None, {}),
    (404, "not_found", "GET", f"/platform/v2/{EMAIL}", None, {}),
    (405, "no_such_method", "PUT", JO, USER, {}),
    (406, "not_acceptable", "GET", JO, None, {"Accept": "text/html"}),
    (409, "still_at_work", "POST", USERS, USER, NAME),
    (413, "too_large", "POST", USERS, f'"{EMAIL}{" " * settings.BODY_LIMIT}"', {}),
    (413, "too_many", "POST", USERS, f"[{','.join(['{}'] * 10_001)}]", {}),
    (415, "not_json", "POST", USERS, USER, {"Content-Type": "text/plain"}),
    (415, "not_json", "POST", USERS, USER, {"Content-Encoding": "gzip"}),
    (422, "invalid", "POST", USERS, json.dumps({"ext_user_id": "jo", "email": f"{EMAIL}!"}), {}),
    (422, "another_request", "POST", USERS, json.dumps({"ext_user_id": "al"}), NAME),
    (422, "invalid", "GET", f"{USERS}?limit={EMAIL}", None, {}),
]


@pytest.fixture
def port(transactional_db, tmp_path):
    """A real web server before one label with a key, and one that takes calls from elsewhere."""
    platform_key(factories.LabelFactory())
    platform_key(factories.LabelFactory(allowed_ips=["203.0.113.0/24"]), secret=STRANGER)
    with web_server(tmp_path) as port:
        yield port


def ask(port, method, path, body=None, headers=None):
    connection = HTTPConnection("127.0.0.1", port, timeout=30)
    usual = {"Authorization": PLATFORM_SECRET, "Content-Type": "application/json"}
    connection.request(method, path, body, usual | (headers or {}))
    answer = connection.getresponse()
    return answer, answer.read().decode()


def test_every_refusal_has_the_same_shape_and_repeats_nothing(port):
    answer, _ = ask(port, "POST", USERS, USER, NAME)
    assert answer.status == 200
    KeptAnswer.objects.update(status=None)
    for status, code, method, path, body, headers in REFUSALS:
        answer, text = ask(port, method, path, body, headers)
        assert (answer.status, answer.headers["Content-Type"]) == (status, "application/json"), code
        told = json.loads(text)["error"]
        assert told["code"] == code
        assert told["message"]
        assert told.keys() <= {"code", "message", "field"}
        assert "canary" not in text + str(answer.headers)
        assert answer.headers["Cache-Control"] == "no-store"
        assert ("WWW-Authenticate" in answer.headers) == (status == 401)
        assert ("Retry-After" in answer.headers) == (status == 409)
    answer, _ = ask(port, "PUT", JO, USER)
    assert answer.headers["Allow"] == "GET, PATCH, DELETE, HEAD, OPTIONS"


def test_a_repeat_is_answered_by_whichever_process_takes_it(port):
    first, text = ask(port, "POST", USERS, USER, NAME)
    for _ in range(6):
        again, repeated = ask(port, "POST", USERS, USER, NAME)
        assert (again.status, repeated) == (first.status, text)
        assert again.headers["Idempotency-Replayed"] == "true"
        assert again.headers["Content-Type"] == "application/json"
