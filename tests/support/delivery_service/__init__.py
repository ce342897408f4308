"""A small webhook delivery service of the tests' own: honest, or with faults on demand, each of them counted.

    python -m tests.support.delivery_service --port 0 --retries 1,3,9 --forget 0.005 --seed 1

It prints `listening on http://127.0.0.1:PORT` when it is ready. SIGTERM: what is in flight ends, then it ends;
what is queued is delivered after the next start, where there is a store.

It shares no code with hookswarm, so that neither repeats the other's mistakes.
"""
