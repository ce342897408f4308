"""`python -m senders.service check FILE`, `… clean RUN`: a service's table tried; what a killed run left taken down.

It hands over to the runner: the commands start receivers, which senders know nothing of.
"""

import os
import sys

from _hookswarm import importable

if __name__ == "__main__":
    os.environ.update(importable())
    os.execv(sys.executable, [sys.executable, "-m", "_hookswarm.runner.service", *sys.argv[1:]])
