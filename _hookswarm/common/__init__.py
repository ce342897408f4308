"""What every room needs. It imports nothing of ours."""
