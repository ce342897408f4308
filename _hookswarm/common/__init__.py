"""What every room needs, and nothing else: errors, limits, reading TOML, wording. It imports nothing of ours."""
