"""Processes that were watched, as a report has them."""

from _hookswarm.analysis.schema.curves import Curve, Watched
from tests.support.samples import MB


def watched(name: str = "postgres", process: str = "77") -> Watched:
    """One that used a quarter of a core on average, whose memory grew by 2 MB, and that wrote and did not read."""
    return Watched(
        name=name,
        process=process,
        cpu_share=0.25,
        cpu_peak_share=0.5,
        memory_first_bytes=10 * MB,
        memory_last_bytes=12 * MB,
        memory_peak_bytes=13 * MB,
        read_bytes=0,
        write_bytes=3 * MB,
        read_bytes_per_s=[0, 0, 0],
        write_bytes_per_s=[MB, MB, MB],
        curve=Curve(
            process=process,
            role=f"watched-{name}",
            from_s=0,
            step_s=1,
            cpu_share=[0.5, 0.25, 0],
            rss_bytes=[11 * MB, 13 * MB, 12 * MB],
            threads=[1, 1, 1],
            fds=[9, 9, 9],
        ),
    )
