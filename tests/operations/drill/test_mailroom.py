"""The drill's mail server: what a mail client is answered, and what is written down."""

import asyncio
import smtplib
from email.message import EmailMessage

from gateway_project.operations.drill.mailroom import HOST, Mailroom
from gateway_project.operations.drill.sends import SendLedger


def post(port: int, *subjects: str) -> None:
    with smtplib.SMTP(HOST, port, timeout=10) as client:
        for subject in subjects:
            mail = EmailMessage()
            mail["Subject"], mail["From"], mail["To"] = subject, "a@b.example", "c@d.example"
            mail.set_content(".one line\n")
            client.send_message(mail)


def test_every_mail_is_taken_and_known_by_the_first_word_of_its_subject(tmp_path):
    ledger = SendLedger(tmp_path / "sends.sqlite3")

    async def story() -> None:
        async with await Mailroom(ledger).open(0) as server:
            port = server.sockets[0].getsockname()[1]
            await asyncio.to_thread(post, port, "drill-1 hello", "drill-2", "drill-2")

    asyncio.run(story())
    assert ledger.counts() == {"drill-1": 1, "drill-2": 2}
    ledger.close()
