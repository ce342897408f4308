"""Certificates of ours: read, refused with the reason, and shown to a server that wants one."""

import ssl
from pathlib import Path

import pytest
from cryptography.hazmat.primitives import serialization as pem

from _hookswarm.common.errors import ConfigError
from _hookswarm.senders.transport.certificates import client_tls
from _hookswarm.senders.transport.httpx_wire import HttpxWire
from _hookswarm.senders.transport.wire import Endpoint, Transport, Wire
from tests.support.servers import ScriptedServer, answering, authority, server_tls

NO_CONTENT = b"HTTP/1.1 204 No Content\r\n\r\n"


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """With `ca.pem`, a certificate and its key, both in one file, the key encrypted, and another's key."""
    folder = tmp_path_factory.mktemp("certificates")
    mine, other = authority().issue_cert("me"), authority().issue_cert("other")
    authority().cert_pem.write_to_path(folder / "ca.pem")
    mine.cert_chain_pems[0].write_to_path(folder / "cert.pem")
    mine.private_key_pem.write_to_path(folder / "key.pem")
    mine.private_key_and_cert_chain_pem.write_to_path(folder / "both.pem")
    other.private_key_pem.write_to_path(folder / "other.pem")
    key = pem.load_pem_private_key(mine.private_key_pem.bytes(), None)
    kind = key.private_bytes(pem.Encoding.PEM, pem.PrivateFormat.PKCS8, pem.BestAvailableEncryption(b"word"))
    (folder / "encrypted.pem").write_bytes(kind)
    (folder / "text.pem").write_text("no certificate")
    return folder


@pytest.mark.parametrize("transport", ["wire", "httpx"])
@pytest.mark.parametrize(("cert", "key"), [("cert.pem", "key.pem"), ("both.pem", "")])
def test_a_server_that_wants_a_certificate_gets_ours(folder: Path, transport: str, cert: str, key: str) -> None:
    """By both transports, with the key in a file of its own or beside it."""
    tls = server_tls()
    tls.verify_mode = ssl.CERT_REQUIRED
    authority().configure_trust(tls)
    context = client_tls(str(folder / "ca.pem"), str(folder / cert), str(folder / key) if key else "")
    with ScriptedServer(answering(NO_CONTENT), tls) as server:
        sender: Transport
        sender = Wire(Endpoint(server.url, context)) if transport == "wire" else HttpxWire(server.url, context)
        try:
            assert sender.post(b"", b"{}") == 204
        finally:
            sender.close()


@pytest.mark.parametrize(
    ("cert", "key", "said"),
    [
        ("cert.pem", "other.pem", "is not the key of the certificate"),
        ("cert.pem", "encrypted.pem", "the key is encrypted: write it without a password: openssl pkey"),
        ("cert.pem", "", "where the key is in a file of its own, name it by --key"),
        ("text.pem", "key.pem", "no certificate and private key in PEM can be read"),
        ("missing.pem", "key.pem", "cannot be read: No such file"),
        ("cert.pem", "missing.pem", "cannot be read: No such file"),
        ("", "key.pem", "add --cert, the certificate that it belongs to"),
    ],
)
def test_what_cannot_be_shown_is_one_fault(folder: Path, cert: str, key: str, said: str) -> None:
    """With the reason, and nobody is asked for a password."""
    with pytest.raises(ConfigError) as caught:
        client_tls("", *(str(folder / name) if name else "" for name in (cert, key)))
    (fault,) = caught.value.faults
    assert said in fault


def test_nothing_named_is_nothing_of_ours() -> None:
    """Then each target gets what everybody has."""
    assert client_tls() is None
