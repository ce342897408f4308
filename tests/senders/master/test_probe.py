"""The probe: what a target answers to one event decides whether there is any load, and every refusal has its mend."""

import argparse
import datetime
import json
import ssl
from collections.abc import Callable
from pathlib import Path

import gevent
import pytest
import trustme
from gevent.event import Event

from _hookswarm.protocol.handshakes import VERIFY_TOKEN, Answerer
from _hookswarm.protocol.identity import parse_event_id
from _hookswarm.protocol.providers import load_provider
from _hookswarm.protocol.regions import Region, RegionTable, dump_table
from _hookswarm.protocol.verifying import Verifier
from _hookswarm.senders.master.ending import UntestedError
from _hookswarm.senders.master.probe import probe
from _hookswarm.senders.plan.checked_options import check_options
from _hookswarm.senders.plan.options import add_options
from _hookswarm.senders.plan.settings import Settings
from _hookswarm.senders.plan.stages import Stage
from tests.support.servers import (
    NO_CONTENT,
    Blackhole,
    Peer,
    ScriptedServer,
    answer_of,
    answering,
    authority,
    closed_port,
    recording,
    server_tls,
)

STAGE = Stage("first", users=1, events=1)
SECRET = "a secret of theirs"
OK = answer_of(b"fine")


