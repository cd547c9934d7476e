"""The services of django-anymail, made from the table in `services`.

anymail composes the requests, reads the answers, proves the webhooks and normalises their events;
this adapter lends it the guarded door and says what its words mean to Smartico. Of the headers
only our own id and List-Unsubscribe go along: not every service lets a Message-ID be set.
"""

import threading
import warnings
from collections.abc import Mapping
from http import HTTPStatus
from typing import Any, ClassVar
from urllib.parse import quote, urljoin

import requests
from anymail.backends.base import AnymailBaseBackend
from anymail.exceptions import AnymailConfigurationError, AnymailError
from anymail.message import AnymailStatus
from anymail.webhooks.base import AnymailBaseWebhookView
from django import forms
from django.core.exceptions import BadRequest, SuspiciousOperation, ValidationError
from django.core.mail import EmailMultiAlternatives
from django.http.multipartparser import MultiPartParserError
from django.utils.module_loading import import_string

from gateway_project.lib.requests_door import GuardedSession
from gateway_project.lib.transport import TransportError
from gateway_project.lib.vocabulary import Channel, Status
from gateways.providers.anymail.events import ID_KEY, updates_of
from gateways.providers.anymail.freshness import is_fresh
from gateways.providers.anymail.outcomes import answer_of, problem_in, refusal_of, result_of
from gateways.providers.anymail.requests_in import django_request, singly
from gateways.providers.anymail.service import Service, grouped
from gateways.providers.anymail.services import SERVICES as TABLE
from gateways.providers.base import (
    ID_HEADER,
    BlockingProvider,
    ConfigForm,
    GatewayUnavailable,
    MessageRejected,
    OutboundMessage,
    OutcomeUnknown,
    Provider,
    ProviderError,
    SendResult,
    StatusUpdate,
    WebhookRefused,
    WebhookRequest,
    is_success,
    transport_error,
)
from gateways.providers.fields import CertificateField
from gateways.providers.links import UnsubscribeOption, unsubscribe_headers
from gateways.providers.mails import compose
from gateways.providers.values import check_values

UNREADABLE = (
    AnymailConfigurationError,
    AnymailError,
    ArithmeticError,
    AssertionError,
    AttributeError,
    LookupError,
    TypeError,
    ValueError,
)
"""What anymail raises over a body that is not what the service sends."""
BY_OUR_LINK = frozenset({Status.UNSUBSCRIBED})
NO_WEBHOOK = (
    *UNREADABLE,
    *(BadRequest, MultiPartParserError, SuspiciousOperation),
    *(OSError, RecursionError),  # times beyond the calendar, and what is nested without end
)
"""And what Django and Python raise over a request."""
REFUSED_AS_EMPTY = (HTTPStatus.OK, HTTPStatus.BAD_REQUEST, HTTPStatus.UNPROCESSABLE_ENTITY)
_warnings_lock = threading.Lock()


