"""Locust's HttpUser doing the plain POST: no signature, no journal."""

import os

from locust import HttpUser, task

from benchmarks import meter

meter.install()


class Rival(HttpUser):
    host = os.environ["BENCH_TARGET"]
    body = "x" * meter.BODY_BYTES

    @task
    def post(self) -> None:
        self.client.post("/hooks", data=self.body)
