"""Every operation of the OpenAPI document, asked for what it describes and for other things."""

import json

import pytest
import schemathesis
from drf_spectacular.generators import SchemaGenerator
from hypothesis import HealthCheck, Phase, given, seed, settings
from schemathesis import GenerationMode

from tests.canaries.birds import PLATFORM_KEY, SMARTICO_KEY
from tests.fuzz.house import REQUESTS, SEED, Fuzzed, fuzzed

pytestmark = [pytest.mark.alone, pytest.mark.django_db(transaction=True)]

SEND = "/api/v1/"
SHARE = 5
"""One documented request for so many raw ones."""


def operations() -> list:
    document = json.loads(json.dumps(SchemaGenerator().get_schema(public=True), default=str))
    found = schemathesis.openapi.from_dict(document).get_all_operations()
    return [each.ok() for each in found]


def ask(server: Fuzzed, operation, mode: GenerationMode, count: int) -> None:
    """So many requests that are as described, or that are not."""
    secret = SMARTICO_KEY if operation.path.startswith(SEND) else PLATFORM_KEY

    @seed(SEED)
    @settings(
        max_examples=count,
        derandomize=False,
        database=None,
        phases=[Phase.generate],
        suppress_health_check=list(HealthCheck),
    )
    @given(operation.as_strategy(generation_mode=mode))
    def run(case) -> None:
        answer = case.call(
            base_url=f"http://127.0.0.1:{server.port}", headers={"Authorization": secret.spelled}
        )
        if operation.path.startswith(SEND):
            assert answer.status_code == 200
            assert answer.json()["error_code"] not in (50, 99)
        else:
            assert answer.status_code < 500, answer.text
        server.answers.add(f"{answer.headers}\n{answer.text}")

    run()


def test_every_operation_answers_whatever_it_is_asked(tmp_path):
    with fuzzed(tmp_path) as server:
        found = operations()
        assert len(found) > 10
        of_each = max(REQUESTS // SHARE // len(found) // len(GenerationMode), 1)
        for operation in found:
            for mode in GenerationMode:
                ask(server, operation, mode, of_each)
        server.assert_nothing_is_told()
