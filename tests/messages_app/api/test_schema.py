"""The OpenAPI document of all calls, for staff: whole, and nothing in it guessed."""

import json

import pytest
from drf_spectacular.generators import SchemaGenerator
from drf_spectacular.validation import validate_schema

CUSTOM_IM = "/api/v1/custom-im"


@pytest.fixture
def told(capsys):
    """It is made without a word of warning."""
    document = SchemaGenerator().get_schema(request=None, public=True)
    assert capsys.readouterr().err == ""
    return json.loads(json.dumps(document))


def operations(told):
    return [
        operation
        for members in told["paths"].values()
        for method, operation in members.items()
        if method in ("get", "post", "put", "patch", "delete")
    ]


def test_it_is_valid_openapi(told):
    validate_schema(told)
    assert told["openapi"] == "3.1.0"


def test_every_name_of_an_operation_is_its_own(told):
    names = [operation["operationId"] for operation in operations(told)]
    assert len(set(names)) == len(names)


def test_a_custom_im_with_and_without_its_template_are_two_operations_alike_in_all_else(told):
    without, by_template = (
        members["post"] for path, members in told["paths"].items() if path.startswith(CUSTOM_IM)
    )
    assert (without["operationId"], by_template["operationId"]) == (
        *("send_custom_im", "send_custom_im_by_template"),
    )
    assert [each["name"] for each in by_template["parameters"]] == ["template_slug"]
    for part in ("requestBody", "responses"):
        assert without[part] == by_template[part]
