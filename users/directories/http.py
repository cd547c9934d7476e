"""The platform's own endpoint as a directory.

404 and 410, or a JSON document in which none of the four paths leads to anything, say that there is
no such user. Any other status than 200 is no answer.
"""

import json
from concurrent.futures import Future
from http import HTTPStatus
from typing import Any
from urllib.parse import quote, urlsplit

from gateway_project.lib.http import HttpAnswer, HttpCall, http_client
from gateways.directory_kinds import PLACEHOLDER
from gateways.providers.lookups import looked_up
from users.directories.base import ANSWER_SECONDS, Directory, DirectoryDown, Record, Weakness

READ_CAP = 64 * 1024
NOBODY = (HTTPStatus.NOT_FOUND, HTTPStatus.GONE)
HERE = ("localhost", "127.0.0.1", "::1")
IN_THE_OPEN = Weakness(
    "addresses travel unencrypted", "Give its url with https; authority trusts a house's own."
)
PATHS = {name: f"{name}_at" for name in ("email", "phone", "brand", "properties")}


class HttpDirectory(Directory):
    kind = "http"

    def ask(self, ext_user_id: str) -> "Future[Any]":
        return http_client().submit(self._call(ext_user_id))

    def read(self, answer: HttpAnswer) -> Record | None:
        if answer.status in NOBODY:
            return None
        if answer.status != HTTPStatus.OK or answer.is_cut:
            raise DirectoryDown(f"HTTP {answer.status}" if not answer.is_cut else "too long")
        try:
            document = answer.json()
        except ValueError:
            raise DirectoryDown("the answer is not JSON") from None
        found = {name: looked_up(self.settings.get(at), document) for name, at in PATHS.items()}
        return found if any(value not in (None, "", {}) for value in found.values()) else None

    def weaknesses(self) -> list[Weakness]:
        url = urlsplit(self.settings["url"])
        return [IN_THE_OPEN] if url.scheme != "https" and url.hostname not in HERE else []

    def _call(self, ext_user_id: str) -> HttpCall:
        """The id goes in as a value, whatever it holds."""
        settings = self.settings
        headers = {"accept": "application/json", **settings.get("headers", {})}
        if authorization := settings.get("authorization"):
            headers["authorization"] = authorization
        body = b""
        if settings["method"] == "POST":
            headers["content-type"] = "application/json"
            body = json.dumps({"ext_user_id": ext_user_id}).encode()
        return HttpCall(
            method=settings["method"],
            url=settings["url"].replace(PLACEHOLDER, quote(ext_user_id, safe="")),
            headers=headers,
            body=body,
            timeout=ANSWER_SECONDS,
            read_cap=READ_CAP,
            authority=settings.get("authority", ""),
        )
