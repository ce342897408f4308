"""What is wrong with a text that is no JSON, or no TOML: where it is, and what is missing there."""

import json
import re
from tomllib import TOMLDecodeError

_JSON = {
    "Expecting value": "a value is missing",
    "Expecting ',' delimiter": "a comma is missing",
    "Expecting ':' delimiter": "a colon is missing",
    "Expecting property name enclosed in double quotes": "a name in double quotes is missing",
    "Extra data": "something follows the value",
    "Unterminated string starting at": "a text has no end",
    "Invalid control character at": "a text has a control character in it",
    "Illegal trailing comma before end of object": "a comma is too much",
    "Illegal trailing comma before end of array": "a comma is too much",
}


def json_fault(error: json.JSONDecodeError) -> str:
    """`a comma is missing at line 3, column 5`; on the first line the column alone."""
    place = f"column {error.colno}" if error.lineno == 1 else f"line {error.lineno}, column {error.colno}"
    return f"{_JSON.get(error.msg, 'something is wrong')} at {place}"


_TOML = (
    (r"Cannot (overwrite|declare|redefine|mutate)|Duplicate", "this name is there twice: remove one"),
    (r"Untermin|Unclosed|\(at end of document", "a quote or bracket is still open: close it"),
    (r"Invalid value", 'this is not a value: put text in quotes, as in name = "eu"'),
    (r"Expected '='|Invalid statement|key part", "this is neither a key nor a table: write key = value"),
    (r"date|time|hex", "this is not a date or number: put text in quotes"),
)
"""By what tomllib says: what to do."""


def toml_fault(error: TOMLDecodeError) -> str:
    """`line 3, column 5: this is not a value: …`."""
    said = str(error)
    place = re.search(r"line \d+, column \d+", said)
    what = next((told for pattern, told in _TOML if re.search(pattern, said)), "this is not TOML: mend the line")
    return f"{place.group() if place else 'at its end'}: {what}"
