"""`python -m hookswarm.service`: a delivery service's table tried ('check'); what a killed run left there ('clean')."""

import sys

from _hookswarm.runner.service import main

if __name__ == "__main__":
    sys.exit(main())
