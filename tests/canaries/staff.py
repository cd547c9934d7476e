"""People of the back office at their browsers: they open all that they are led to, and type
addresses wherever something can be typed."""

import html
import re
from collections import deque
from collections.abc import Iterator
from typing import Any
from urllib.parse import urlsplit

import requests

from tests.back_office.people import browser_of, person_with
from tests.canaries.birds import PASSWORD, TYPED_ADDRESS
from tests.canaries.callers import SECONDS

LINK = re.compile(r'(?:href|hx-get|action)="(?P<to>/admin/[^"#]*)')
ID = re.compile(r"[0-9a-f]{8}-[0-9a-f-]{27}|\d+")
LEADS_OUT = ("/admin/logout/", "/admin/jsi18n/")
REASON = f"{TYPED_ADDRESS} asks why no mail comes"


class Browser:
    """One person's browser at one gateway, and what it was shown."""

    def __init__(self, url: str, key: str) -> None:
        self.url, self.key = url, key
        self.shown: dict[str, str] = {}
        self.session = requests.Session()
        self.session.cookies.set("sessionid", key)

    def open(self, path: str) -> requests.Response:
        answer = self.session.get(self.url + path, timeout=SECONDS)
        self.shown[f"GET {path}"] = f"{answer.status_code} {answer.headers}\n{answer.text}"
        return answer

    def post(self, path: str, **form: Any) -> requests.Response:
        """A form of a page."""
        if "csrftoken" not in self.session.cookies:
            self.open("/admin/password_change/")
        headers = {
            "X-CSRFToken": str(self.session.cookies["csrftoken"]),
            "Referer": self.url + path,
            "Origin": self.url,
        }
        answer = self.session.post(self.url + path, data=form, headers=headers, timeout=SECONDS)
        self.shown[f"POST {path}"] = f"{answer.status_code} {answer.headers}\n{answer.text}"
        return answer

    def crawl(self, start: str = "/admin/") -> None:
        """Opens every page that another one leads to, but one of those that differ in nothing but
        the row."""
        found, shapes = deque([start]), set[str]()
        while found:
            path = found.popleft()
            if (shape := _shape(path)) in shapes:
                continue
            shapes.add(shape)
            answer = self.open(path)
            if answer.headers["Content-Type"].startswith("text/html"):
                found.extend(_links(answer.text))


def key_of(role: str) -> str:
    """The session of somebody of that role, who has logged in."""
    return browser_of(person_with(role)).cookies["sessionid"].value


def log_in_in_vain(url: str, name: str) -> requests.Response:
    """By that name, with a password that is somebody's."""
    session = requests.Session()
    session.get(f"{url}/admin/login/", timeout=SECONDS)
    form = {
        "username": name,
        "password": PASSWORD.spelled,
        "csrfmiddlewaretoken": session.cookies["csrftoken"],
    }
    headers = {"Referer": url, "Origin": url}
    return session.post(f"{url}/admin/login/", data=form, headers=headers, timeout=SECONDS)


def _links(page: str) -> Iterator[str]:
    for link in LINK.finditer(page):
        path = html.unescape(link["to"])
        if not path.startswith(LEADS_OUT):
            yield path


def _shape(path: str) -> str:
    """The path without ids, and without filters: a list with fewer rows shows nothing else."""
    return ID.sub("#", urlsplit(path).path)
