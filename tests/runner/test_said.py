"""What Locust prints, for the user, while it is written."""

import subprocess
import tempfile

from _hookswarm.runner.said import Said


def test_lines_for_the_user_come_as_they_are_written() -> None:
    """Whole ones, each once; the writer goes on where it was, and all of it is kept."""
    with tempfile.TemporaryFile() as file:
        said = Said(file)
        assert list(said.to_user()) == []
        subprocess.run(["printf", "noise\nhookswarm: waits\nhookswarm: run results/x\nhookswarm: ha"], stdout=file)
        assert list(said.to_user()) == ["hookswarm: waits"]
        subprocess.run(["printf", "lf a line\nhookswarm: \\377\n"], stdout=file)
        assert list(said.to_user()) == ["hookswarm: half a line", "hookswarm: \ufffd"]
        assert list(said.to_user()) == []
        assert said.text.startswith("noise\nhookswarm: waits\nhookswarm: run results/x\nhookswarm: half a line\n")


def test_a_long_line_is_one() -> None:
    """Longer than what is read at once."""
    with tempfile.TemporaryFile() as file:
        file.write(b"hookswarm: " + b"x" * 200_000 + b"\n")
        file.flush()
        (line,) = Said(file).to_user()
        assert len(line) == 200_011
