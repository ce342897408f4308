"""`python -m hookswarm.analysis`: the reports of a run, 'compare', 'schemas'."""

import sys

from _hookswarm.analysis.__main__ import main

if __name__ == "__main__":
    sys.exit(main())