@pytest.fixture(autouse=True)
def _at_home(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.chdir(tmp_path)
    for name in ("HOOKSWARM_SECRET", "HOOKSWARM_SECRET_FILE", "HOOKSWARM_SECRET_NEXT", VERIFY_TOKEN):
        monkeypatch.delenv(name, raising=False)
    authority().cert_pem.write_to_path(str(tmp_path / "ca.pem"))


def settings_of(*options: str) -> Settings:
    parser = argparse.ArgumentParser()
    add_options(parser)
    return check_options(parser.parse_args(["--response-timeout=2", "--connect-timeout=0.5", *options]))


def accepted(*options: str) -> list[str]:
    """What is said where the target accepts it."""
    said: list[str] = []
    probe(settings_of(*options), STAGE, Event(), said.append)
    return said


def refused(*options: str) -> str:
    """Why it is refused; nothing else is said."""
    said: list[str] = []
    with pytest.raises(UntestedError) as refusal:
        probe(settings_of(*options), STAGE, Event(), said.append)
    assert said == []
    return str(refusal.value)


@pytest.mark.parametrize("transport", ["wire", "httpx"])
def test_what_came_back_is_shown(transport: str) -> None:
    """In a line: status, time, and how the body begins; what would steer a terminal does not reach it."""
    with ScriptedServer(answering(answer_of(b"fine\n\x1b[31m" + b"x" * 500))) as server:
        (line,) = accepted(f"--target={server.url}", f"--transport={transport}")
    assert line.startswith(f"probe: {server.url} answered status 200 in ")
    assert " ms, 'fine \N{REPLACEMENT CHARACTER}[31mxxx" in line
    assert len(line) < 300


def test_the_event_is_an_ordinary_one_with_an_id_of_its_own() -> None:
    """Signed as all are, the first payload of the first stage; at each probe another event, of no run."""
    requests: list[bytes] = []
    with ScriptedServer(recording(requests, NO_CONTENT)) as server:
        options = (f"--target={server.url}", "--provider=github")
        settings = settings_of(*options)
        assert accepted(*options) + accepted(*options)
    verifier = Verifier(load_provider("github"), [settings.secrets[0].key])
    ids = set()
    for request in requests:
        head, _, body = request.partition(b"\r\n\r\n")
        lines = dict(line.decode().lower().split(": ", 1) for line in head.split(b"\r\n")[1:])
        assert verifier.verify(lines, body)
        ids.add(parse_event_id(lines["hookswarm-event"]))
        assert len(body) > 2
    assert len(ids) == 2
    assert None not in ids


def test_only_targets_of_others_are_probed_and_all_at_once(tmp_path: Path) -> None:
    """One of ours has a control API. A line tells of each; of those that refuse the first, and how many more."""
    both = []

    def script(peer: Peer) -> None:
        peer.request()
        both.append(peer)
        for _ in range(200):
            if len(both) == 2:
                break
            gevent.sleep(0.01)
        peer.send(answer_of(b"no", "403 Forbidden") if len(both) == 2 else OK)

    with ScriptedServer(script) as one, ScriptedServer(script) as other, ScriptedServer(answering(OK)) as ours:
        regions = (
            Region(name="a", url=one.url), Region(name="b", url=other.url),
            Region(name="c", url=ours.url, control=ours.url),
        )  # fmt: skip
        (tmp_path / "regions.toml").write_text(dump_table(RegionTable(region=regions)))
        text = refused("--regions=regions.toml")
        assert ours.connections == 0
    assert text.startswith(f"{one.url} refused the probe: status 403")
    assert text.endswith("; 1 other target refused it, too")


ANSWERS = [
    ("401 Unauthorized", b"", (), "401 in", "secret was made up here (.hookswarm/secret): set $HOOKSWARM_SECRET"),
    ("403 Forbidden", b"", ("--provider=github",), "status 403", "or name another than --provider github"),
    ("400 Bad Request", b"Invalid signature", ("--provider=stripe",), "'Invalid signature'", "set $HOOKSWARM_SECRET"),
    ("400 Bad Request", b"no such field", (), "status 400", "name bodies that it knows by --payloads PATH"),
    ("422 Unprocessable Content", b"", ("--payloads=mine.json",), "status 422", "--dry-run shows the request"),
    ("404 Not Found", b"", (), "status 404", "look at its path in --target"),
    ("405 Method Not Allowed", b"", (), "status 405", "it takes no POST there"),
    ("413 Content Too Large", b"", ("--payloads=mine.json",), "status 413", "the body has 9 B: raise its limit"),
    ("415 Unsupported Media Type", b"", (), "status 415", "than application/json: add --header 'Content-Type: …'"),
    ("500 Internal Server Error", b"<!doctype html><h1>It &amp; we</h1>", (), "'It & we'", "its own log says why"),
    ("500 Internal Server Error", b"Error while evaluating hook rules.", (), "evaluating", "$HOOKSWARM_SECRET"),
    ("502 Bad Gateway", b"", (), "status 502", "a proxy answers, and not what is behind it"),
    ("504 Gateway Timeout", b"", (), "status 504", "what is behind it is too slow"),
    ("503 Service Unavailable", b"", (), "status 503", "it is not ready"),
    ("400 Bad Request", b"Client sent an HTTP request to an HTTPS server.\n", (), "status 400", "write https://"),
    ("400 Bad Request", b"No required SSL certificate was sent", (), "status 400", "--cert PEM and --key PEM"),
    ("200 OK", b"Hook rules were not satisfied.", ("--accept=body ~ done",), "body lacks done", "$HOOKSWARM_SECRET"),
    ("200 OK", b"fine", ("--accept=status in 202",), "ms, 'fine'; not accepted: ", "--accept wants status in 202: "),
    ("202 Accepted", b"", ("--provider=linear",), "ms; not accepted: ", "provider linear wants status in 200: "),
]  # fmt: skip


@pytest.mark.parametrize(("status", "body", "options", "seen", "mend"), ANSWERS)
@pytest.mark.parametrize("transport", ["wire", "httpx"])
def test_a_refusal_has_its_mend(
    status: str, body: bytes, options: tuple[str, ...], seen: str, mend: str, transport: str, tmp_path: Path
) -> None:
    """In one line: who refused, what was seen, what to do."""
    (tmp_path / "mine.json").write_text('[{"a":123}]')
    with ScriptedServer(answering(answer_of(body, status))) as server:
        text = refused(f"--target={server.url}", f"--transport={transport}", *options)
    assert text.startswith(f"{server.url} refused the probe: status {status[:3]} in ")
    assert seen in text
    assert mend in text
    assert "\n" not in text


@pytest.mark.parametrize("transport", ["wire", "httpx"])
@pytest.mark.parametrize(
    ("header", "mend"),
    [
        ("301 Moved Permanently\r\nLocation: https://example.com/hooks/", "write --target https://example.com/hooks/"),
        ("308 Permanent Redirect\r\nLocation: /hooks/", "write --target http://127.0.0.1:{port}/hooks/"),
        ("302 Found\r\nlocation: other", "write --target http://127.0.0.1:{port}/other"),
        ("303 See Other", "no redirect is followed: name the place that it points to"),
        ("429 Too Many Requests\r\nRetry-After: 30", "it limits the rate: wait (30 s, it says), or lift that limit"),
    ],
)
def test_what_a_header_says_is_told(transport: str, header: str, mend: str) -> None:
    """The place that a redirect names, which is not followed, and how long to wait."""
    with ScriptedServer(answering(answer_of(b"", header))) as server:
        text = refused(f"--target={server.url}", f"--transport={transport}")
        assert server.connections == 1
    assert mend.format(port=server.port) in text


def test_a_secret_that_was_given_is_named_and_never_shown(monkeypatch: pytest.MonkeyPatch) -> None:
    """By where it stood, and the form in which it was taken; an answer that repeats what is secret does not."""
    monkeypatch.setenv("HOOKSWARM_SECRET", SECRET)
    monkeypatch.setenv("THEIR_KEY", "open sesame")
    with ScriptedServer(answering(answer_of(f"{SECRET}, open sesame?".encode(), "401 Unauthorized"))) as server:
        options = ["--provider=gitlab", "--header=X-Key: my ${THEIR_KEY}"]
        text = refused(f"--target={server.url}", *options)
    assert "look whether its secret is that of $HOOKSWARM_SECRET, taken as one line of text" in text
    assert SECRET not in text
    assert "'********, ********?'" in text


def test_a_provider_with_key_pairs_wants_its_public_half_known() -> None:
    """No secret is to be set there."""
    with ScriptedServer(answering(answer_of(b"", "401 Unauthorized"))) as server:
        text = refused(f"--target={server.url}", "--provider=sendgrid")
    assert "give it the public key of .hookswarm/secret-ecdsa-p256, which --dry-run shows" in text


def test_a_provider_that_signs_the_url_tells_of_proxies(monkeypatch: pytest.MonkeyPatch) -> None:
    """They often change it."""
    monkeypatch.setenv("HOOKSWARM_SECRET", SECRET)
    with ScriptedServer(answering(answer_of(b"", "403 Forbidden"))) as server:
        assert "a proxy must not change" in refused(f"--target={server.url}", "--provider=twilio")


def _expired() -> ssl.SSLContext:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    past = datetime.datetime.now(datetime.UTC) - datetime.timedelta(days=3)
    authority().issue_cert("localhost", not_after=past).configure_cert(context)
    return context


def _self_signed() -> ssl.SSLContext:
    """As `openssl req -x509` makes one."""
    context, ca = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER), trustme.CA()
    with ca.cert_pem.tempfile() as certificate, ca.private_key_pem.tempfile() as key:
        context.load_cert_chain(certificate, key)
    return context


