"""From where on a figure says something else: limits that several rooms judge by."""

LATE_MS = 20.0
"""An idle worker that wakes later than this makes another schedule than the declared one."""
LATE_SHARE = 0.01
"""Of a stage's events, so many may be late by more than LATE_MS: its 99th percentile is what is judged."""

STARVED_SHARE = 0.25
"""A sender that waits for a CPU this share of a stage measures the machine's other work, not the target."""
STARVED_CLOSED_SHARE = 0.5
"""The same of a closed loop, which takes turns on the cores with the receiver that it drives to its limit."""

MAX_DISTURBED = 2
"""Tries of a search for capacity that are repeated, because the sender was late or starved; a further one of the same
rate says that the generator is the limit there."""

PILES_UP = 0.01
"""Through a service: deliveries that grow later by so much of the time in which they are offered pile up."""

DISTURBED_SHARE = 0.25
"""What others may take of a machine: up to 16 % was seen in runs whose figures were sound."""

BUSY_SHARE = 0.9
"""A process that runs, or is ready to, for this share of a core is limited by it."""

AWAITING_SHARE = 0.9
"""Workers that await answers for this share of their time are slowed down by the target."""
AWAITING_CLOSED_SHARE = 0.5
"""The same of a closed loop, whose workers do nothing else."""

UNANSWERED_SHARE = 0.01
"""Workers without an answer for this share of a closed loop's time hide a hundredth of what it would have sent: its
99th percentile is then of the others alone."""

SHORTEST_S = 0.5
"""A stretch shorter than this says too little of shares of a CPU."""
