"""A simulated Amazon on loopback: moto's own server, which checks every signature of a request."""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from urllib.parse import urlsplit

import requests
from moto.backends import get_backend
from moto.core.authorization import disable_iam_authentication, enable_iam_authentication
from moto.core.models import DEFAULT_ACCOUNT_ID
from moto.server import ThreadedMotoServer

from gateway_project.lib.http import HttpAnswer, HttpCall

REGION = "eu-central-1"
USER = "gatehouse"
ACTIONS = ("ses:SendEmail", "ses:SendRawEmail", "ses:GetAccount")
"""What the steps beside the form of Amazon SES have an operator allow."""


class Amazon:
    """One account in one region, with a user who may do no more than is needed."""

    def __init__(self, url: str) -> None:
        self.url = url
        self.mails = get_backend("ses")[DEFAULT_ACCOUNT_ID][REGION]
        self.topics = get_backend("sns")[DEFAULT_ACCOUNT_ID][REGION]
        self.users = get_backend("iam")[DEFAULT_ACCOUNT_ID]["aws"]
        self.users.create_user(REGION, USER)
        self.key = self.users.create_access_key(USER)
        self.allow(*ACTIONS)

    def allow(self, *actions: str) -> None:
        """The user may do these from now on, and nothing else."""
        statement = {"Effect": "Allow", "Action": list(actions), "Resource": "*"}
        policy = {"Version": "2012-10-17", "Statement": [statement]}
        self.users.put_user_policy(USER, "mails", json.dumps(policy))

    @property
    def account(self) -> dict[str, str]:
        """The configuration of a gateway of that user."""
        return {
            "access_key_id": self.key.access_key_id,
            "secret_access_key": self.key.secret_access_key,
            "region": REGION,
            "api_url": self.url,
        }

    def perform(self, call: HttpCall) -> HttpAnswer:
        """A call to a host of Amazon that anybody may make, brought to this one."""
        url = urlsplit(call.url)
        service, region, *_ = url.netloc.split(".")
        # moto's server does not look at the host: it learns from here which service is meant.
        scope = f"AWS4-HMAC-SHA256 Credential=anybody/0/{region}/{service}/aws4_request"
        with disable_iam_authentication():
            answer = requests.request(
                call.method,
                url._replace(scheme="http", netloc=urlsplit(self.url).netloc).geturl(),
                headers={"Authorization": scope},
                timeout=call.timeout,
            )
        return HttpAnswer(status=answer.status_code, body=answer.content)


@contextmanager
def simulated_amazon() -> Iterator[Amazon]:
    """It runs, and forgets everything at the end."""
    server = ThreadedMotoServer("127.0.0.1", 0, verbose=False)
    server.start()
    host, port = server.get_host_and_port()
    try:
        with enable_iam_authentication():
            yield Amazon(f"http://{host}:{port}")
    finally:
        server.stop()
        for service in ("ses", "sns", "iam"):
            get_backend(service).reset()
