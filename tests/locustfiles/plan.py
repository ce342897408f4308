"""A locustfile whose stages a test hands over in $HOOKSWARM_TEST_STAGES, as JSON."""

import json
import os

from senders.locustfile import StagesShape, senders
from senders.stages import from_plain


class Plan(StagesShape):
    test = os.environ["HOOKSWARM_TEST_NAME"]
    stages = tuple(from_plain(plain) for plain in json.loads(os.environ["HOOKSWARM_TEST_STAGES"]))
    quick_stages = stages


globals().update(senders())
