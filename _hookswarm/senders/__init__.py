"""Who sends: stages, arrivals, the delivery queue, payloads, the wire, and the Locust user."""
