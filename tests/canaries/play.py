"""A day at the gateway: what is sent, told, looked at and broken, in that order."""

import time
from collections.abc import Iterable
from concurrent.futures import ThreadPoolExecutor
from contextlib import redirect_stdout
from dataclasses import dataclass, field
from io import StringIO
from urllib.parse import quote

from django.core.management import CommandError, call_command
from django.db import connection
from django.db.models import Q

from gateway_project.lib.vocabulary import Channel
from gateways.models import Gateway
from messages_app.models import Message, Relay, SendAttempt, State
from tests.canaries.birds import (
    ADDRESS_AS_ID,
    CALLBACK_PATH,
    ELSEWHERE_KEY,
    MISTYPED,
    PREVIEW_ADDRESS,
    SOUGHT_ADDRESS,
    TYPED_ADDRESS,
    address,
    telephone,
)
from tests.canaries.callers import PREVIEW, Platform, Reporter, Smartico
from tests.canaries.house import (
    MAIL_NUMBER,
    REPORTED,
    REPORTED_NUMBER,
    SANDBOX_NUMBERS,
    House,
)
from tests.canaries.others import DIRECTORY, PLATFORM_PATH, SMARTICO_PATH, Others
from tests.canaries.providers import Mood, Road
from tests.canaries.staff import REASON, Browser, key_of, log_in_in_vain
from tests.canaries.world import Gatehouse
from tests.gateways.providers.mail_peer import MailPeer
from tests.operations.surroundings import wait_until
from tests.peers import HttpPeer
from users.directories.door import PAUSE_SECONDS
from users.models import EndUser

ROLES = ("support", "operator", "auditor", "administrator")
BROKEN_TABLE = "users_enduser"
MOST_TIMES_AGAIN = 3 * len(DIRECTORY)
IMPORT_PAGE = "/admin/users/importrun/add/"
USERS_FILE = f"""ext_user_id,brand,email,phone
imported,,{address(70)},{telephone(70)}
{"x" * 300},,{address(71)},{telephone(71)}
{address(72)},{address(72)},{address(72)},{telephone(72)}
,,{address(73)},{telephone(73)},{telephone(73)}
"""