def _asking(version: ssl.TLSVersion) -> ssl.SSLContext:
    context = server_tls(version=version)
    context.verify_mode = ssl.CERT_REQUIRED
    authority().configure_trust(context)
    return context


CA = ("--ca-file=ca.pem",)
HANDSHAKES: list[tuple[Callable[[], ssl.SSLContext], tuple[str, ...], str, str]] = [
    (server_tls, (), "TLS: ", "name the authority that signed it: --ca-file PEM"),
    (server_tls, ("--ca-file=other.pem",), "TLS: ", "it was not signed by the authority in --ca-file other.pem"),
    (_self_signed, (), "self-signed certificate", "name the authority that signed it: --ca-file PEM"),
    (_expired, CA, "certificate has expired", "renew the endpoint's certificate"),
    (lambda: server_tls("example.org"), CA, "mismatch", "write the name that is in the certificate in --target"),
    (lambda: _asking(ssl.TLSVersion.TLSv1_3), CA, "", "it wants a client certificate: name one by --cert PEM"),
    (lambda: _asking(ssl.TLSVersion.TLSv1_2), CA, "", "it wants a client certificate: name one by --cert PEM"),
]


@pytest.mark.parametrize("transport", ["wire", "httpx"])
@pytest.mark.parametrize(("make", "options", "seen", "mend"), HANDSHAKES)
def test_what_is_wrong_with_tls_has_its_mend(
    transport: str,
    make: Callable[[], ssl.SSLContext],
    options: tuple[str, ...],
    seen: str,
    mend: str,
    tmp_path: Path,
) -> None:
    """A private authority, an expired certificate, one for another name, one of ours that is wanted."""
    trustme.CA().cert_pem.write_to_path(str(tmp_path / "other.pem"))
    with ScriptedServer(answering(OK), make()) as server:
        text = refused(f"--target={server.url}", f"--transport={transport}", *options)
    assert seen in text
    assert mend in text


