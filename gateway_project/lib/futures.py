"""Futures that are over already: for what needs no waiting among what does."""

from concurrent.futures import Future
from typing import Any


def done(result: Any = None) -> "Future[Any]":
    future: Future[Any] = Future()
    future.set_result(result)
    return future


def failed(error: Exception) -> "Future[Any]":
    future: Future[Any] = Future()
    future.set_exception(error)
    return future
