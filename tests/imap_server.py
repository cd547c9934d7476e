"""A real IMAP server (Dovecot) on loopback, with a mailbox of its own that lives as long as it."""

import grp
import os
import pwd
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from imap_tools import MailBoxUnencrypted

from tests.foreign_server import foreign_server
from tests.operations.surroundings import free_port
from tests.services import DOVECOT_PATH

USER, PASSWORD = "bounces", "right"
CONFIG = """
base_dir = {home}/run
state_dir = {home}/state
log_path = {home}/log
protocols = imap
ssl = {ssl}
disable_plaintext_auth = no
auth_mechanisms = plain
first_valid_uid = 0
mail_location = maildir:{home}/mail
passdb {{
  driver = static
  args = password={password}
}}
userdb {{
  driver = static
  args = uid={uid} gid={gid} home={home}/home allow_all_users=yes
}}
namespace inbox {{
  inbox = yes
  separator = {separator}
  prefix = {prefix}
}}
service imap-login {{
  chroot =
  inet_listener imap {{
    address = 127.0.0.1
    port = {port}
  }}
  inet_listener imaps {{
    port = 0
  }}
}}
service anvil {{
  chroot =
}}
service stats {{
  chroot =
}}
"""
AS_ANYBODY = """
default_login_user = {user}
default_internal_user = {user}
default_internal_group = {group}
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class ImapServer:
    port: int

    def put(self, *mails: bytes) -> None:
        """Lets the mails arrive."""
        with self._box() as box:
            for mail in mails:
                box.append(mail.replace(b"\r\n", b"\n").replace(b"\n", b"\r\n"), "INBOX")

    def folders(self) -> dict[str, int]:
        """How many mails lie in each folder that holds any."""
        with self._box() as box:
            counts = {
                each.name: box.folder.status(each.name, ["MESSAGES"])["MESSAGES"]
                for each in box.folder.list()
                if not {r"\Noselect", r"\NonExistent"} & set(each.flags)
            }
        return {name: count for name, count in counts.items() if count}

    def _box(self) -> MailBoxUnencrypted:
        return MailBoxUnencrypted("127.0.0.1", self.port).login(USER, PASSWORD)


@contextmanager
def imap_server(
    *, certificate: Path | None = None, separator: str = "/", prefix: str = ""
) -> Iterator[ImapServer]:
    """A running server; with a certificate, whose key lies beside it, it offers STARTTLS."""
    # Root's server gives its parts to users of their own, who have to reach the folder.
    home = Path(tempfile.mkdtemp(prefix="imap-"))
    home.chmod(0o755)
    owner = pwd.getpwuid(os.getuid()) if os.getuid() else pwd.getpwnam("nobody")
    for name in ("home", "mail"):
        (home / name).mkdir()
        os.chown(home / name, owner.pw_uid, owner.pw_gid)
    port = free_port()
    text = CONFIG.format(
        home=home,
        port=port,
        password=PASSWORD,
        separator=separator,
        prefix=prefix,
        uid=owner.pw_uid,
        gid=owner.pw_gid,
        ssl="yes" if certificate else "no",
    )
    if os.getuid():
        text += AS_ANYBODY.format(user=owner.pw_name, group=grp.getgrgid(os.getgid()).gr_name)
    if certificate:
        text += f"ssl_cert = <{certificate}\nssl_key = <{certificate.with_name('key.pem')}\n"
    (home / "dovecot.conf").write_text(text)
    command = [DOVECOT_PATH, "-F", "-c", str(home / "dovecot.conf")]
    try:
        with foreign_server(command, port=port, log=home / "log"):
            yield ImapServer(port=port)
    finally:
        shutil.rmtree(home, ignore_errors=True)
