"""`python -m benchmarks.services NAME CONFIGURATION`: measure a delivery service that runs at $HOOKSWARM_<NAME>_URL.

It plays the runs of three repeats, one after the other, and keeps their figures in docs/services/. What is kept already
is not played again, so an interrupted measurement goes on where it was. `… page` writes docs/services.md anew.
"""

import argparse
import os
import signal
import subprocess
import sys
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from statistics import median

from _hookswarm.common.arguments import Parser
from _hookswarm.common.errors import ConfigError, HookswarmError
from _hookswarm.common.wording import error_line
from _hookswarm.records.exit_codes import Exit
from benchmarks.services import page, runs
from benchmarks.services.kept import Kept, KeptRun, file_of, kept_of, load
from benchmarks.services.refusals import refusals

REPEATS = (1, 2, 3)
RESULTS = runs.CHECKOUT / "results" / "services"


def main(arguments: Sequence[str] | None = None) -> int:
    try:
        options = make_parser().parse_args(arguments)
        if options.service == "page":
            page.PAGE.write_text(page.renewed(page.PAGE.read_text(encoding="utf-8")), encoding="utf-8")
            return Exit.PASS
        return _measure(options)
    except HookswarmError as error:
        print(error_line(error), file=sys.stderr)
        return Exit.USAGE
    except KeyboardInterrupt:
        print("interrupted: the same command goes on where it was", file=sys.stderr)
        return Exit.INTERRUPTED


def make_parser() -> argparse.ArgumentParser:
    """What it takes."""
    parser = Parser(prog="python -m benchmarks.services", description=(__doc__ or "").split("\n")[0])
    known = runs.services()
    parser.add_argument(
        "service",
        metavar="NAME",
        choices=[*known, "page"],
        help="Measure this service; `page` writes docs/services.md.",
    )
    parser.add_argument(
        "configuration",
        metavar="CONFIGURATION",
        nargs="?",
        default=runs.DEFAULT,
        help="Take this one of its configurations. The default is %(default)s.",
    )
    played = parser.add_argument_group("What is played")
    played.add_argument(
        "--run", choices=list(runs.RUNS), action="append", help="Play only this run of a repeat. You can repeat it."
    )
    played.add_argument(
        "--repeat", type=int, action="append", metavar="N", help="Play only this repeat, which is its seed."
    )
    played.add_argument("--full", action="store_true", help="Play the tests in full length, not in their short form.")
    played.add_argument("--again", action="store_true", help="Play what is kept already, too, and replace it.")
    played.add_argument("--refusals", action="store_true", help="Only publish what is wrong, and keep the answers.")
    played.add_argument("--dry-run", action="store_true", help="Print the commands, and play nothing.")
    return parser


def _measure(options: argparse.Namespace) -> int:
    own = runs.services()[options.service]
    if options.configuration not in own.configurations:
        told = ", ".join(own.configurations)
        raise ConfigError([f"{own.name} has no configuration {options.configuration!r}: write one of {told}"])
    env = {**os.environ, **runs.address_of(own.name)}
    table = runs.table_of(own.name, options.configuration)
    if options.refusals:
        kept = load(own.name, options.configuration)
        kept.refusals = refusals(own, env)
        kept.save()
        return Exit.PASS
    for seed in options.repeat or REPEATS:
        for name in options.run or runs.RUNS:
            kept = load(own.name, options.configuration)
            if not options.again and any(kept.played(name, seed)):
                print(f"{name}, repeat {seed}: kept already; --again plays it once more", flush=True)
                continue
            rate = _capacity(kept, name, seed)
            played = runs.options_of(runs.RUNS[name], table, own, seed, rate, options.full)
            if options.dry_run:
                print("hookswarm", *played)
                continue
            kept.put(_play(name, played, RESULTS / f"{own.name}-{options.configuration}" / f"{name}-{seed}", env))
            kept.save()
    return Exit.PASS


def _capacity(kept: Kept, run: str, seed: int) -> float | None:
    """Of the same repeat; else the median of others; else that of the default configuration.

    None where it is what is measured. Raises ConfigError.
    """
    if run == runs.CAPACITY:
        return None
    found = [_rate(one) for one in (*kept.played(runs.CAPACITY, seed), *kept.played(runs.CAPACITY))]
    known = [rate for rate in found if rate]
    if not known and kept.configuration != runs.DEFAULT:
        return _capacity(load(kept.service, runs.DEFAULT), run, seed)
    if not known:
        file = file_of(kept.service, kept.configuration).name
        raise ConfigError([f"{file} knows no capacity, which rates are made of: play --run {runs.CAPACITY} before"])
    return known[0] if found[0] else median(known)


def _rate(run: KeptRun) -> float | None:
    """Where no rate held, what a calibration saw it take is told in its place."""
    rate = run.capacity[0].rate_per_s if run.capacity else None
    calibration = run.service.calibration
    return rate or (min(calibration.accepts_per_s, calibration.delivers_per_s) if calibration else None)


def _play(name: str, options: list[str], folder: Path, env: dict[str, str]) -> KeptRun:
    """One run, and what is kept of it. Raises ConfigError where it ends without a report."""
    folder.mkdir(parents=True, exist_ok=True)
    for old in folder.glob("*_results.json"):
        old.unlink()
    print(f"{name}: hookswarm {' '.join(options)}", flush=True)
    begun = time.monotonic()
    code = _ended(runs.command(options, folder), env)
    if code == Exit.INTERRUPTED:
        raise KeyboardInterrupt  # what it measured until then is not kept
    try:
        return kept_of(folder, name, runs.RUNS[name].test, options, code, time.monotonic() - begun)
    except (KeyError, ValueError):
        told = "see above what it said, mend that, and the same command goes on here"
        raise ConfigError([f"{name} ended with {code}, and reported nothing: {told}"]) from None


def _ended(command: Sequence[str], env: Mapping[str, str]) -> int:
    """Play it; its exit code. Ctrl-C and SIGTERM are handed on, and waited for: it takes down what it has set up."""
    child = subprocess.Popen(command, cwd=runs.CHECKOUT, env=env, start_new_session=True)
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda *_: child.send_signal(signal.SIGINT))
    return child.wait()


if __name__ == "__main__":
    sys.exit(main())
