"""docs/service-tables.md."""

from tests.support.service_docs import DOCUMENT, PARTS, renewed


def test_the_documentation_is_made_of_the_tables_and_of_the_grammar() -> None:
    """Where this fails: `python -m tests.support.service_docs` writes it anew."""
    text = DOCUMENT.read_text(encoding="utf-8")
    assert renewed(text) == text


def test_every_key_of_the_grammar_says_what_it_means() -> None:
    """In the text that stands below it in the code."""
    assert [
        (part, name) for _, part in PARTS for name, field in part.model_fields.items() if not field.description
    ] == []
