"""Prints metadata.txt: for each element of the named projects the SHA-256 of the three metadata files of its artifact.

Usage: metadata.py CONFIG PROJECT... > metadata.txt, with a Python that has BuildStream, where CONFIG is a user
configuration with `build: max-jobs: 2`. Elements of kind autotools are left out.

BuildStream itself loads the projects; this only replaces how `bst show` prints.
"""

import hashlib
import io
import subprocess
import sys

from buildstream import _yaml
from buildstream._frontend import cli, widget
from buildstream.node import Node


def digest(contents):
    stream = io.StringIO()
    _yaml.roundtrip_dump(contents, stream)
    return hashlib.sha256(stream.getvalue().encode()).hexdigest()


def line(element):
    sandbox = element._Element__sandbox_config.to_dict()
    low = Node.from_dict({"environment": element.get_environment(), "sandbox-config": sandbox})
    high = Node.from_dict({"variables": dict(element._Element__variables)})
    digests = (digest(element._Element__public), digest(low), digest(high))
    return " ".join(("METADATA", element.project_name, element.name, *digests))


def report(_self, elements, _format):
    return "\n".join(line(element) for element in elements if element.get_kind() != "autotools")


if sys.argv[1] == "--one":
    widget.LogLine.show_pipeline = report
    sys.argv = ["bst", "--no-colors", "--config", sys.argv[2], "-C", sys.argv[3], "show"]
    cli()
for project in sys.argv[2:]:
    command = [sys.executable, __file__, "--one", sys.argv[1], project]
    lines = subprocess.run(command, check=True, capture_output=True, text=True).stdout.splitlines()
    print("\n".join(sorted(line.removeprefix("METADATA ") for line in lines if line.startswith("METADATA "))))
