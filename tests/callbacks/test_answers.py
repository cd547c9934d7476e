from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from callbacks.answers import RETRY_AFTER_CAP, Outcome, judge
from gateway_project.lib.http import HttpAnswer, NoAnswer, NotSent

NOW = datetime(2026, 1, 1, tzinfo=UTC)


def verdict(body=b"", status=200, **answer):
    data = body.encode() if isinstance(body, str) else body
    return judge(HttpAnswer(status=status, body=data, **answer), now=lambda: NOW)


@pytest.mark.parametrize(
    "body",
    [
        '{"error_code": 0}',
        '{"error_code": 0,}',
        '{\n  "error_code": 0,\n}\n',
        '{"error_code": "0"}',
        '{"error_code": " 0 "}',
        '{"error_code": 0.0}',
        '{"error_code":0,"extra":[1,2,],}',
        '{"error_code": 0, "note": undefined}',
        b'\xef\xbb\xbf{"error_code": 0}',
    ],
)
def test_a_readable_zero_is_acknowledged(body):
    assert verdict(body).outcome == Outcome.ACKNOWLEDGED


@pytest.mark.parametrize(
    "body",
    [
        "",
        "OK",
        "0",
        "null",
        "[]",
        '[{"error_code": 0}]',
        "{}",
        '{"error_code": null}',
        '{"error_code": false}',
        '{"error_code": ""}',
        '{"error_code": "none"}',
        '{"error_code": [0]}',
        '{"error_code": {"error_code": 0}}',
        '{"result": {"error_code": 0}}',
        '{"errorCode": 0}',
        '<html>"error_code": 0</html>',
        "<html><body>Bad gateway</body></html>",
        '{"error_code": 0, "was": {"error_code": 7}, broken',
        b"\xff\xfe\x00",
        "[" * 50_000,
    ],
)
def test_everything_unreadable_is_a_failure(body):
    assert verdict(body).outcome == Outcome.FAILED


@pytest.mark.parametrize("words", ["email was not found", "sms was not found", "CIM NOT FOUND"])
def test_a_message_not_known_there_is_told_apart(words):
    came = verdict({"error_code": 1, "error_message": words}.__repr__().replace("'", '"'))
    assert came.outcome == Outcome.NOT_FOUND
    assert came.detail == words


@pytest.mark.parametrize(
    "body",
    [
        '{"error_code": 1, "error_message": "no reason"}',
        '{"error_code": 1}',
        '{"error_code": 1, "error_message": "api_key was not found"}',
        '{"error_code": 2, "error_message": "email was not found"}',
        '{"error_code": -1}',
        '{"error_code": "17",}',
    ],
)
def test_any_other_number_is_a_refusal(body):
    assert verdict(body).outcome == Outcome.REFUSED


@pytest.mark.parametrize("status", [401, 403])
def test_a_key_turned_away_is_unauthorised(status):
    assert verdict('{"error_code": 0}', status).outcome == Outcome.UNAUTHORISED


@pytest.mark.parametrize("status", [301, 302, 307, 308, 400, 404, 410, 429, 500, 503])
def test_another_http_status_is_a_failure_whatever_the_body_says(status):
    came = verdict('{"error_code": 0}', status)
    assert came.outcome == Outcome.FAILED
    assert came.http_status == status


def test_a_cut_answer_is_a_failure():
    assert verdict('{"error_code": 0}', is_cut=True).outcome == Outcome.FAILED


@pytest.mark.parametrize("problem", [NotSent("no connection"), NoAnswer("timed out")])
def test_no_answer_is_a_failure_that_says_why(problem):
    came = judge(problem, now=lambda: NOW)
    assert (came.outcome, came.detail) == (Outcome.FAILED, str(problem))
    assert came.http_status is None


@pytest.mark.parametrize(
    ("header", "seconds"),
    [
        ("120", 120.0),
        ("Thu, 01 Jan 2026 00:05:00 GMT", 300.0),
        ("315360000", RETRY_AFTER_CAP),
        ("soon", None),
        ("", None),
    ],
)
def test_retry_after_is_read_up_to_a_cap(header, seconds):
    assert verdict(status=503, headers={"retry-after": header}).retry_after == seconds


@given(st.binary(max_size=200), st.integers(100, 599))
def test_no_answer_breaks_the_judge_and_only_a_zero_is_heard(body, status):
    came = verdict(body, status)
    if came.outcome == Outcome.ACKNOWLEDGED:
        assert b"0" in body
        assert 200 <= status < 300
