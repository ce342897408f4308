"""plotly.js as the page holds it: compressed, for the whole of it would be nearly all of the page."""

import base64
import gzip
from functools import cache

from plotly.offline import get_plotlyjs


@cache
def packed_plotly() -> str:
    """gzip in base64, 2 MB instead of 5; `page.js` unpacks it. The same text gives the same bytes."""
    return base64.b64encode(gzip.compress(get_plotlyjs().encode(), mtime=0)).decode()
