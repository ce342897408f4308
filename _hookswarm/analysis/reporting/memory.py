"""Memory on screen: how it grows, a line for what the work needs and one for what it leaves behind."""

from rich.console import Console
from rich.text import Text

from _hookswarm.analysis.reporting.console import printable
from _hookswarm.analysis.schema.memory import Growth, MemorySection, MemoryTrend, Slope


def show_memory(section: MemorySection | None, out: Console) -> None:
    """Print the fits; nothing where there are none."""
    for line in memory_lines(section) if section else []:
        out.print(Text.assemble(("memory", "bold"), "  ", printable(line)))


def memory_lines(section: MemorySection) -> list[str]:
    """`sender 12 B per event, 85 B per webhook; receiver ... (peak)`, and the same of what settled."""
    if section.skipped:
        return [f"skipped: {section.skipped}"]
    found = [*map(_trend, section.trends)]
    for what in ("peak", "settled"):
        phrases = {role: _phrase(getattr(fit, what)) for role, fit in section.fits.items()}
        if told := "; ".join(f"{role} {phrase}" for role, phrase in phrases.items() if phrase):
            found.append(f"{told} ({what})")
    return found


def _trend(found: MemoryTrend) -> str:
    """`sustained memory users=4, sender: flat, 91 MiB, peak 92 MiB`."""
    text = f"{found.stage}, {found.role}: {found.verdict}, {_mib(found.level_bytes)}, peak {_mib(found.peak_bytes)}"
    if found.verdict in ("growing", "leak") and found.bytes_per_event is not None:
        text += f", {found.bytes_per_event:,.1f} B per event"
    return text if found.verdict != "unknown" else f"{text} (too short to tell)"


def _mib(size: int) -> str:
    return f"{size / (1 << 20):,.0f} MiB"


def _phrase(growth: Growth) -> str:
    slopes = {"event": growth.bytes_per_event, "webhook": growth.bytes_per_webhook}
    return ", ".join(f"{_size(slope)} per {factor}" for factor, slope in slopes.items() if slope)


def _size(slope: Slope) -> str:
    """A slope for people; only its upper bound where its interval holds 0."""
    bound = slope.low <= 0 <= slope.high
    size = slope.high if bound else slope.value
    text = f"{size / 1024:,.0f} KiB" if abs(size) >= 10_240 else f"{size:,.{1 if abs(size) < 10 else 0}f} B"
    return f"at most {text}" if bound else text
