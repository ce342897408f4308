"""Python's garbage collector, kept out of the way of what is measured."""

import gc


def spare_start_up() -> None:
    """Collect what start-up left, and have no later collection look at what stays.

    A full collection of all that the libraries made takes tens of milliseconds, in which nothing is sent or answered.
    """
    gc.collect()
    gc.freeze()
