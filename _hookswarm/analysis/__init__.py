"""What a run's folder means: ledger, latency, windows, verdict -> JSON reports and a summary."""
