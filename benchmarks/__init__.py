"""`make bench`: sender and receiver against their rivals, in one run, one core per side."""
