"""The table of wrong inputs: what is typed, what the message says, and what to do next at its end."""

from tests.support.wrong_inputs.files import ADDRESSES, ENVIRONMENT, FILES
from tests.support.wrong_inputs.options import CHECKS, OPTIONS
from tests.support.wrong_inputs.others import OTHERS
from tests.support.wrong_inputs.wrong import COMMANDS, Wrong

WRONGS = (*OPTIONS, *CHECKS, *FILES, *ADDRESSES, *ENVIRONMENT, *OTHERS)

__all__ = ["COMMANDS", "WRONGS", "Wrong"]
