"""`python -m hookswarm`: the same as `hookswarm` and `run_webhook_performance_tests.py`."""

import sys

from _hookswarm.runner.__main__ import main

if __name__ == "__main__":
    sys.exit(main())