@dataclass(kw_only=True)
class Day:
    """Who takes part, and what they were answered."""

    gatehouse: Gatehouse
    house: House
    roads: list[Road]
    mail: MailPeer
    others: Others
    smartico: Smartico = field(init=False)
    smartico_elsewhere: Smartico = field(init=False)
    reporter: Reporter = field(init=False)
    platform: Platform = field(init=False)
    in_debug: list[str] = field(default_factory=list)
    browsers: dict[str, Browser] = field(default_factory=dict)
    told: list[str] = field(default_factory=list)
    revealed: str = ""
    error_codes: set[int] = field(default_factory=set)
    error_codes_elsewhere: set[int] = field(default_factory=set)

    def __post_init__(self) -> None:
        url = self.gatehouse.url
        called_at = {"url": url, "callback_url": self.others.smartico.url}
        self.smartico = Smartico(**called_at)
        self.smartico_elsewhere = Smartico(**called_at, key=ELSEWHERE_KEY)
        self.reporter, self.platform = Reporter(url=url), Platform(url=url)

    def play(self) -> None:
        self.send_through_the_sandbox()
        self.send_to_those_who_live_elsewhere()
        self.send_on_every_road()
        self.send_mail()
        self.error_codes = self.smartico.post_what_is_refused()
        self.report()
        self.platform.tell()
        self.bring_users()
        self.wait_for_the_callbacks()
        self.look_around()
        self.type_and_reveal()
        self.give_commands()
        self.break_it()

    @property
    def callback_url(self) -> str:
        return f"{self.others.smartico.url}/{CALLBACK_PATH.spelled}"

    def send_through_the_sandbox(self) -> None:
        users = [f"sandbox{word}" for word in SANDBOX_NUMBERS] + [ADDRESS_AS_ID]
        self.smartico.post_all(
            [(channel, f"{channel}-{user}", user) for channel in Channel for user in users]
        )
        for who, named, more in (
            ("sandbox", address(SANDBOX_NUMBERS[""]), {}),
            ("nobody", PREVIEW_ADDRESS, PREVIEW),
        ):
            called_at = f"{self.callback_url}?to={quote(named)}&who={named.upper()}"
            self.smartico.post(Channel.EMAIL, f"named-{who}", who, callback_url=called_at, **more)

    def send_to_those_who_live_elsewhere(self) -> None:
        """Whatever their directory answers; after three failures it is left alone for a while."""
        self._send_elsewhere("first", (*DIRECTORY, ADDRESS_AS_ID))
        for times in range(MOST_TIMES_AGAIN):
            if missed := DIRECTORY.keys() - self.others.looked_up:
                time.sleep(PAUSE_SECONDS)
                self._send_elsewhere(f"again-{times}", missed)
        assert self.others.looked_up >= DIRECTORY.keys()

    def _send_elsewhere(self, uid: str, users: Iterable[str]) -> None:
        answers = self.smartico_elsewhere.post_all(
            [
                (channel, f"{channel}-{uid}-{user}", user)
                for channel in (Channel.EMAIL, Channel.SMS)
                for user in users
            ]
        )
        self.error_codes_elsewhere |= {answer["error_code"] for answer in answers}

    def send_on_every_road(self) -> None:
        """Once in each mood of the providers."""
        for mood in Mood:
            for road in self.roads:
                road.mood = mood
            self.smartico.post_all(
                [(road.channel, f"{mood.name}-{road.name}", road.name) for road in self.roads]
            )
            wait_until(lambda mood=mood: all(mood in road.shown for road in self.roads))

    def send_mail(self) -> None:
        self.smartico.post(Channel.EMAIL, "mail-good", "smtp")
        wait_until(lambda: _was_tried("mail-good"))
        self.mail.answers["RCPT"] = f"550 5.1.1 <{address(MAIL_NUMBER).upper()}> is unknown"
        self.smartico.post(Channel.EMAIL, "mail-bad", "smtp")
        wait_until(lambda: _was_tried("mail-bad"))

    def report(self) -> None:
        user = EndUser.objects.get(ext_user_id=REPORTED)
        self.reporter.post_recorded(
            self.house.gateways, user, REPORTED_NUMBER, callback_url=self.callback_url
        )
        self.reporter.post_nonsense(self.house.gateways, number=1)
        message = Message.objects.filter(channel=Channel.SMS, state=State.SENT).first()
        assert message is not None
        self.reporter.tell(str(message.pk), self.house.gateways[Channel.SMS])

    def bring_users(self) -> None:
        """From files that are named after a person; one is imported, one only begun."""
        self.browsers = {role: Browser(self.gatehouse.url, key_of(role)) for role in ROLES}
        folder = self.gatehouse.data_dir.parent
        file, errors = folder / f"users of {address(74)}.csv", folder / "errors.csv"
        file.write_text(USERS_FILE)
        label = self.house.label
        self.command("import_users", str(file), "--label", label.slug, "--errors", str(errors))
        self.told.append(errors.read_text())
        order = {"label": label.pk, "file_name": f"{telephone(74)}.csv", "size": 9}
        self.browsers["administrator"].post(IMPORT_PAGE, **order)

    def wait_for_the_callbacks(self) -> None:
        sending = Message.objects.filter(state=State.SENDING)
        wait_until(lambda: not sending.exists())
        told = self.others.smartico
        wait_until(lambda: {"accepted", "delivered", "rejected", "failed"} <= _statuses(told))
        listener = self.others.listener
        wait_until(lambda: {PLATFORM_PATH, SMARTICO_PATH} <= {each.path for each in listener.asked})

    def look_around(self) -> None:
        """Every role opens all it can."""
        for name in ("somebody", TYPED_ADDRESS, MISTYPED.spelled):
            log_in_in_vain(self.gatehouse.url, name)
        with ThreadPoolExecutor(len(ROLES)) as threads:
            list(threads.map(Browser.crawl, self.browsers.values()))
        gateways = [gateway.pk for gateway in self.house.gateways.values()]
        named = Q(uid__startswith=Mood.STRICT.name) | Q(uid__contains=ADDRESS_AS_ID)
        messages, relays = Message.objects.filter(named), Relay.objects.all()
        paths = [f"/admin/gateways/gateway/{key}/change/" for key in gateways]
        paths += [f"/admin/messages_app/message/{message.pk}/change/" for message in messages]
        paths += [f"/admin/messages_app/relay/{relay.pk}/change/" for relay in relays]
        with ThreadPoolExecutor(len(ROLES)) as threads:
            list(threads.map(self.browsers["administrator"].open, paths))
        for path in ("/api/schema", "/api/docs", "/metrics", "/health/ready", "/health/live"):
            self.browsers["administrator"].open(path)
            self.reporter.call("GET", path)

    def type_and_reveal(self) -> None:
        """Searches, tries, exports and reveals."""
        person = f"/admin/users/enduser/{EndUser.objects.get(ext_user_id='sandbox').pk}"
        gateway = Gateway.objects.get(slug="webex-connect-sms")
        with ThreadPoolExecutor(len(ROLES)) as threads:
            list(
                threads.map(
                    lambda browser: type_addresses(browser, person, gateway.pk),
                    self.browsers.values(),
                )
            )
        administrator = self.browsers["administrator"]
        for deed in ("reveal/email", "export"):
            self.revealed += administrator.post(f"{person}/{deed}/", reason=REASON).text
            del administrator.shown[f"POST {person}/{deed}/"]
        for browser in self.browsers.values():
            browser.open("/admin/gateways/auditentry/")

    def give_commands(self) -> None:
        """What an operator is told at the shell."""
        for road in self.roads:
            road.is_asked_about_itself = True
        label = self.house.label.slug
        for words in (
            ("export_config", "--label", label),
            ("resend_messages", "--label", label),
            ("replay_callbacks", "--label", label, "--failed"),
            ("erase_user", "imported", "--label", label, "--reason", REASON),
            ("verify_audit",),
            ("doctor",),
            ("rotate_keys",),
        ):
            self.command(*words)

    def command(self, *words: str) -> None:
        """Keeps what it says, be it that it cannot."""
        out = StringIO()
        try:
            with redirect_stdout(out):
                call_command(*words, stdout=out, stderr=out)
        except CommandError as refusal:
            out.write(str(refusal))
        self.told.append(out.getvalue())

    def break_it(self) -> None:
        """The table of the users is away: what is told of that, with DEBUG off and on."""
        _rename(BROKEN_TABLE, "away")
        try:
            for url in (self.gatehouse.url, self.gatehouse.url_in_debug):
                self.ask_in_vain(url)
        finally:
            _rename("away", BROKEN_TABLE)

    def ask_in_vain(self, url: str) -> None:
        smartico = Smartico(url=url, callback_url=self.others.smartico.url)
        for user in (ADDRESS_AS_ID, "sandbox"):
            smartico.post(Channel.EMAIL, f"in-vain-{user}", user)
        platform = Platform(url=url)
        platform.tell()
        browser = Browser(url, self.browsers["administrator"].key)
        for path in ("/admin/users/enduser/", f"/admin/users/enduser/?q={quote(TYPED_ADDRESS)}"):
            browser.open(path)
        browser.post("/admin/find/", sought=TYPED_ADDRESS)
        browser.post("/admin/users/enduser/find/", sought=SOUGHT_ADDRESS)
        self.smartico.answers += smartico.answers
        self.platform.answers += platform.answers
        self.in_debug += browser.shown.values()


