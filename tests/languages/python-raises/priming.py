"""A priming policy with a mistake: it looks up what is not there."""

import traceback

from wit_world import exports
from wit_world.exports import priming as contract
from wit_world.imports import log, settings


class Session(contract.Session):
    @classmethod
    def open(cls, configuration, memory):
        return cls()

    def wants(self):
        return contract.Wants(0)

    def decide(self, candidates, load):
        try:
            return [self.weigh(candidate) for candidate in candidates]
        except Exception:
            log.log(log.Level.ERROR, traceback.format_exc())
            raise

    def weigh(self, candidate):
        return contract.Decision_Submit({}["history"])

    def revise(self, submitted, load):
        return [contract.Revision_Keep()] * len(submitted)

    def observe(self, ended):
        pass

    def remember(self):
        return b""


class Priming(exports.Priming):
    def describe(self):
        return settings.Description("python-raises", "0.1.0", "It raises.", [], None)
