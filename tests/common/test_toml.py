"""One reader of TOML: whatever is wrong with a file is one error that names it."""

from pathlib import Path

import pytest

from _hookswarm.common.errors import ConfigError
from _hookswarm.common.toml import read_toml


def test_a_file_is_read_as_utf8_whatever_the_locale(tmp_path: Path) -> None:
    """TOML is UTF-8."""
    path = tmp_path / "file.toml"
    path.write_bytes("name = 'Zürich'".encode())
    assert read_toml(path) == {"name": "Zürich"}


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b"a = ", "not TOML: "),
        (b"a = '\xff'", "not TOML: "),
        (b"a = " + b"[" * 5_000 + b"]" * 5_000, "it is nested too deeply"),
    ],
    ids=["syntax", "no UTF-8", "nested"],
)
def test_what_is_no_toml_is_one_error_with_its_name(tmp_path: Path, content: bytes, said: str) -> None:
    """Syntax, encoding, depth: nothing of it ends in a traceback."""
    path = tmp_path / "file.toml"
    path.write_bytes(content)
    with pytest.raises(ConfigError) as error:
        read_toml(path)
    (fault,) = error.value.faults
    assert fault.startswith(f"{path}: ")
    assert said in fault


def test_what_cannot_be_read_says_why(tmp_path: Path) -> None:
    """A missing file, and a folder in its place."""
    for path, why in ((tmp_path / "none.toml", "No such file or directory"), (tmp_path, "Is a directory")):
        with pytest.raises(ConfigError, match=f"^cannot read {path}: {why}: check its name and permissions$"):
            read_toml(path)
