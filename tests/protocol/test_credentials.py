"""Where the signing secret and the control token come from."""

import os
import stat
import threading
from collections.abc import Mapping
from pathlib import Path

import pytest

from _hookswarm.common.errors import ConfigError
from _hookswarm.protocol.credentials import (
    HIDDEN,
    configured_token,
    control_token,
    masked,
    public_key_text,
    signing_secrets,
)
from _hookswarm.protocol.forms import parse_secret
from _hookswarm.protocol.providers import load_provider
from tests.support.receivers import KEY, SECRET, TOKEN
from tests.support.signed import STANDARD


def signing_key(env: Mapping[str, str], folder: Path) -> bytes:
    """The key of a Standard Webhooks secret."""
    (secret,) = signing_secrets(STANDARD, env, folder)
    return secret.key


def test_the_environment_comes_first(tmp_path: Path) -> None:
    """A secret in the environment wins over every file, and nothing is written."""
    env = {"HOOKSWARM_SECRET": SECRET, "HOOKSWARM_SECRET_FILE": "/nonexistent", "HOOKSWARM_TOKEN": TOKEN}
    assert signing_key(env, tmp_path) == KEY
    assert control_token(env, tmp_path) == TOKEN
    assert list(tmp_path.iterdir()) == []


def test_a_file_comes_second(tmp_path: Path) -> None:
    """A mounted secret file is read, its line end left out."""
    (tmp_path / "mounted").write_text(SECRET + "\n")
    assert signing_key({"HOOKSWARM_SECRET_FILE": str(tmp_path / "mounted")}, tmp_path / "made") == KEY
    assert not (tmp_path / "made").exists()


def test_made_on_first_use_and_kept(tmp_path: Path) -> None:
    """Without settings both are made once, and sender and receiver of a checkout find the same."""
    folder = tmp_path / "made"
    assert signing_key({}, folder) == signing_key({}, folder)
    assert control_token({}, folder) == control_token({}, folder)
    assert len(signing_key({}, folder)) == 32
    assert sorted(path.name for path in folder.iterdir()) == ["secret", "token"]


def test_made_for_this_user_only(tmp_path: Path) -> None:
    """Other users of the machine cannot read what was made."""
    folder = tmp_path / "made"
    signing_key({}, folder)
    assert stat.S_IMODE(folder.stat().st_mode) == 0o700
    assert stat.S_IMODE((folder / "secret").stat().st_mode) == 0o600


