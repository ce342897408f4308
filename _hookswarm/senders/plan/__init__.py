"""What is to be sent, decided before and without a byte of it: stages, arrivals, payloads, laws, strategies."""
