"""Checked reading of TOML: each function takes a value out of a table and says in plain words, by the
name of the place, when it is missing or of the wrong kind, so that a slip in a data file is found at load
and not in a page."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from pathlib import Path

Scalar = str | int | float | bool


class DataError(ValueError):
    """A data file is missing something or holds something of the wrong kind."""


def read(path: Path) -> Mapping[str, object]:
    try:
        return tomllib.loads(path.read_text(encoding="utf-8"))
    except tomllib.TOMLDecodeError as error:
        raise DataError(f"{path.name}: {error}") from error


def table(value: object, where: str) -> Mapping[str, object]:
    if not isinstance(value, dict):
        raise DataError(f"{where}: expected a table")
    return value


def tables(parent: Mapping[str, object], key: str, where: str) -> list[Mapping[str, object]]:
    value = parent.get(key)
    if not isinstance(value, list):
        raise DataError(f"{where}: expected [[{key}]] entries")
    return [table(entry, f"{where}, {key} {place}") for place, entry in enumerate(value, start=1)]


def text(parent: Mapping[str, object], key: str, where: str) -> str:
    value = parent.get(key)
    if not isinstance(value, str):
        raise DataError(f"{where}: {key} must be text")
    return value


def flag(parent: Mapping[str, object], key: str, where: str) -> bool:
    value = parent.get(key)
    if not isinstance(value, bool):
        raise DataError(f"{where}: {key} must be true or false")
    return value


def texts(parent: Mapping[str, object], key: str, where: str) -> tuple[str, ...]:
    value = parent.get(key)
    if not isinstance(value, list) or not all(isinstance(entry, str) for entry in value):
        raise DataError(f"{where}: {key} must be a list of texts")
    return tuple(value)


def scalars(value: object, where: str) -> dict[str, Scalar]:
    found: dict[str, Scalar] = {}
    for key, entry in table(value, where).items():
        if not isinstance(entry, str | int | float | bool):
            raise DataError(f"{where}: {key} must be a text, a number, true or false")
        found[key] = entry
    return found
