"""Everything behind `hookswarm`'s door, a folder for each room. Not for import from outside: names may move."""

__version__ = "0.1.0"
