"""What a run through a delivery service tells of the service: its law, its isolation, its drains and restarts."""