def test_an_address_that_is_not_in_the_certificate_is_told() -> None:
    """As a name that is not."""
    with ScriptedServer(answering(OK), server_tls("localhost")) as server:
        text = refused(f"--target=https://127.0.0.1:{server.port}/", *CA)
    assert "IP address mismatch, certificate is not valid for '127.0.0.1': write the name" in text


def test_a_certificate_of_ours_that_is_not_taken_is_told(tmp_path: Path) -> None:
    """It was shown, so to name one is no advice."""
    trustme.CA().issue_cert("us").private_key_and_cert_chain_pem.write_to_path(str(tmp_path / "us.pem"))
    with ScriptedServer(answering(OK), _asking(ssl.TLSVersion.TLSv1_3)) as server:
        text = refused(f"--target={server.url}", *CA, "--cert=us.pem")
    assert "it does not take the certificate of --cert" in text


@pytest.mark.parametrize("transport", ["wire", "httpx"])
def test_tls_on_a_plain_port_and_plain_on_one_of_tls(transport: str) -> None:
    """The other scheme is named."""

    def puzzled(peer: Peer) -> None:
        peer.connection.recv(1 << 12)
        peer.send(answer_of(b"", "400 Bad Request"))

    with ScriptedServer(puzzled) as plain, ScriptedServer(answering(OK), server_tls()) as secure:
        assert "write http://" in refused(f"--target=https://localhost:{plain.port}/", f"--transport={transport}")
        assert "https://" in refused(f"--target=http://127.0.0.1:{secure.port}/", f"--transport={transport}")


def _silent(peer: Peer) -> None:
    peer.request()
    peer.connection.recv(1)


def _strange(peer: Peer) -> None:
    peer.send(b"220 mail.example.org ESMTP\r\n")
    peer.request()


def _hanging_up(peer: Peer) -> None:
    peer.request()


def _breaking_off(peer: Peer) -> None:
    peer.request()
    peer.send(b"HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nhalf")


@pytest.mark.parametrize(
    ("script", "seen", "mend"),
    [
        (_silent, "no whole answer in 0.3 s", "wait longer by --response-timeout"),
        (_strange, "not an HTTP/1.1 answer", "look at the port: no web server answers so"),
        (_hanging_up, "closed before the answer", "see whether it is a web server that listens there"),
        (_breaking_off, "closed inside the answer", "it broke off its own answer"),
    ],
)
def test_what_is_no_answer_has_its_mend(script: Callable[[Peer], None], seen: str, mend: str) -> None:
    """Silence, another protocol, a connection that ends."""
    with ScriptedServer(script) as server:
        text = refused(f"--target={server.url}", "--response-timeout=0.3")
    assert seen in text
    assert mend in text


def test_who_is_not_there_is_told() -> None:
    """No port, no address, nobody who takes the connection."""
    assert "start it, or look at the port" in refused(f"--target=http://127.0.0.1:{closed_port()}/")
    nobody = refused("--target=http://nobody.invalid/", "--allow-remote")
    assert "look at how the name is written" in nobody
    with Blackhole() as hole:
        assert "a firewall" in refused(f"--target={hole.url}")
        assert "whether it speaks TLS" in refused(f"--target={hole.url.replace('http', 'https')}")


def _speaking(name: str, key: bytes, *, token: str = "") -> tuple[Callable[[Peer], None], list[bytes]]:
    """A receiver that answers a provider's handshake as ours do, and its requests."""
    answerer, requests = Answerer(load_provider(name), [key], {VERIFY_TOKEN: token}), []

    def script(peer: Peer) -> None:
        while request := peer.request():
            requests.append(request)
            head, _, body = request.partition(b"\r\n\r\n")
            query = head.split(b" ")[1].partition(b"?")[2]
            answer = answerer.answer(query if request.startswith(b"GET") else body)
            if answer is None:
                refusal = request.startswith(b"GET") and name == "meta"
                peer.send(answer_of(b"", "403 Forbidden") if refusal else OK)
            else:
                peer.send(answer_of(answer) if answerer.status == 200 else NO_CONTENT)

    return script, requests


