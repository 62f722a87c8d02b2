"""A priming policy with a mistake: it looks up what is not there."""

from traceback import walk_tb

from wit_world import exports
from wit_world.exports import priming as contract
from wit_world.imports import log, settings


def described(error):
    """An exception with its places. The module `traceback` would read the source files, which are not there."""
    places = [f"{frame.f_code.co_filename}:{line}" for frame, line in walk_tb(error.__traceback__)]
    return f"{type(error).__name__}: {error} ({', '.join(places)})"


class Session(contract.Session):
    @classmethod
    def open(cls, configuration, memory):
        return cls()

    def wants(self):
        return contract.Wants(0)

    def decide(self, candidates, load):
        try:
            return [self.weigh(candidate) for candidate in candidates]
        except Exception as error:
            log.log(log.Level.ERROR, described(error))
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
        return settings.Description("python-raises", "0.1.0", "It raises.", [], None, [])
