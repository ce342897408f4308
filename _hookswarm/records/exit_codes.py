"""How every command of the project ends, for shells and CI."""

from enum import IntEnum


class Exit(IntEnum):
    """A command's exit code; 130 is what shells report of SIGINT (128 + 2)."""

    PASS = 0
    """The run can be trusted, and every check held."""
    FAIL = 1
    """The run can be trusted, and a check failed."""
    USAGE = 2
    """The command could not start: its options, files or addresses are at fault."""
    VOID = 3
    """The measurement cannot be trusted."""
    UNTESTED = 4
    """Nothing was acknowledged, or fell due, or the probe was refused: so nothing was tested."""
    CANNOT_TELL = 5
    """A comparison of runs that cannot tell whether anything is worse."""
    INTERRUPTED = 130
    """Ended by Ctrl-C; what was measured until then is written."""
