"""A real nginx, plain and over TLS, for tests. CI installs it; elsewhere the tests that need it skip."""

import os
import shutil
import signal
import subprocess
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import httpx

from tests.support import needs
from tests.support.servers import authority, closed_port

NGINX = shutil.which("nginx", path=f"{os.environ.get('PATH', '')}:/usr/sbin:/usr/local/sbin")
LARGE = 3 << 20
CONFIGURATION = """
daemon off; master_process off; worker_processes 1; pid {folder}/pid; error_log {folder}/error.log;
events {{ worker_connections 256; }}
http {{
  access_log {folder}/access.log;
  client_body_temp_path {folder}/body; proxy_temp_path {folder}/proxy; fastcgi_temp_path {folder}/fastcgi;
  uwsgi_temp_path {folder}/uwsgi; scgi_temp_path {folder}/scgi;
  keepalive_timeout 1s;
  client_max_body_size 64k;
  ssl_certificate {folder}/server.pem; ssl_certificate_key {folder}/server.pem; ssl_protocols {protocols};
  server {{
    listen 127.0.0.1:{plain};
    listen 127.0.0.1:{secure} ssl http2;
    root {folder};
    error_page 405 =200 $uri;  # nginx serves files to GET only
    location = /hooks {{ return 204; }}
    location = /regular {{ keepalive_requests 3; return 204; }}
    location = /text {{ return 200 "hello"; }}
    location = /moved {{ return 307 http://127.0.0.1:1/; }}
    location = /gone {{ return 410 "gone"; }}
    location = /drop {{ return 444; }}
    location = /sink {{ client_max_body_size 8m; return 204; }}
    location = /upload {{ client_max_body_size 8m; proxy_pass http://127.0.0.1:{plain}/sink; }}
    location = /large {{ alias {folder}/large.bin; }}
    location = /chunked {{ alias {folder}/large.bin; ssi on; ssi_types *; }}
    location = /old {{ alias {folder}/large.bin; ssi on; ssi_types *; chunked_transfer_encoding off; }}
    location = /refused {{ proxy_pass http://127.0.0.1:{plain}/drop; }}
  }}
}}
"""


@dataclass(frozen=True)
class Nginx:
    plain: str
    secure: str


@contextmanager
def running(folder: Path, protocols: str) -> Iterator[Nginx]:
    program, plain, secure = required(), closed_port(), closed_port()
    authority().issue_cert("localhost", "127.0.0.1").private_key_and_cert_chain_pem.write_to_path(folder / "server.pem")
    (folder / "large.bin").write_bytes(b"0123456789abcdef" * (LARGE // 16))
    configuration = folder / "nginx.conf"
    configuration.write_text(CONFIGURATION.format(folder=folder, plain=plain, secure=secure, protocols=protocols))
    folder.chmod(0o755)
    with subprocess.Popen([program, "-p", folder, "-c", configuration, "-e", folder / "error.log"]) as process:
        try:
            _await_answer(f"http://127.0.0.1:{plain}/hooks", process, folder)
            yield Nginx(f"http://127.0.0.1:{plain}", f"https://localhost:{secure}")
        finally:
            process.terminate()


RELOADED = """
daemon off; worker_processes 1; pid {folder}/pid; error_log {folder}/error.log;
events {{ worker_connections 256; }}
http {{ access_log off; server {{ listen 127.0.0.1:{port}; location / {{ return 204; }} }} }}
"""


@contextmanager
def reloaded(folder: Path, every_s: float = 1.0) -> Iterator[str]:
    """The URL of an nginx that is told to read its configuration anew, again and again: idle connections end."""
    program, port = required(), closed_port()
    configuration = folder / "reloaded.conf"
    configuration.write_text(RELOADED.format(folder=folder, port=port))
    over = threading.Event()
    with subprocess.Popen([program, "-p", folder, "-c", configuration, "-e", folder / "error.log"]) as process:

        def reload() -> None:
            while not over.wait(every_s):
                process.send_signal(signal.SIGHUP)

        url = f"http://127.0.0.1:{port}/hooks"
        reloading = threading.Thread(target=reload)
        try:
            _await_answer(url, process, folder)
            reloading.start()
            yield url
        finally:
            over.set()
            if reloading.is_alive():
                reloading.join()
            process.terminate()


def required() -> str:
    """nginx's program; skips the test where there is none."""
    return needs.required(NGINX, "nginx", "apt-get install nginx-light")


def _await_answer(url: str, process: "subprocess.Popen[bytes]", folder: Path) -> None:
    for _ in range(100):
        try:
            httpx.get(url, trust_env=False)
            break
        except httpx.TransportError:
            assert process.poll() is None, (folder / "error.log").read_text()
            time.sleep(0.05)
