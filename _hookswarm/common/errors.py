"""Every error of ours, drawn as a tree. Each stands where it is raised; the command catches the root.

HookswarmError
├── ConfigError          input that the user can mend: options, files, addresses
│   ├── CheckError       a check that cannot be understood (analysis.verdicts)
│   └── NothingLeftError a test whose every stage needs what is not there (senders.plan)
├── RunError             a run's folder that cannot be read (records)
│   └── JournalError     a file that is not a journal this version can read (records)
├── RunFailedError       a run that cannot go on (senders.master)
│   └── UntestedError    a target that accepts nothing: there is nothing to test (senders.master)
├── RestartError         a service that cannot be ended, or started again (senders.service)
├── StepError            a step that a delivery service does not take (senders.service)
├── ControlError         a receiver that does not obey (senders.master)
├── ObserverError        an observer that says no number (senders.plan)
├── PayloadError         a function of a locustfile's that makes no body (senders.plan)
├── ReportError          a run that was measured, and cannot be reported (runner)
├── WireError            an attempt without an answer (senders.transport)
├── DownloadError        a download that cannot be made (senders.web)
├── DataPlaneError       a data plane that does not serve (receiver)
├── PlayError            faults beyond the server that would have to play them (receiver)
└── ScaleError           a number of processes beyond the server (receiver)

No faults, and so not of this tree: `Halted`, thrown into a worker whose answer is not waited for any longer, `Refused`,
a request that a receiver answers with a 4xx, as it should, and `Unknown`, what no control group tells.
"""

from collections.abc import Sequence


class HookswarmError(Exception):
    """The root. Its text is for people: what is wrong, and where."""


class ConfigError(HookswarmError, ValueError):
    """Input that the user can mend; `faults` names every one that was found, a phrase each."""

    def __init__(self, faults: Sequence[str]) -> None:
        self.faults = tuple(faults)
        super().__init__("; ".join(self.faults))
