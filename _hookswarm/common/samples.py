"""Bytes that others sent, as text that any terminal, page or file can show."""

from codecs import getincrementaldecoder

MOST_STRANGE = 0.1
"""The share of characters that are none from which on bytes are no text."""
HEX_BYTES = 32


def sample_text(data: bytes) -> str:
    """In one line; what is no text as hexadecimal digits, of the first 32 bytes."""
    line = " ".join(getincrementaldecoder("utf-8")("replace").decode(data).split())  # it may end inside a character
    shown = "".join(character if character.isprintable() else "\N{REPLACEMENT CHARACTER}" for character in line)
    if shown.count("\N{REPLACEMENT CHARACTER}") > MOST_STRANGE * len(shown):
        return f"binary: {data[:HEX_BYTES].hex()}" + "…" * (len(data) > HEX_BYTES)
    return shown
