"""The services that are shipped."""

from pathlib import Path

TABLES = Path(__file__).with_name("tables")


def service_names() -> list[str]:
    """Their names."""
    return sorted(path.stem for path in TABLES.glob("*.toml"))
