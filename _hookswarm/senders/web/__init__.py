"""What Locust's web UI shows of ours."""
