"""Locust's FastHttpUser doing the plain POST: no signature, no journal."""

import os

from locust import FastHttpUser, task

from benchmarks import meter

meter.install()


class Rival(FastHttpUser):
    host = os.environ["BENCH_TARGET"]
    body = "x" * meter.BODY_BYTES

    @task
    def post(self) -> None:
        self.client.post("/hooks", data=self.body)
