"""Settings: what a user can set, checked with every fault named at once."""

import argparse
import json
import os
import time
from pathlib import Path

import pytest

from _hookswarm.common.errors import ConfigError
from _hookswarm.protocol.regions import Balancer, Region
from _hookswarm.senders.plan.checked_options import check_options
from _hookswarm.senders.plan.options import OPTIONS, add_options
from _hookswarm.senders.plan.reachable import unreachable, unreachable_hosts
from _hookswarm.senders.transport.wire import Timeouts
from tests.support.servers import Blackhole, ScriptedServer, answering, authority, closed_port

SECRET = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"
LOCAL = "http://127.0.0.1:9/hooks"


@pytest.fixture(autouse=True)
def _credentials(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("HOOKSWARM_SECRET", SECRET)
    monkeypatch.chdir(tmp_path)


def parse(*arguments: str) -> argparse.Namespace:
    parser = argparse.ArgumentParser()
    add_options(parser)
    return parser.parse_args(arguments)


def faults_of(*arguments: str) -> tuple[str, ...]:
    with pytest.raises(ConfigError) as caught:
        check_options(parse(*arguments))
    return caught.value.faults


def test_the_defaults_are_good() -> None:
    """Without any option the run goes to the local region, with the wire."""
    settings = check_options(parse())
    assert [region.name for region in settings.regions] == ["local"]
    assert (settings.transport, settings.seed, settings.quick) == ("wire", 1, False)
    assert settings.timeouts == Timeouts(5.0, 15.0)
    assert (settings.captured, settings.tls) == (None, None)
    assert settings.results.is_dir()


def test_every_option_arrives(tmp_path: Path) -> None:
    """What is given stands in the settings."""
    (tmp_path / "bodies.json").write_text('[{"a":1}]')
    authority().cert_pem.write_to_path(tmp_path / "ca.pem")
    settings = check_options(
        parse(
            "--quick", f"--target={LOCAL}", "--payloads=bodies.json", "--seed=7", "--results=out/deep",
            "--transport=httpx", "--connect-timeout=0.5", "--response-timeout=2", "--ca-file=ca.pem",
        )
    )  # fmt: skip
    assert [(region.name, region.url, region.control) for region in settings.regions] == [("target", LOCAL, None)]
    assert settings.captured
    assert settings.captured.body(b"", 0) == b'{"a":1}'
    assert (settings.quick, settings.seed, settings.transport) == (True, 7, "httpx")
    assert settings.timeouts == Timeouts(0.5, 2.0)
    assert settings.tls
    assert (tmp_path / "out" / "deep").is_dir()
    assert list((tmp_path / "out" / "deep").iterdir()) == []


@pytest.mark.parametrize(
    ("variable", "value", "said"),
    [
        ("ALL_PROXY", "socks5://127.0.0.1:1", "install that, name an http:// one, or unset it"),
        (
            "HTTP_PROXY",
            "ftp://somebody:pass/word@there",
            "$HTTP_PROXY is not the URL of a proxy: write http://host:port",
        ),
        ("https_proxy", "http://there:99999", "$HTTPS_PROXY is not the URL of a proxy: write http://host:port"),
        ("HTTP_PROXY", "http://", "$HTTP_PROXY is not the URL of a proxy: write http://host:port"),
        ("NO_PROXY", "[::", "check $NO_PROXY, or send with --transport wire"),
    ],
)
def test_a_proxy_that_cannot_be_used(monkeypatch: pytest.MonkeyPatch, variable: str, value: str, said: str) -> None:
    """A transport that the environment makes impossible is one fault, with what to do, where that transport is used."""
    monkeypatch.setenv(variable, value)
    (fault,) = faults_of("--transport=httpx")
    assert said in fault
    assert "pass" not in fault
    assert check_options(parse()).transport == "wire"


def test_every_fault_is_named_at_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Bad options give as many faults, each with its option's name, and no secret."""
    monkeypatch.setenv("HOOKSWARM_SECRET", "whsec_c2hvcnQ=")
    (tmp_path / "occupied").touch()
    (tmp_path / "bad.pem").write_text("not a certificate")
    faults = faults_of(
        "--target=ftp://x", "--payloads=missing.json", "--seed=-1", "--results=occupied", "--connect-timeout=-1",
        "--response-timeout=nan", "--ca-file=bad.pem", "--memory-limit=lots", "--strategy=luck",
    )  # fmt: skip
    named = ["--target", "--payloads", "--ca-file", "secret", "--results", "--connect-timeout", "--response-timeout"]
    named += ["--memory-limit", "--strategy", "--seed"]
    assert len(faults) == len(named)
    for name, fault in zip(named, faults, strict=True):
        assert name in fault
    assert "c2hvcnQ" not in " ".join(faults)


def test_a_certificate_of_ours_is_for_https(tmp_path: Path) -> None:
    """Elsewhere nobody would see it."""
    authority().issue_cert("me").private_key_and_cert_chain_pem.write_to_path(tmp_path / "me.pem")
    assert "--cert is shown to an https target" in faults_of(f"--target={LOCAL}", "--cert=me.pem")[0]
    assert check_options(parse("--target=https://127.0.0.1:9/", "--cert=me.pem")).tls


def test_who_signs_alike_agrees(monkeypatch: pytest.MonkeyPatch) -> None:
    """By the same provider and headers, and with the same secret."""
    one = check_options(parse())
    assert one.signs_as() == check_options(parse()).signs_as()
    for options in ("--provider=svix", "--header=X-A: 1"):
        other = check_options(parse(options))
        assert [a == b for a, b in zip(one.signs_as(), other.signs_as(), strict=True)] == [False, True]
    monkeypatch.setenv("HOOKSWARM_SECRET", "whsec_" + "b3Ro" * 8)
    other = check_options(parse())
    assert [a == b for a, b in zip(one.signs_as(), other.signs_as(), strict=True)] == [True, False]


def test_headers_stay_as_they_were_given(monkeypatch: pytest.MonkeyPatch) -> None:
    """What is kept of the options holds no value of the environment."""
    monkeypatch.setenv("TOKEN", "of-the-environment")
    settings = check_options(parse("--header=Authorization: Bearer ${TOKEN}"))
    assert b"Authorization: Bearer of-the-environment" in settings.signer.head
    assert "of-the-environment" not in json.dumps(settings.options)


@pytest.mark.parametrize(
    "url",
    [
        "http://192.0.2.1/", "http://nobody.invalid/", "http://0.0.0.0/", "https://[2001:db8::1]:443/",
        "http://localhost.attacker.invalid/", "http://169.254.169.254/latest",
    ],
)  # fmt: skip
def test_a_target_beyond_loopback_needs_leave(url: str) -> None:
    """Nothing beyond this machine is loaded unless the user says that it is theirs."""
    assert "--allow-remote" in faults_of(f"--target={url}")[0]
    assert check_options(parse(f"--target={url}", "--allow-remote")).regions[0].url == url


def test_regions_beyond_loopback_need_leave(tmp_path: Path) -> None:
    """Every remote region of a table is named."""
    table = '[[region]]\nname="a"\nurl="{}"\n[[region]]\nname="b"\nurl="{}"\n[[region]]\nname="c"\nurl="{}"\n'
    (tmp_path / "regions.toml").write_text(table.format("http://192.0.2.1/", LOCAL, "http://192.0.2.2/"))
    faults = faults_of("--regions=regions.toml")
    assert ["192.0.2.1" in faults[0], "192.0.2.2" in faults[1], len(faults)] == [True, True, 2]
    assert len(check_options(parse("--regions=regions.toml", "--allow-remote")).regions) == 3


@pytest.mark.parametrize("url", ["http://127.0.0.1/", "http://127.9.9.9:80/x", "http://[::1]/", "http://localhost:1/"])
def test_loopback_needs_no_leave(url: str) -> None:
    """This machine's own addresses are free to load."""
    assert check_options(parse(f"--target={url}")).regions[0].url == url


@pytest.mark.parametrize(
    "url", ["127.0.0.1:80", "http://", "http://user:pass@127.0.0.1/", "http://127.0.0.1:99999/", "http://127.0.0.1/a b"]
)
def test_a_bad_target_is_a_fault(url: str) -> None:
    """What is no plain http URL is refused, and a password in it is not repeated."""
    (fault,) = faults_of(f"--target={url}")
    assert "--target" in fault
    assert "pass" not in fault


def test_a_target_in_other_letters_is_a_fault() -> None:
    """The wire sends ASCII, so a URL must be written in it."""
    assert "ASCII" in faults_of("--target=http://127.0.0.1/caf\N{LATIN SMALL LETTER E WITH ACUTE}")[0]


def test_target_and_regions_exclude_each_other() -> None:
    """Two answers to where-to are one fault."""
    assert faults_of(f"--target={LOCAL}", "--regions=x.toml") == (
        "--target and --regions cannot be used together: leave all but one out",
    )


def test_the_options_of_a_run_hold_no_secret() -> None:
    """What goes into run.json is what was given, every option of it, and never the key."""
    settings = check_options(parse("--quick"))
    assert set(settings.options) == set(OPTIONS)
    written = json.dumps(settings.options)
    assert SECRET not in written
    assert settings.secrets[0].key.hex() not in written


def test_a_provider_brings_its_time_outs_and_takes_its_secret(monkeypatch: pytest.MonkeyPatch) -> None:
    """What is given comes first; the secret is text for Shopify, and the user is told so, without it."""
    settings = check_options(parse("--provider=shopify", "--connect-timeout=2"))
    assert settings.timeouts == Timeouts(2.0, 5.0)
    assert settings.secrets[0].key == SECRET.encode()
    assert settings.told_signing() == "signed as shopify: $HOOKSWARM_SECRET, taken as one line of text"
    assert settings.options["response_timeout"] == 5.0
    assert SECRET not in repr(settings)


def test_a_providers_own_retry_law() -> None:
    """`--retry-profile provider` is that of the provider, where it is known."""
    settings = check_options(parse("--provider=stripe", "--retry-profile=provider"))
    assert settings.law
    assert settings.law[1].retries == 12
    (fault,) = faults_of("--provider=linear", "--retry-profile=provider")
    assert fault.startswith("--retry-profile: how linear retries is not known")


def test_faults_of_a_provider_are_named(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """An unknown name, a secret of another form, a second one without room, a body that it would not send."""
    assert faults_of("--provider=githup")[0].startswith("--provider: there is no provider 'githup': write github")
    (fault,) = faults_of("--provider=discord")
    assert "$HOOKSWARM_SECRET: the signing secret is not a private Ed25519 key" in fault
    (tmp_path / "large.json").write_text(json.dumps("x" * 300_000))
    (fault,) = faults_of("--provider=mcp-events", "--payloads=large.json")
    assert fault == "--payloads: mcp-events sends no body above 262,144 B: leave larger ones out"
    monkeypatch.setenv("HOOKSWARM_SECRET_NEXT", SECRET)
    (fault,) = faults_of("--provider=github")
    assert fault == (
        "provider github sends one signature, and $HOOKSWARM_SECRET_NEXT would be a second: unset it, or say by "
        "--rotate-at when it takes the place of the first"
    )
    assert len(check_options(parse()).secrets) == 2


def test_a_rotation_has_another_secret_and_somebody_who_signs(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """Each fault is one line; where the format has room both sign until then, else the first alone."""
    (fault,) = faults_of("--rotate-at=30s")
    assert fault.startswith("--rotate-at: there is no secret to change to: set $HOOKSWARM_SECRET_NEXT")
    monkeypatch.setenv("HOOKSWARM_SECRET_NEXT", SECRET)
    assert faults_of("--rotate-at=soon")[0] == "--rotate-at 'soon' is not a time: write 90s, 30m or 1h30m"
    assert "hold the same secret" in faults_of("--rotate-at=30s")[0]
    monkeypatch.setenv("HOOKSWARM_SECRET_NEXT", SECRET.replace("MfKQ", "AAAA"))
    (tmp_path / "mute.toml").write_text('source = "here"\nas_of = 2026-11-29')
    (fault,) = faults_of("--rotate-at=30s", "--provider=mute.toml")
    assert fault == "--rotate-at: provider mute signs nothing: leave it out"
    settings = check_options(parse("--rotate-at=30s", "--provider=github"))
    assert settings.rotation
    assert settings.rotation[0] == settings.options["rotate_at"] == 30
    assert settings.told_signing().endswith("; 30 s after each stage's start the second signs alone")


def test_what_a_provider_cannot_send_is_named(tmp_path: Path) -> None:
    """A payload that is not JSON, where the provider's body or its content type is."""
    (tmp_path / "body.xml").write_text("<a/>")
    (fault,) = faults_of("--payloads=body.xml", "--provider=twilio")
    assert fault == "--payloads: twilio sends forms, and these are XML: give JSON or forms"
    settings = check_options(parse("--payloads=body.xml"))
    assert b"Content-Type: application/xml\r\n" in settings.signer.head


def test_unreachable_names_who_does_not_answer() -> None:
    """A region or a balancer that no connection reaches is named with its address; one that listens is not."""
    with ScriptedServer(answering()) as server:
        up = Region(name="up", url=server.url)
        down = Region(name="down", url=f"http://127.0.0.1:{closed_port()}/")
        lost = Region(name="lost", url="http://nobody.invalid/")
        balancer = Balancer(haproxy={"leastconn": down.url, "hash": server.url})
        faults = unreachable([up, down, lost], balancer)
    assert [fault.split(":")[0] for fault in faults] == ["region down", "region lost", "balancer leastconn"]


def test_unreachable_regions_are_waited_for_together() -> None:
    """Forty that drop every packet take the time of one, not a minute."""
    with Blackhole() as silent:
        began = time.monotonic()
        faults = unreachable([Region(name=f"r{n}", url=silent.url) for n in range(40)], timeout_s=0.3)
        assert time.monotonic() - began < 6
    mend = "start it, or check the address"
    assert faults == [f"region r{n}: cannot reach 127.0.0.1:{silent.port}: timed out: {mend}" for n in range(40)]


def test_a_proxy_is_told_where_the_wire_passes_it(monkeypatch: pytest.MonkeyPatch) -> None:
    """Not of a target on this machine, and not of httpx, which takes it."""
    monkeypatch.setenv("HTTP_PROXY", "http://192.0.2.9:3128")
    far = ("--target=http://192.0.2.1/", "--allow-remote")
    assert "past $HTTP_PROXY" in check_options(parse(*far)).proxy
    assert check_options(parse(f"--target={LOCAL}")).proxy == ""
    assert check_options(parse(*far, "--transport=httpx")).proxy == ""


def test_what_counts_as_accepted_is_the_users_else_the_providers() -> None:
    """Rules of the user's replace the provider's; without any it is a 2xx."""
    assert check_options(parse()).acceptance.is_plain
    assert check_options(parse("--provider=zoom")).acceptance.told() == ["status in 200,204"]
    own = ("--accept=status in 200-202", "--accept=body ~ ok, done")
    assert check_options(parse("--provider=zoom", *own)).acceptance.told() == ["status in 200-202", "body ~ ok, done"]


def test_every_rule_that_cannot_be_understood_is_named() -> None:
    """With the option, and how to write one."""
    assert faults_of("--accept=status 200", "--accept=body ~ fine", "--accept=ok") == tuple(
        f"--accept: {rule!r} is not a rule: write 'status in 200,202', 'status in 200-299' or 'body ~ TEXT'"
        for rule in ("status 200", "ok")
    )


def test_there_is_a_probe_unless_nobody_wants_it() -> None:
    """`--no-probe`."""
    assert check_options(parse()).probe
    assert not check_options(parse("--no-probe")).probe


def test_what_nothing_may_show(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The secret, what headers have of the environment, and what a file of endpoints has of that webhook's own."""
    monkeypatch.setenv("TOKEN", "a-token")
    rows = [
        {"url": "http://127.0.0.1:9/secret/path", "secret": "of the first", "headers": {"X": "Bearer 12345678"}},
        {"url": "http://127.0.0.1:9/", "secret": "of the second"},
    ]
    (tmp_path / "ends.ndjson").write_text("\n".join(map(json.dumps, rows)))
    options = ("--provider=github", "--header=X-Token: of ${TOKEN}", "--endpoints=ends.ndjson")
    settings = check_options(parse(*options))
    shared = [SECRET.encode(), b"a-token"]
    assert settings.hidden == shared
    own = [b"of the first", b"Bearer 12345678", b"/secret/path", b"12345678"]
    assert settings.hidden_of(0) == [*shared, *own]
    assert settings.hidden_of(1) == [*shared, b"of the second"]


def endpoints(*urls: str) -> str:
    Path("endpoints.csv").write_text("\n".join(["url", *urls, ""]))
    return "--endpoints=endpoints.csv"


def test_endpoints_are_a_target_of_many() -> None:
    """One region, and no other answer to where-to beside it."""
    settings = check_options(parse(endpoints("http://127.0.0.1:9/a", "http://127.0.0.1:10/b")))
    assert settings.endpoints
    assert [(region.name, region.url) for region in settings.regions] == [("target", "http://127.0.0.1:9/")]
    assert settings.urls() == ["http://127.0.0.1:9", "http://127.0.0.1:10"]
    assert "--target and --endpoints cannot be used together" in faults_of(endpoints(LOCAL), f"--target={LOCAL}")[0]
    assert check_options(parse(f"--target={LOCAL}/{{webhook}}")).template


def test_endpoints_beyond_loopback_need_leave_host_by_host() -> None:
    """The first ones are named, the others counted; a host is named once."""
    urls = [f"http://192.0.2.{n}/{page}" for n in range(1, 8) for page in "ab"]
    said = faults_of(endpoints("http://127.0.0.1/", *urls))
    assert [fault.partition(" ")[0] for fault in said[:-1]] == [f"http://192.0.2.{n}" for n in range(1, 6)]
    assert said[-1] == "so are 2 more hosts: add --allow-remote for them, too"
    assert check_options(parse(endpoints(*urls), "--allow-remote")).beyond_loopback


def test_endpoints_that_nobody_reaches_are_told() -> None:
    """Each host once, the first ones by their names; of thousands a part is tried."""
    with ScriptedServer(answering()) as server:
        down = [f"http://127.0.0.1:{closed_port()}" for _ in range(7)]
        said = unreachable_hosts([server.url.rstrip("/"), *down])
    assert [fault.split("reach ")[1].split(": ")[0] for fault in said[:-1]] == [url[7:] for url in down[:5]]
    assert "and 2 more hosts are not reached" in said[-1]
    began = time.monotonic()
    assert len(unreachable_hosts(["http://127.0.0.1:1"] * 100_000)) == 6
    assert time.monotonic() - began < 10


def test_a_rotation_is_of_the_secret_of_all(monkeypatch: pytest.MonkeyPatch) -> None:
    """Endpoints that have one of their own have no other to change to."""
    monkeypatch.setenv("HOOKSWARM_SECRET_NEXT", f"whsec_{'A' * 32}")
    Path("endpoints.csv").write_text(f"url,secret\n{LOCAL},{SECRET}\n")
    assert "--rotate-at changes the secret of all" in faults_of("--endpoints=endpoints.csv", "--rotate-at=1s")[0]


@pytest.mark.parametrize(
    "options",
    [
        ("--ca-file={}",), ("--target=https://127.0.0.1:9/", "--cert={}"), ("--endpoints={}",), ("--provider={}",),
        ("--regions={}",), ("--retry-profiles={}", "--retry-profile=x"),
    ],
    ids=lambda options: options[-1],
)  # fmt: skip
def test_what_can_be_read_once_only_is_no_file(options: tuple[str, ...]) -> None:
    """A pipe, as `<(…)` makes one: sending processes could not read it again."""
    reading, writing = os.pipe()
    os.close(writing)
    try:
        told = faults_of(*(option.format(f"/dev/fd/{reading}") for option in options))
    finally:
        os.close(reading)
    assert any("a pipe can be read once only: write it to a file" in fault for fault in told), told
