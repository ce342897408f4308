"""The five tests, each a table of stages that also runs alone: `locust -f locustfiles/test_….py`."""