def test_of_two_that_start_together_the_first_wins(tmp_path: Path) -> None:
    """Processes that make a credential at once end up with one value."""
    folder, found = tmp_path / "made", []
    threads = [threading.Thread(target=lambda: found.append(control_token({}, folder))) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(found) == 8
    assert set(found) == {control_token({}, folder)}


def test_empty_settings_are_no_settings(tmp_path: Path) -> None:
    """`HOOKSWARM_TOKEN=` (compose passes unset variables so) does not count as a token set on purpose."""
    env = {"HOOKSWARM_TOKEN": "", "HOOKSWARM_TOKEN_FILE": ""}
    assert configured_token(env) is None
    assert len(control_token(env, tmp_path / "made")) >= 16


def test_a_token_set_on_purpose(tmp_path: Path) -> None:
    """A token counts as set by its variable or by its file's."""
    (tmp_path / "token").write_text(TOKEN)
    assert configured_token({"HOOKSWARM_TOKEN": TOKEN}) == TOKEN
    assert configured_token({"HOOKSWARM_TOKEN_FILE": str(tmp_path / "token")}) == TOKEN


@pytest.mark.parametrize("token", ["short", "fünfzehn-und-mehr-zeichen", "sixteen-or-more\r\nX-Header: 1"])
def test_a_token_that_no_header_can_carry_is_refused(token: str, tmp_path: Path) -> None:
    """Too short to be safe, or not sendable: the user hears of it, and not of the token."""
    with pytest.raises(ConfigError) as caught:
        control_token({"HOOKSWARM_TOKEN": token}, tmp_path)
    assert token not in str(caught.value)


@pytest.mark.parametrize(
    ("content", "message"), [(None, "there is no file"), (b"\xff\xfe\x80", "not text"), (b"", "0 bytes")]
)
def test_an_unusable_file_is_named(content: bytes | None, message: str, tmp_path: Path) -> None:
    """A missing, binary or empty secret file is one clear fault."""
    path = tmp_path / "mounted"
    if content is not None:
        path.write_bytes(content)
    with pytest.raises(ConfigError, match=message):
        signing_key({"HOOKSWARM_SECRET_FILE": str(path)}, tmp_path)


def test_a_folder_that_cannot_be_made(tmp_path: Path) -> None:
    """Where nothing can be written, the message says so instead of a traceback."""
    (tmp_path / "file").touch()
    with pytest.raises(ConfigError, match="cannot"):
        signing_key({}, tmp_path / "file")


def test_each_form_has_a_file_of_its_own(tmp_path: Path) -> None:
    """A key pair is made once, and its public half can be told; it is written so that this user alone can read it."""
    discord = load_provider("discord")
    (secret,), (again,) = (
        signing_secrets(discord, {}, tmp_path / "made"),
        signing_secrets(discord, {}, tmp_path / "made"),
    )
    assert (secret.key, secret.made_up) == (again.key, True)
    assert stat.S_IMODE((tmp_path / "made" / "secret-ed25519").stat().st_mode) == 0o600
    assert len(public_key_text(discord, secret) or "") == 64
    (text,) = signing_secrets(load_provider("github"), {}, tmp_path / "made")
    assert public_key_text(load_provider("github"), text) is None
    assert text.told() == f"{tmp_path / 'made' / 'secret-text'}, made up"


def test_a_secret_of_another_form_names_where_it_stood(tmp_path: Path) -> None:
    """The variable or the file, and the form it was taken for; not the secret."""
    (tmp_path / "mounted").write_text("geheim!")
    for env, where in (
        ({"HOOKSWARM_SECRET": "geheim!"}, "$HOOKSWARM_SECRET: the signing secret is not base64 after 'whsec_'"),
        ({"HOOKSWARM_SECRET_FILE": str(tmp_path / "mounted")}, f"$HOOKSWARM_SECRET_FILE ({tmp_path / 'mounted'}): the"),
    ):
        with pytest.raises(ConfigError) as caught:
            signing_secrets(STANDARD, env, tmp_path)
        assert where in str(caught.value)
        assert "geheim" not in str(caught.value).replace(str(tmp_path), "")


def test_a_made_secret_is_a_standard_webhooks_secret(tmp_path: Path) -> None:
    """What we make, other libraries read."""
    signing_key({}, tmp_path / "made")
    text = (tmp_path / "made" / "secret").read_text().strip()
    assert text.startswith("whsec_")
    assert len(parse_secret(text)) == 32


@pytest.mark.parametrize(
    "said",
    [
        b"It&#39;s &#34;&lt;7&gt;&#34; &amp; co", b"It&#x27;s &quot;&lt;7&gt;&quot; &amp; co", b'It\'s \\"<7>\\" & co',
        b"It%27s%20%22%3C7%3E%22%20%26%20co", b"It%27s+%22%3C7%3E%22+%26+co",
    ],
)  # fmt: skip
def test_a_secret_is_hidden_however_an_answer_escapes_it(said: bytes) -> None:
    """As pages, JSON and URLs do: the marks of a page are put back before it is shown."""
    assert masked(b"you sent " + said + b"!", [b'It\'s "<7>" & co']) == b"you sent " + HIDDEN + b"!"


def test_what_stands_in_any_text_is_not_hidden() -> None:
    """A tenant called a, say: the answer would be stars."""
    assert masked(b"a database is locked", [b"a", b"data"]) == b"a " + HIDDEN + b"base is locked"


def test_a_secret_file_that_can_be_read_once_only_is_refused(tmp_path: Path) -> None:
    """A pipe, as `<(…)` makes one: the sending processes could not read it again."""
    reading, writing = os.pipe()
    os.close(writing)
    try:
        with pytest.raises(ConfigError, match=r"SECRET_FILE: /dev/fd/.*: a pipe can be read once only"):
            signing_key({"HOOKSWARM_SECRET_FILE": f"/dev/fd/{reading}"}, tmp_path)
    finally:
        os.close(reading)