class AnymailProvider(BlockingProvider):
    """Keeps one backend, with its connections, per thread."""

    channels = (Channel.EMAIL,)
    service: ClassVar[Service]

    def __init__(self, config: Mapping[str, Any], **urls: str) -> None:
        super().__init__(config, **urls)
        self._of_this_thread = threading.local()
        self._backends: list[AnymailBaseBackend] = []

    def send(self, message: OutboundMessage) -> SendResult:
        mail = self.mail(message)
        result = self._outcome(mail)
        if isinstance(result, ProviderError):
            raise result
        return result

    def mail(self, message: OutboundMessage) -> EmailMultiAlternatives:
        """The message as anymail takes it, our id in its metadata and in a header."""
        service = self.service
        is_listed = service.takes_headers and self.config.get("list_unsubscribe")
        headers = unsubscribe_headers(self.public_url, message.id) if is_listed else {}
        mail = compose(message, headers)
        if not service.takes_message_id:
            del mail.extra_headers["Message-ID"]
        if not service.takes_headers:
            del mail.extra_headers[ID_HEADER]
        if service.takes_metadata:
            mail.metadata = {ID_KEY: message.id}  # type: ignore[attr-defined]
        return mail

    def _outcome(self, mail: EmailMultiAlternatives) -> SendResult | ProviderError:
        status = AnymailStatus()
        try:
            self._backend().send_messages([mail])
        except TransportError as error:
            return transport_error(error)
        except AnymailError as error:
            status = getattr(mail, "anymail_status", status)
            if not status.recipients:
                return problem_in(error, self.service.refusals)
        except requests.RequestException:
            return OutcomeUnknown("no whole answer came back")
        except UNREADABLE:
            if getattr(getattr(mail, "anymail_status", None), "esp_response", None) is None:
                return MessageRejected("the message cannot be written for this service")
            return OutcomeUnknown("the service's answer cannot be read")
        status = getattr(mail, "anymail_status", status)
        told = next(iter(status.recipients.values()), None)
        return result_of(told.status, told.message_id) if told else result_of(None, None)

    def reported(self, channel: Channel) -> frozenset[Status]:
        """What the service tells, and what our own link does where it is added."""
        is_listed = self.service.takes_headers and self.config.get("list_unsubscribe")
        return self.service.reports | (BY_OUR_LINK if is_listed else frozenset())

    def check_connection(self) -> str:
        """Makes the call of the table. Only an answer that fits it is a success."""
        check = self.service.check
        if check is None:
            raise NotImplementedError
        backend = self._new_backend()
        try:
            response = self._ask(backend)
        except TransportError as error:
            problem = transport_error(error)
        except requests.RequestException:
            problem = GatewayUnavailable("no whole answer came back")
        else:
            return self._found(response)
        finally:
            backend.close()
        raise problem

    def _ask(self, backend: Any) -> requests.Response:
        """Performs the check, with the credentials where anymail puts them."""
        check = self.service.check
        assert check is not None  # noqa: S101 (asked by check_connection only)
        mail = EmailMultiAlternatives(from_email="a@example.com", to=["b@example.com"])
        params = backend.build_message_payload(mail, {}).get_request_params(backend.api_url)
        given = {name: quote(str(self.config.get(name, ""))) for name in self.service.account}
        backend.open()
        response: requests.Response = backend.session.request(
            check.method,
            urljoin(backend.api_url, check.path.format(**given)),
            params=params["params"],
            headers=params["headers"],
            auth=params["auth"],
            data=check.body.format(**self.config) or None,
        )
        return response

    def _found(self, response: requests.Response) -> str:
        check = self.service.check
        answer = answer_of(response)
        is_empty_message = check is not None and check.is_empty_message
        if is_empty_message and answer.status in REFUSED_AS_EMPTY:
            problem = refusal_of(answer, self.service.refusals)
            if isinstance(problem, MessageRejected):
                return f"{self.title} took the credentials, and refused an empty message."
            raise problem
        if is_success(answer) and answer.text.lstrip()[:1] in ("{", "[", '"'):
            return f"{self.title} took the credentials."
        if answer.status in (HTTPStatus.UNAUTHORIZED, HTTPStatus.FORBIDDEN):
            raise refusal_of(answer, self.service.refusals)
        problem = refusal_of(answer, self.service.refusals)
        named = any(f'"{word}"' in answer.text for word in self.service.refusals)
        raise problem if named else GatewayUnavailable(f"cannot tell: HTTP {answer.status}")

    def verify_webhook(self, request: WebhookRequest) -> None:
        """Has anymail's view prove it, where the account holds what proves it."""
        if not self.service.view:
            raise WebhookRefused("this provider sends no webhooks")
        if not self._is_signed():
            return
        try:
            is_proven = self._is_proven(request)
        except NO_WEBHOOK:
            is_proven = False
        if not is_proven:
            raise WebhookRefused("the signature or password is missing, too old or does not fit")

    def parse_webhook(self, request: WebhookRequest) -> list[StatusUpdate]:
        return [
            update
            for each in singly(request, self.service.is_listed)
            for update in self._updates(each)
        ]

    def _updates(self, request: WebhookRequest) -> list[StatusUpdate]:
        """The reports of one event; an unknown one where it cannot be read."""
        try:
            events = self._view(request).parse_events(django_request(request))
            return [update for event in events for update in updates_of(event, self.service)]
        except NO_WEBHOOK:
            text = request.body.decode("utf-8", "replace")
            return [StatusUpdate(status=None, detail="an event that cannot be read", unread=text)]

    def _is_proven(self, request: WebhookRequest) -> bool:
        """Whether it is no older than its signature may be. Raises one of NO_WEBHOOK for a wrong
        one."""
        check_values(request.body)
        asked, signed_at = django_request(request), self.service.signed_at
        self._view(request).run_validators(asked)
        return not signed_at or is_fresh(asked, signed_at)

    def _is_signed(self) -> bool:
        given = any(self.config.get(name) for name in self.service.webhook)
        return self.service.is_always_signed or given

    def _view(self, request: WebhookRequest) -> AnymailBaseWebhookView:
        return view_of(self.service, self.config, request.url)

    def close(self) -> None:
        while self._backends:
            self._backends.pop().close()
        self._of_this_thread = threading.local()

    def _backend(self) -> AnymailBaseBackend:
        backend = getattr(self._of_this_thread, "backend", None)
        if backend is None:
            backend = self._of_this_thread.backend = self._new_backend()
            backend.open()
            self._backends.append(backend)
        return backend

    def _new_backend(self) -> AnymailBaseBackend:
        names = self.service.account
        backend = _guarded(self.service, self.config.get("authority", ""))
        return _quietly(backend, **_given(self.config, names))


