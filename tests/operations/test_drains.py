"""What there is to drain."""

from gateway_project.operations import drains


def test_due_names_every_key_that_has_something_to_do(pretend):
    pretend.due = {"a": 1, "b": 0, "c": 2}
    assert list(drains.due()) == [("pretend", "a"), ("pretend", "c")]


def test_an_error_is_told_by_its_type_and_place_alone():
    try:
        raise ValueError("anna@mailbox.example")
    except ValueError as error:
        told = drains.where(error)
    assert told.startswith(f"ValueError at {__file__}:")
    assert "mailbox.example" not in told
