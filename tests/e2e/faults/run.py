"""Runs a schedule of faults: run.py --seed 7 --faults 300. See README.md."""

import argparse
import pathlib
import sys
import time

HERE = pathlib.Path(__file__).resolve().parent
sys.path[:0] = [str(HERE), str(HERE.parent / "clients")]

import hosts  # noqa: E402


def run(seed, faults=0, kinds=None, hammer=0, wait=True, overload=0, say=print):
    """(findings of one run, damage that its checks do not see)."""
    import overload as overloading
    from callers import Callers
    from faults import KINDS
    from fleet import Fleet
    from schedule import Run, rounds_of
    from suite import make_stubs
    say(f"seed {seed}")
    # What is remembered for minutes would make the load, and what is kept afterwards, another one once it is forgotten.
    forgetful = {"ingest_flags": ["--cache_generation=1s"], "aggregate_flags": ["--mirror_idle=1s"]} if overload else {}
    with Fleet(wait, **forgetful) as fleet:
        stubs = fleet.folder / "stubs"
        stubs.mkdir()
        make_stubs(stubs)
        callers = Callers(fleet, organizations=6, seed=seed, **({"batch_size": 20, "publish": False} if hammer else {}))
        try:
            callers.start()
            one = Run(fleet, callers, say)
            unseen = []
            if overload:
                callers.stop()
                return overloading.measure(fleet, callers.organizations, overload, say), []
            if hammer:
                one.hammer(hammer, seed)
            else:
                rounds = rounds_of(seed, faults, kinds)
                one.run(rounds)
                if any(KINDS[name].good for together in rounds for name, _ in together):
                    unseen += one.unseen_silence()
            return one.finish(), unseen + one.unseen_damage()
        except BaseException:
            fleet.show_logs()
            raise
        finally:
            callers.stop()


if __name__ == "__main__":
    options = argparse.ArgumentParser()
    options.add_argument("--seed", type=int, default=int(time.time()))
    options.add_argument("--faults", type=int, default=20)
    options.add_argument("--kind", action="append", help="these kinds of faults alone")
    options.add_argument("--hammer", type=float, default=0, metavar="SECONDS",
                         help="instead: a cut and a kill every 5 s, whether or not anything works")
    options.add_argument("--overload", type=float, default=0, metavar="SECONDS",
                         help="instead: more than it can take; memory must be a straight line")
    options.add_argument("--no-wait", action="store_true", help="the control: aggregate does not wait for replicas; fails when nothing is lost")
    given = options.parse_args()
    if not hosts.inside() and (reason := hosts.why_not()) is not None:
        sys.exit(f"this machine makes no hosts: {reason}")
    hosts.enter()
    findings, unseen = run(given.seed, given.faults, given.kind, given.hammer, not given.no_wait, given.overload)
    if given.no_wait:
        lost = any("are lost" in finding for finding in findings)
        sys.exit(None if lost else "FOUND: the control lost nothing, so nothing is shown by runs that lose nothing")
    sys.exit(1 if findings or unseen else 0)
