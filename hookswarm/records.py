"""`python -m hookswarm.records`: a run's journals for other tools: 'export', 'collect'."""

import sys

from _hookswarm.records.__main__ import main

if __name__ == "__main__":
    sys.exit(main())
