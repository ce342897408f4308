#!/usr/bin/env python3
"""Run hookswarm's tests: start receivers, run Locust, write the reports."""

import sys

from _hookswarm.runner.__main__ import main

if __name__ == "__main__":
    sys.exit(main())
