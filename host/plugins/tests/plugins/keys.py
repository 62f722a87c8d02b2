"""Fills in what BuildStream's own element classes say about the elements in keys.json.

Usage: PYTHON keys.py [--check], where PYTHON has buildstream and buildstream-plugins installed.

Each case has a kind, and perhaps `config`, `variables`, `sources` and `dependencies` (path, types and
`config`). The script adds `key`, the unique key, or `refused` when the class raises an error.
"""

import importlib
import json
import pathlib
import sys

from buildstream import BuildElement
from buildstream._exceptions import BstError
from buildstream.element import DependencyConfiguration
from buildstream.node import Node
from buildstream.types import _Scope

TABLE = pathlib.Path(__file__).with_name("keys.json")
MODULES = {
    "autotools": "buildstream_plugins.elements.autotools",
    "import": "buildstream.plugins.elements.import",
    "manual": "buildstream.plugins.elements.manual",
    "stack": "buildstream.plugins.elements.stack",
}
TYPE_OF_SCOPE = {_Scope.BUILD: "build", _Scope.RUN: "runtime"}


def probe(case):
    """An element that was never loaded: it knows what the case says and nothing else."""

    class Probe(importlib.import_module(MODULES[case["kind"]]).setup()):
        def __init__(self):
            pass

        def __del__(self):
            pass

        def __str__(self):
            return "element.bst"

        def get_variable(self, name):
            return case.get("variables", {}).get(name)

        def sources(self):
            return iter(case.get("sources", ["local"]))

        def _dependencies(self, scope, *, recurse=True):
            wanted = TYPE_OF_SCOPE.get(scope)
            return [d["path"] for d in case.get("dependencies", []) if wanted is None or d.get(wanted, True)]

    return Probe()


def dependency(declared):
    config = declared.get("config")
    return DependencyConfiguration(None, declared["path"], None if config is None else Node.from_dict(config))


def answer(case):
    element = probe(case)
    built = [d for d in case.get("dependencies", []) if d.get("build", True)]
    try:
        element.configure(Node.from_dict(case.get("config", {})))
        if isinstance(element, BuildElement):
            element.configure_dependencies([dependency(d) for d in built])
        element.preflight()
        return {"key": element.get_unique_key()}
    except BstError:
        return {"refused": True}


def main():
    old = TABLE.read_text()
    asked = ({k: v for k, v in case.items() if k not in ("key", "refused")} for case in json.loads(old))
    answered = [case | answer(case) for case in asked]
    new = "[\n" + ",\n".join("  " + json.dumps(case, ensure_ascii=False) for case in answered) + "\n]\n"
    if "--check" in sys.argv[1:]:
        sys.exit(old != new and "keys.json is not what BuildStream says; run keys.py without --check")
    TABLE.write_text(new)


if __name__ == "__main__":
    main()
