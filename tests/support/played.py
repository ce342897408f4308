"""`python -m tests.support.played FOLDER STAGES`: a receiver and a run against it, as in one network namespace."""

import json
import sys
from pathlib import Path

from _hookswarm.senders.plan.stages import from_plain
from tests.support.receivers import running_receiver
from tests.support.runs import regions_file, run_locust

if __name__ == "__main__":
    folder, plain = Path(sys.argv[1]), json.loads(sys.argv[2])
    with running_receiver(folder, "--threads", "16") as receiver:
        options = ["--regions", str(regions_file(folder, receiver))]
        run_locust(folder, [from_plain(stage) for stage in plain], *options, timeout_s=100, test="resource")
