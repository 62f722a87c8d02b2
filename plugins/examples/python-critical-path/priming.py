"""The priming policy `python-critical-path`: as many actions as the workers can run, those with the longest chains after
them first.

Others are held, so that more urgent candidates found later come first. The setting `per-slot` says how many primed actions
may run or wait for each slot; the default 2 keeps slots from waiting for submissions. The setting `order` says what
decides, and what decides between equals.
"""

import functools
from traceback import walk_tb

from componentize_py_types import Err
from wit_world import exports
from wit_world.exports import priming as contract
from wit_world.imports import log, settings

LOWEST_PRIORITY = 1000

# What candidates are ordered by: the smallest number comes first.
ORDERS = {
    "critical-path": lambda candidate: -candidate.critical_ms,
    "distance": lambda candidate: candidate.distance,
    "fan-out": lambda candidate: -candidate.fan_out,
}


def described(error):
    """An exception with its places. The module `traceback` would read the source files, which are not there."""
    places = [f"{frame.f_code.co_filename}:{line}" for frame, line in walk_tb(error.__traceback__)]
    return f"{type(error).__name__}: {error} ({', '.join(places)})"


def logged(function):
    """What a function raises by mistake ends the component: the log says why, and where."""

    @functools.wraps(function)
    def call(*arguments):
        try:
            return function(*arguments)
        except Err:
            raise
        except Exception as error:
            log.log(log.Level.ERROR, described(error))
            raise

    return call


class Session(contract.Session):
    def __init__(self, order, per_slot):
        self.order = order
        self.per_slot = per_slot

    @classmethod
    @logged
    def open(cls, configuration, memory):
        values = {name: value.value for name, value in configuration}
        for name in values["order"]:
            if name not in ORDERS:
                message = f"expected critical-path, distance or fan-out, found '{name}'"
                reason = settings.RefusalReason_InvalidValue()
                raise Err(settings.Refusal(reason, "order", message, None))
        return cls([ORDERS[name] for name in values["order"]], values["per-slot"])

    def wants(self):
        return contract.Wants(0)

    @logged
    def decide(self, candidates, load):
        def key(index):
            return [number(candidates[index]) for number in self.order]

        order = sorted(range(len(candidates)), key=key)
        submitted = order[: min(self.room(load), LOWEST_PRIORITY + 1)]
        decisions = [contract.Decision_Hold()] * len(candidates)
        for rank, index in enumerate(submitted):
            decisions[index] = contract.Decision_Submit(rank)
        if log.enabled(log.Level.DEBUG):
            log.log(log.Level.DEBUG, f"submits {len(submitted)} of {len(candidates)} candidates")
        return decisions

    def revise(self, submitted, load):
        return [contract.Revision_Keep()] * len(submitted)

    def observe(self, ended):
        pass

    def remember(self):
        return b""

    def room(self, load):
        """How many more actions may be submitted. If the number of slots is not known, there is at least one."""
        most = max(load.slots or 1, 1) * self.per_slot
        return min(load.free, max(most - load.primed, 0))


class Priming(exports.Priming):
    def describe(self):
        order = settings.Setting(
            name="order",
            summary="What decides, and then between equals: critical-path, distance, fan-out.",
            type=settings.ValueType_Texts(),
            default=settings.Value_Texts(list(ORDERS)),
        )
        per_slot = settings.Setting(
            name="per-slot",
            summary="How many primed actions may run or wait for each slot.",
            type=settings.ValueType_Number(settings.NumberRange(1, 1000)),
            default=settings.Value_Number(2),
        )
        return settings.Description(
            name="python-critical-path",
            version="0.1.0",
            summary="As many actions as the workers can run, those with the longest chains after them first.",
            settings=[order, per_slot],
            largest_batch=500,
            skip_codes=[],
        )
