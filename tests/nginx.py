"""A real nginx on loopback that runs the configuration which we ship."""

import os
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from django.conf import settings

from tests.foreign_server import foreign_server
from tests.operations.surroundings import free_port
from tests.raw_peers import certificate
from tests.services import NGINX_PATH

SHIPPED = settings.BASE_DIR / "deploy" / "nginx" / "gatehouse.conf"
AROUND = """
{user}
worker_processes 1;
daemon off;
pid {home}/pid;
error_log {home}/error.log;
events {{ worker_connections 256; }}
http {{
    client_body_temp_path {home}/body;
    proxy_temp_path {home}/proxy;
    fastcgi_temp_path {home}/fastcgi;
    uwsgi_temp_path {home}/uwsgi;
    scgi_temp_path {home}/scgi;
    include {home}/gatehouse.conf;
}}
"""


@contextmanager
def nginx(upstream: int, **changed: str) -> Iterator[int]:
    """Its port. Only the lines marked "yours" are changed, and what `changed` says of limits."""
    with tempfile.TemporaryDirectory() as folder:
        home, port = Path(folder), free_port()
        (home / "gatehouse.conf").write_text(_ours(home, port, upstream, changed))
        user = "" if os.getuid() else "user root;"
        (home / "nginx.conf").write_text(AROUND.format(home=home, user=user))
        command = [NGINX_PATH, "-p", folder, "-c", str(home / "nginx.conf")]
        with foreign_server(command, port=port, log=home / "error.log"):
            yield port


def _ours(home: Path, port: int, upstream: int, changed: dict[str, str]) -> str:
    chain = certificate(home, "localhost")
    text = SHIPPED.read_text()
    for old, new in {
        "listen 443 ssl": f"listen 127.0.0.1:{port} ssl",
        "server 127.0.0.1:8000": f"server 127.0.0.1:{upstream}",
        "gateway.example.com": "localhost",
        "/etc/ssl/gatehouse/certificate.pem": str(chain),
        "/etc/ssl/gatehouse/key.pem": str(chain),
        "/var/log/nginx": str(home),
        **changed,
    }.items():
        assert old in text, f"the configuration has no {old}"
        text = text.replace(old, new)
    return text
