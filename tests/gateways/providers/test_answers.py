import pytest
import time_machine

from gateway_project.lib.http import EgressRefused, HttpAnswer, NoAnswer, NotSent, NotTrusted
from gateway_project.lib.redaction import LOOKED_AT
from gateways.providers.answers import problem_of, transport_error
from gateways.providers.errors import GatewayMisconfigured, GatewayUnavailable, OutcomeUnknown


@pytest.mark.parametrize(
    ("error", "expected"),
    [
        (NotSent("timed out"), GatewayUnavailable),
        (NotTrusted("the certificate has expired"), GatewayMisconfigured),
        (EgressRefused("not allowed"), GatewayMisconfigured),
        (NoAnswer("timed out"), OutcomeUnknown),
    ],
)
def test_having_no_answer_means_what_was_written(error, expected):
    problem = transport_error(error)

    assert type(problem) is expected
    assert str(error) in problem.detail


@time_machine.travel("2026-09-08T08:00:00Z", tick=False)
def test_a_date_to_wait_for_is_read_as_seconds():
    answer = HttpAnswer(status=429, headers={"retry-after": "Tue, 08 Sep 2026 08:00:30 GMT"})

    assert problem_of(answer).retry_after == 30


def test_the_detail_of_a_page_for_people_is_its_status_alone():
    assert problem_of(HttpAnswer(status=502, body=b" <html>Bad gateway")).detail == "HTTP 502"


def test_the_detail_of_an_endless_answer_ends():
    detail = problem_of(HttpAnswer(status=400, body=b"no " * 100_000)).detail

    assert detail.startswith("HTTP 400: no no")
    assert len(detail) <= LOOKED_AT + len("HTTP 400: ")


def test_a_redirect_is_named_and_its_target_is_not():
    answer = HttpAnswer(
        status=302, headers={"location": "https://inner.example"}, body=b"see https://inner.example"
    )

    assert problem_of(answer).detail == "redirect, HTTP 302"


@pytest.mark.parametrize("status", [100, 199, 600, 999])
def test_a_status_that_does_not_exist_leaves_the_outcome_unknown(status):
    assert type(problem_of(HttpAnswer(status=status))) is OutcomeUnknown
