"""A sending process: its queues, its delivery workers, where their attempts go, what becomes of them."""
