"""What it takes of the machine: memory while it lasts, CPU over concurrency, and which resource gives out first."""

from dataclasses import replace

from hookswarm import Delay, Poisson, Stage, StagesShape, senders, sweep

# Sampled over the window; in the pause after it, memory that is free is given back, for the next stage.
MEMORY = Stage(
    "sustained memory", users=32, webhooks=1_000, arrivals=Poisson(400), warmup_s=8, duration_s=25, settle_s=1
)
CPU = Stage("cpu", webhooks=100, warmup_s=0.5, duration_s=4)
IO = Stage("io", users=16, webhooks=100, payload=1_000, warmup_s=0.5, duration_s=3)


class Resource(StagesShape):
    test = "resource"
    stages = (
        *sweep(MEMORY, payload=(1_000, 20_000)),
        *sweep(MEMORY, webhooks=(100_000,)),
        *sweep(MEMORY, users=(256,)),
        *sweep(CPU, users=(1, 2, 4, 8, 16, 32, 64)),
        *sweep(IO, durability=("memory", "os", "fsync"), payload=(100, 10_000, 1_000_000)),
        *sweep(IO, bodies=(False, True), payload=(10_000,)),
        *sweep(IO, reuse=(True, False)),
        *sweep(replace(IO, users=64, reuse=False), backlog=(4, 1024)),
        replace(IO, scenario="io slow target", response=Delay(0.05), receiver_threads=32, ours=True),
    )
    quick_stages = (
        *sweep(replace(MEMORY, warmup_s=1, duration_s=5, settle_s=0.5), payload=(1_000,)),
        *sweep(replace(CPU, warmup_s=0.2, duration_s=1), users=(1, 4, 16)),
        *sweep(replace(IO, duration_s=1), durability=("os", "fsync"), payload=(1_000, 100_000)),
        *sweep(replace(IO, duration_s=1), reuse=(False,)),
    )


globals().update(senders())