@pytest.mark.parametrize("name", ["slack", "zoom", "meta", "discord", "mcp-events"])
def test_the_handshake_comes_first(name: str) -> None:
    """Answered right, the event follows it."""
    settings = settings_of(f"--provider={name}")
    script, requests = _speaking(name, settings.secrets[0].key)
    with ScriptedServer(script) as server:
        (line,) = accepted(f"--target={server.url}", f"--provider={name}")
    assert "answered status 200" in line
    assert len(requests) == 2
    assert [b"hookswarm-attempt: 1-0-0-0" in request for request in requests] == [False, True]


@pytest.mark.parametrize("name", ["slack", "zoom", "meta", "discord", "mcp-events"])
def test_a_wrong_answer_to_the_handshake_is_told(name: str) -> None:
    """With what was wanted; no event is sent then."""
    requests: list[bytes] = []
    with ScriptedServer(recording(requests, OK)) as server:
        text = refused(f"--target={server.url}", f"--provider={name}")
    handshake = load_provider(name).handshake
    assert handshake
    assert text.startswith(f"{server.url} refused the handshake of {name}: status 200 in ")
    assert f"it wants status {handshake.status}" in text
    assert f"answer {handshake.note}" in text
    assert len(requests) == 1


def test_a_receiver_that_waits_for_its_token_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    """Meta's: the variable that holds it is named; with the token it is accepted."""
    settings = settings_of("--provider=meta")
    script, _ = _speaking("meta", settings.secrets[0].key, token="theirs")
    with ScriptedServer(script) as server:
        text = refused(f"--target={server.url}", "--provider=meta")
        assert "set $HOOKSWARM_VERIFY_TOKEN to the token that it expects" in text
        monkeypatch.setenv(VERIFY_TOKEN, "theirs")
        assert accepted(f"--target={server.url}", "--provider=meta")


def test_a_handshake_by_query_leaves_the_targets_own_as_it_is() -> None:
    """Some receivers tell apart by it whom they serve."""
    requests: list[bytes] = []

    def script(peer: Peer) -> None:
        while request := peer.request():
            requests.append(request)
            peer.send(answer_of(request.partition(b"hub.challenge=")[2][:32]))

    with ScriptedServer(script) as server:
        accepted(f"--target={server.url}?shop=7", "--provider=meta")
    asked, sent = (request.split(b" ")[1] for request in requests)
    assert asked.startswith(b"/hooks?shop=7&hub.mode=subscribe&hub.challenge=")
    assert sent == b"/hooks?shop=7"


def test_a_run_that_is_to_end_waits_for_no_probe() -> None:
    """Ctrl-C must not take as long as a target that is silent."""
    asked = Event()
    with ScriptedServer(_silent) as server:
        settings = settings_of(f"--target={server.url}", "--response-timeout=9")
        gevent.spawn_later(0.05, asked.set)
        with gevent.Timeout(2):
            probe(settings, STAGE, asked, lambda _text: None)


def test_of_endpoints_the_first_of_each_host_is_probed(tmp_path: Path) -> None:
    """By its own secret and headers, and named without its path, which may be secret."""
    requests: dict[int, list[bytes]] = {}

    def script(peer: Peer) -> None:
        port = peer.connection.getsockname()[1]
        while request := peer.request():
            requests.setdefault(port, []).append(request)
            peer.send(OK)

    with ScriptedServer(script) as one, ScriptedServer(script) as other:
        rows = [
            f"http://127.0.0.1:{one.port}/first,{SECRET},X-Own: tell nobody",
            f"http://127.0.0.1:{one.port}/second,another,",
            f"http://127.0.0.1:{other.port}/third,,",
        ]
        (tmp_path / "ends.csv").write_text("\n".join(["url,secret,headers", *rows]))
        options = ("--endpoints=ends.csv", "--provider=github", "--header=X-Own: all")
        said = accepted(*options)
    assert [line.partition(" answered")[0] for line in said] == [
        f"probe: webhook 0 at http://127.0.0.1:{one.port}", f"probe: webhook 2 at http://127.0.0.1:{other.port}",
    ]  # fmt: skip
    keys = (SECRET.encode(), settings_of(*options).secrets[0].key)
    for server, key, path, own in zip((one, other), keys, ("first", "third"), ("tell nobody", "all"), strict=True):
        (request,) = requests[server.port]
        head, _, body = request.partition(b"\r\n\r\n")
        lines = dict(line.decode().lower().split(": ", 1) for line in head.split(b"\r\n")[1:])
        assert head.startswith(b"POST /%b " % path.encode())
        assert Verifier(load_provider("github"), [key]).verify(lines, body)
        assert lines["x-own"] == own


