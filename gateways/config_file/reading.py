"""YAML text and the environment become plain data.

Plain scalars are read as JSON would: null, true, false and whole numbers; everything else is text.
So `NO` is Norway, `0049` keeps its zeros and `12:30` is not a number of minutes.
"""

import re
from collections.abc import Hashable, Mapping
from typing import Any

import yaml

from gateways.config_file.problems import ConfigFileRefused, Problem, under

TAGS = ("map", "seq", "str", "null", "bool", "int")
PLACEHOLDER = re.compile(r"\$\$\{|\$\{(?P<name>[^}]*)\}?")
ESCAPED = "$${"
NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")
HARMLESS = re.compile(r"""(?:[^'"]|'\W'|"\W")*""")


class _Loader(yaml.SafeLoader):
    """Safe, with JSON's scalars, and with a key that is given twice as an error."""

    yaml_implicit_resolvers: dict[str, Any] = {}
    yaml_constructors = {
        tag: construct
        for tag, construct in yaml.SafeLoader.yaml_constructors.items()
        if tag is None or tag.removeprefix("tag:yaml.org,2002:") in TAGS
    }

    def construct_mapping(self, node: yaml.MappingNode, deep: bool = False) -> dict[Hashable, Any]:
        seen = set()
        for key, _ in node.value:
            if isinstance(key, yaml.ScalarNode) and not key.tag.endswith(":merge"):
                if key.value in seen:
                    raise yaml.MarkedYAMLError(
                        problem="this key is given twice", problem_mark=key.start_mark
                    )
                seen.add(key.value)
        return super().construct_mapping(node, deep=deep)


for _tag, _pattern, _first in (
    ("null", r"(?:~|null|Null|NULL|)$", ["~", "n", "N", ""]),
    ("bool", r"(?:true|True|TRUE|false|False|FALSE)$", list("tTfF")),
    ("int", r"-?(?:0|[1-9][0-9]*)$", list("-0123456789")),
    ("merge", r"<<$", ["<"]),
):
    _Loader.add_implicit_resolver(f"tag:yaml.org,2002:{_tag}", re.compile(_pattern), _first)


def read(text: str, environment: Mapping[str, str]) -> Any:
    """The file as plain data, every `${NAME}` filled from the environment.

    `$${` stands for `${` itself. Raises ConfigFileRefused, which names all missing names at once.
    """
    try:
        document = _loaded(text)
        problems: list[Problem] = []
        filled = _filled(document, "", environment, problems)
    except RecursionError:
        raise ConfigFileRefused([Problem(place="", text="it is nested too deeply")]) from None
    if problems:
        raise ConfigFileRefused(problems)
    return filled


def _loaded(text: str) -> Any:
    try:
        return _Loader(text).get_single_data()
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        where = f"line {mark.line + 1}, column {mark.column + 1}" if mark else ""
        raise ConfigFileRefused([Problem(place=where, text=_words(error.problem))]) from None
    except yaml.reader.ReaderError as error:
        line = text.count("\n", 0, error.position) + 1
        column = error.position - text.rfind("\n", 0, error.position)
        problem = Problem(place=f"line {line}, column {column}", text="a character is not allowed")
        raise ConfigFileRefused([problem]) from None


def _words(problem: str | None) -> str:
    """The parser's words up to the first quotation of the file, which may be of a secret."""
    found = HARMLESS.match(problem or "")
    return f"not valid YAML: {found.group().strip() if found else ''}".rstrip(": ")


def _filled(value: Any, place: str, environment: Mapping[str, str], problems: list[Problem]) -> Any:
    if isinstance(value, dict):
        return {
            key: _filled(inner, under(place, key), environment, problems)
            for key, inner in value.items()
        }
    if isinstance(value, list):
        return [
            _filled(inner, under(place, position), environment, problems)
            for position, inner in enumerate(value)
        ]
    return _filled_text(value, place, environment, problems) if isinstance(value, str) else value


def _filled_text(
    text: str, place: str, environment: Mapping[str, str], problems: list[Problem]
) -> str:
    def fill(match: re.Match[str]) -> str:
        if match[0] == ESCAPED:
            return match[0][1:]
        name = match["name"]
        if not NAME.fullmatch(name) or not match[0].endswith("}"):
            problems.append(Problem(place=place, text="${...} must hold a name"))
        elif name not in environment:
            problems.append(Problem(place=place, text=f"the environment has no {name}"))
        return environment.get(name, "")

    return PLACEHOLDER.sub(fill, text)
