"""`python -m hookswarm.receiver`: one region's receiver, or 'fleet': every region of a table."""

import sys

from _hookswarm.receiver.__main__ import main

if __name__ == "__main__":
    sys.exit(main())