def test_an_endpoint_of_its_own_secret_hears_what_the_payload_is_written_in(tmp_path: Path) -> None:
    """As it will in the load: not every body is JSON."""
    requests: list[bytes] = []
    with ScriptedServer(recording(requests, OK)) as server:
        (tmp_path / "ends.csv").write_text(f"url,secret\n{server.url},{SECRET}\n")
        (tmp_path / "body.xml").write_text("<paid/>")
        accepted("--endpoints=ends.csv", "--provider=github", "--payloads=body.xml")
    (request,) = requests
    assert b"\r\nContent-Type: application/xml\r\n" in request


def test_a_refusal_of_an_endpoint_names_its_row(tmp_path: Path) -> None:
    """Not the variable that it does not use; what is its own is not shown."""
    with ScriptedServer(answering(answer_of(f"{SECRET} tell nobody".encode(), "401 Unauthorized"))) as server:
        row = {"url": f"{server.url}/path", "secret": SECRET, "headers": {"X-Own": "tell nobody"}}
        (tmp_path / "ends.ndjson").write_text(json.dumps(row))
        text = refused("--endpoints=ends.ndjson", "--provider=github")
    assert "look at the secret in its row of --endpoints ends.ndjson" in text
    assert "/path" not in text
    assert "'******** ********'" in text


def test_a_target_with_the_webhook_in_it_is_probed_at_the_first() -> None:
    """Whose number stands in the path."""
    requests: list[bytes] = []
    with ScriptedServer(recording(requests, OK)) as server:
        (line,) = accepted(f"--target={server.url}/{{webhook}}/")
    assert line.startswith(f"probe: {server.url}/0/ answered")
    assert requests[0].startswith(b"POST /hooks/0/ ")


def test_the_url_that_is_signed_is_the_one_that_is_asked() -> None:
    """With a path, though the option has none."""
    requests: list[bytes] = []
    with ScriptedServer(recording(requests, NO_CONTENT)) as server:
        options = (f"--target=http://127.0.0.1:{server.port}", "--provider=twilio")
        accepted(*options)
    head, _, body = requests[0].partition(b"\r\n\r\n")
    lines = dict(line.decode().lower().split(": ", 1) for line in head.split(b"\r\n")[1:])
    signed = next(line.split(b": ")[1].decode() for line in head.split(b"\r\n") if line.startswith(b"X-Twilio-S"))
    verifier = Verifier(load_provider("twilio"), [settings_of(*options).secrets[0].key])
    assert verifier.verify({**lines, "x-twilio-signature": signed}, body, f"http://127.0.0.1:{server.port}/")


@pytest.mark.parametrize(
    ("body", "doubted"),
    [(b"Hook rules were not satisfied.", True), (b'{"ok" : false}', True), (b'{"ok":true}', False), (b"", False)],
)
def test_an_accepted_answer_that_reads_like_a_refusal_is_doubted(body: bytes, doubted: bool) -> None:
    """Unless the user said what counts: any 2xx is accepted, and the load would tell nothing."""
    with ScriptedServer(answering(answer_of(body))) as server:
        (line,) = accepted(f"--target={server.url}")
        (sure,) = accepted(f"--target={server.url}", "--accept=status in 200")
    assert line.endswith("if that is a refusal, say by --accept 'body ~ TEXT' what an acceptance has in it") is doubted
    assert "refusal" not in sure
