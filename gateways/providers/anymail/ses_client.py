"""boto3's client of Amazon SES, held to one account and to the guarded door.

Nothing of the machine's own AWS set-up counts: no variable of the environment, no file, no
credentials of the instance, no proxy and no endpoint but the configured one.
"""

import os
from collections.abc import Iterator, Mapping
from io import BytesIO
from typing import Any

import requests
from anymail.backends.amazon_ses import EmailBackend
from botocore.awsrequest import AWSPreparedRequest, AWSResponse
from botocore.exceptions import BotoCoreError, ClientError
from botocore.session import Session

from gateway_project.lib.requests_door import GuardedSession
from gateway_project.lib.transport import HttpAnswer, NoAnswer
from gateways.providers.anymail.ses_outcomes import problem_of_ses
from gateways.providers.base import GatewayUnavailable, ProviderError, is_success

NO_FILE = {"config_file": os.devnull, "credentials_file": os.devnull}
CLIENT = {
    "ignore_configured_endpoint_urls": True,
    "proxies": {},
    # Whether a mail goes again is decided by the engine.
    "retries": {"total_max_attempts": 1, "mode": "standard"},
}
FRAMING = ("content-length", "transfer-encoding", "host")


class GuardedBackend(EmailBackend):  # type: ignore[misc]
    """anymail's backend with a client of its own. Raises a TransportError where the door does."""

    def __init__(self, config: Mapping[str, Any]) -> None:
        super().__init__(
            session_params={
                "botocore_session": _session(),
                "aws_access_key_id": config["access_key_id"],
                "aws_secret_access_key": config["secret_access_key"],
                "region_name": config["region"],
            },
            client_params={"endpoint_url": config.get("api_url"), "config": CLIENT},
            configuration_set_name=config.get("configuration_set"),
        )
        self.door = GuardedSession(config.get("authority", ""))

    def open(self) -> bool:
        is_new: bool = super().open()
        if is_new:
            self.client.meta.events.register_first("before-send", self._through_the_door)
        return is_new

    def account(self) -> Mapping[str, Any]:
        """What GetAccount tells. Raises a ProviderError or a TransportError."""
        problem: ProviderError = GatewayUnavailable("no whole answer came back")
        try:
            told: Mapping[str, Any] = self.client.get_account()
        except ClientError as error:
            problem = problem_of_ses(error.response)
        except (BotoCoreError, requests.RequestException):
            pass
        else:
            return told
        raise problem

    def close(self) -> None:
        super().close()
        self.door.close()

    def _through_the_door(self, request: AWSPreparedRequest, **_: object) -> AWSResponse:
        """What botocore takes instead of calling by itself."""
        prepared = requests.Request(
            request.method, request.url, headers=_headers(request), data=request.body
        )
        response = self.door.send(self.door.prepare_request(prepared))
        body = _Body(_json_object(response))
        return AWSResponse(request.url, response.status_code, response.headers, body)


class _Body(BytesIO):
    """A body as botocore reads it."""

    def stream(self, **_: object) -> Iterator[bytes]:
        yield self.read()


def _session() -> Session:
    variables = Session.SESSION_VARIABLES.items()
    return Session(
        session_vars={
            name: (None, None, NO_FILE.get(name, default), conversion)
            for name, (_, _, default, conversion) in variables
        }
    )


def _headers(request: AWSPreparedRequest) -> dict[str, str]:
    """The signed headers as text; how the body is framed is left to the door."""
    return {
        name: value.decode() if isinstance(value, bytes) else str(value)
        for name, value in request.headers.items()
        if name.lower() not in FRAMING
    }


def _json_object(response: requests.Response) -> bytes:
    """The body, which botocore expects to be a JSON object: an empty one where a refusal is none.

    Raises NoAnswer for a yes that is none: nobody knows what became of the mail.
    """
    answer = HttpAnswer(status=response.status_code, body=response.content)
    try:
        is_object = isinstance(answer.json(), dict)
    except ValueError:
        is_object = False
    if is_object:
        return answer.body
    if is_success(answer):
        raise NoAnswer("the answer cannot be read")
    return b"{}"
