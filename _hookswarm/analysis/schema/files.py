"""The report files: their names, and the model of each."""

from _hookswarm.analysis.schema.cpu import CpuReport
from _hookswarm.analysis.schema.io import IoReport
from _hookswarm.analysis.schema.memory import MemoryReport
from _hookswarm.analysis.schema.report import PerformanceReport

PERFORMANCE = "webhook_performance_results.json"
MEMORY = "memory_usage_results.json"
CPU = "cpu_utilization_results.json"
IO = "io_bottleneck_results.json"

Report = PerformanceReport | MemoryReport | CpuReport | IoReport
MODELS: dict[str, type[Report]] = {
    PERFORMANCE: PerformanceReport,
    MEMORY: MemoryReport,
    CPU: CpuReport,
    IO: IoReport,
}