def view_of(service: Service, config: Mapping[str, Any], url: str) -> AnymailBaseWebhookView:
    """anymail's view with this account's keys, for a webhook to that URL. Raises ValueError where a
    key is none."""
    kwargs = {theirs: config.get(ours, "") for ours, theirs in service.view_names.items()}
    if service.has_optional_key:
        kwargs = {theirs: key for theirs, key in kwargs.items() if key}
    kwargs |= service.view_settings
    if service.signs_url:
        kwargs["webhook_url"] = url
    user, password = config.get("webhook_user", ""), config.get("webhook_password", "")
    kwargs["webhook_secret"] = [f"{user}:{password}"] if user or password else []
    cls = import_string(f"anymail.webhooks.{service.module}.{service.view}")
    return _quietly(cls, **kwargs)


def _quietly(cls: Any, **kwargs: Any) -> Any:
    """anymail warns of webhooks without a password, and of SendGrid: the wizard says both."""
    with _warnings_lock, warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return cls(**kwargs)


def _given(config: Mapping[str, Any], names: Mapping[str, Any]) -> dict[str, Any]:
    return {name: config[name] for name in names if config.get(name)}


def _guarded(service: Service, authority: str) -> type[AnymailBaseBackend]:
    """The service's backend over the guarded door."""
    backend = import_string(f"anymail.backends.{service.module}.EmailBackend")
    door = {"create_session": lambda self: GuardedSession(authority)}
    return type("EmailBackend", (backend,), door)


def _clean(service: Service) -> Any:
    def clean(form: forms.Form) -> None:
        """Refuses a webhook key that none of the service's could be."""
        if form.errors or not service.view:
            return
        if bool(form.cleaned_data.get("webhook_user")) != bool(
            form.cleaned_data.get("webhook_password")
        ):
            raise ValidationError("Webhook user and password are given both or not at all.")
        try:
            view_of(service, form.cleaned_data, "")
        except (ValueError, TypeError):
            problem = "The webhook's key is not one of this service."
        else:
            return
        raise ValidationError(problem)

    return clean


def _config(service: Service, options: tuple[type[ConfigForm], ...]) -> type[ConfigForm]:
    groups = grouped(service, [name for option in options for name in option.base_fields])
    fields = {**service.account, **service.webhook, "authority": CertificateField()}
    members = {**fields, "clean": _clean(service), "groups": groups}
    return type("Config", (*options, ConfigForm), members)


def made(service: Service, base: type[AnymailProvider] = AnymailProvider) -> type[AnymailProvider]:
    """The provider of one row."""
    members: dict[str, Any] = {
        "__doc__": f"{service.title} through django-anymail.",
        "service": service,
        "slug": service.slug,
        "title": service.title,
        "needs": service.needs,
        "instructions": service.steps,
        "reports": service.reports | (BY_OUR_LINK if service.takes_headers else frozenset()),
        "proof": service.proof,
    }
    options = (UnsubscribeOption,) if service.takes_headers else ()
    members["Config"] = _config(service, options)
    if not service.view:
        members["parse_webhook"] = Provider.parse_webhook
    return type(service.title.replace(" ", ""), (base,), members)


PROVIDERS = tuple(made(service) for service in TABLE)
