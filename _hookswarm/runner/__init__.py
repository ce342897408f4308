"""The command: plan, receivers, Locust, reports."""
