"""Certificates: whom we trust, and what we show to a server that wants to know us."""

import ssl
from functools import cache
from pathlib import Path

from _hookswarm.common.errors import ConfigError
from _hookswarm.common.files import read_once_only


@cache
def default_tls() -> ssl.SSLContext:
    """As everybody has it: made once, because it takes a megabyte."""
    return ssl.create_default_context()


def client_tls(ca_file: str = "", cert: str = "", key: str = "") -> ssl.SSLContext | None:
    """A client's side of TLS; None: as everybody has it. `key`: empty where it stands in the file of `cert`.

    Raises ConfigError that names every fault.
    """
    if not (ca_file or cert or key):
        return None
    faults = ["--key is nothing alone: add --cert, the certificate that it belongs to"] if key and not cert else []
    context = ssl.create_default_context()
    if ca_file and (fault := _unreadable("--ca-file", ca_file)):
        faults.append(fault)
    elif ca_file:
        try:
            context = ssl.create_default_context(cafile=ca_file)
        except (OSError, ssl.SSLError):
            faults.append(f"--ca-file {ca_file}: no certificate in PEM can be read: name one of an authority")
    if cert and (fault := _show(context, cert, key)):
        faults.append(fault)
    if faults:
        raise ConfigError(faults)
    return context


def _show(context: ssl.SSLContext, cert: str, key: str) -> str:
    """Let the context show a certificate; returns why it cannot."""
    for option, path in (("--cert", cert), ("--key", key or cert)):
        if fault := _unreadable(option, path):
            return fault
    where = f"--key {key}" if key else f"--cert {cert}"
    encrypted = f"{where}: the key is encrypted: write it without a password: openssl pkey -in KEY -out PLAIN"

    def asked_for_password() -> str:  # without an answer of ours OpenSSL asks on the terminal
        raise ConfigError([encrypted])

    try:
        context.load_cert_chain(cert, key or None, asked_for_password)
    except ConfigError:
        return encrypted
    except ssl.SSLError as error:
        if error.reason == "KEY_VALUES_MISMATCH":
            return f"{where}: this is not the key of the certificate {cert}: name the one that was made with it"
        option = "name others" if key else "where the key is in a file of its own, name it by --key"
        return f"--cert {cert}: no certificate and private key in PEM can be read{f' with {key}' * bool(key)}: {option}"
    return ""


def _unreadable(option: str, path: str) -> str:
    """Why a file cannot be read; empty: it can."""
    if fault := read_once_only(Path(path)):
        return f"{option} {fault}"
    try:
        with Path(path).open("rb") as file:
            file.read(1)
    except OSError as error:
        return f"{option} {path} cannot be read: {error.strerror}: name a file in PEM"
    return ""