def type_addresses(browser: Browser, person: str, gateway_id: int) -> None:
    """Wherever something can be typed; and what can be done without a reason is tried."""
    for typed in (TYPED_ADDRESS, ADDRESS_AS_ID):
        browser.post("/admin/find/", sought=typed)
    for typed in (SOUGHT_ADDRESS, telephone(0), ADDRESS_AS_ID):
        browser.post("/admin/users/enduser/find/", sought=typed)
    for typed in (address(0), telephone(0)):
        browser.post("/admin/users/suppression/find/", sought=typed)
    browser.post("/admin/gateways/auditentry/export/")
    browser.post(f"{person}/reveal/email/", reason="")
    browser.post(f"/admin/gateways/gateway/{gateway_id}/check/")
    browser.post(
        f"/admin/gateways/gateway/{gateway_id}/test-send/",
        ext_user_id=ADDRESS_AS_ID,
        to_email_address=TYPED_ADDRESS,
        body=TYPED_ADDRESS,
    )
    browser.open(f"/admin/{quote(TYPED_ADDRESS)}/")


def _was_tried(uid: str) -> bool:
    return SendAttempt.objects.filter(message__uid=uid, finished_at__isnull=False).exists()


def _statuses(peer: HttpPeer) -> set[str]:
    return {asked.query["status"] for asked in peer.asked}


def _rename(table: str, name: str) -> None:
    quoted = connection.ops.quote_name
    with connection.cursor() as cursor:
        cursor.execute(f"ALTER TABLE {quoted(table)} RENAME TO {quoted(name)}")
