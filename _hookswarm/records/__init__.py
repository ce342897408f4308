"""What is written down of a run: journals, manifest, timeline. Nothing else feeds the analysis."""
