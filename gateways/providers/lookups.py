"""JMESPath expressions of operators, limited to what ends soon whatever it is held against.

A value in a document is found in no more steps than the document has parts, times the expression's
own: what builds new lists or joins texts, and so could double them again and again, is left out.
"""

from collections.abc import Mapping
from typing import Any

import jmespath
from django import forms
from django.core.exceptions import ValidationError
from jmespath.exceptions import JMESPathError

LONGEST = 200
DEEPEST = 24
FUNCTIONS = frozenset(
    {"contains", "ends_with", "length", "not_null", "starts_with", "to_number", "to_string", "type"}
)
PARTS = frozenset(
    {
        "and_expression",
        "comparator",
        "current",
        "field",
        "filter_projection",
        "flatten",
        "function_expression",
        "identity",
        "index",
        "index_expression",
        "literal",
        "not_expression",
        "or_expression",
        "pipe",
        "projection",
        "slice",
        "subexpression",
        "value_projection",
    }
)


class PathField(forms.CharField):
    """Where in a JSON document something stands, as a JMESPath expression."""

    def __init__(self, **kwargs: Any) -> None:
        kwargs.setdefault("required", False)
        super().__init__(**kwargs)

    def validate(self, value: Any) -> None:
        super().validate(value)
        if value and (problem := problem_of(value)):
            raise ValidationError(problem)


def problem_of(expression: str) -> str | None:
    """What is wrong with an expression, in words that quote nothing of it; None if it is good."""
    if len(expression) > LONGEST:
        return f"A JMESPath of at most {LONGEST} characters is possible."
    try:
        parsed = jmespath.compile(expression).parsed
    except JMESPathError:
        return 'A JMESPath is expected, such as message.id or "message-id".'
    except RecursionError:
        return "The JMESPath is nested too deeply."
    return _problem_in(parsed, DEEPEST)


def _problem_in(part: Mapping[str, Any], levels: int) -> str | None:
    if levels == 0:
        return f"The JMESPath is nested deeper than {DEEPEST} levels."
    if part["type"] not in PARTS:
        return "Lists, mappings and references cannot be made here: name what is to be read."
    if part["type"] == "function_expression" and part["value"] not in FUNCTIONS:
        return f"Of the functions only these are possible: {', '.join(sorted(FUNCTIONS))}."
    problems = (
        _problem_in(child, levels - 1) for child in part["children"] if isinstance(child, Mapping)
    )
    return next((problem for problem in problems if problem), None)


def looked_up(expression: str | None, document: object) -> Any:
    """What stands there; None where nothing does, or no expression is given."""
    if not expression:
        return None
    try:
        return jmespath.search(expression, document)
    except (JMESPathError, ValueError, TypeError, OverflowError, RecursionError):
        return None


def as_word(value: object) -> str:
    """A text, number or truth as one word; "" for anything else."""
    if isinstance(value, bool):
        return "true" if value else "false"
    return str(value).strip() if isinstance(value, str | int | float) else ""
