"""`report.html`: the four reports as one page that needs nothing else: pictures first, then tables."""
