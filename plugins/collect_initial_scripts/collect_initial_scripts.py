"""Writes the scripts that dependencies declare as public data into a folder, in staging order."""

import os
import re

from buildstream import Element


class CollectInitialScripts(Element):
    BST_MIN_VERSION = "2.0"
    BST_FORBID_RDEPENDS = True
    BST_FORBID_SOURCES = True

    def configure(self, node):
        node.validate_keys(["path"])
        self.path = node.get_str("path")

    def preflight(self):
        pass

    def get_unique_key(self):
        return {"path": self.path}

    def configure_sandbox(self, sandbox):
        pass

    def stage(self, sandbox):
        pass

    def assemble(self, sandbox):
        root = sandbox.get_virtual_directory()
        number = 0
        for dependency in self.dependencies():
            data = dependency.get_public_data("initial-script")
            if not data or "script" not in data:
                continue
            number += 1
            name = re.sub("[^A-Za-z0-9]", "_", dependency.name)
            folder = root.open_directory(self.path.strip("/"), create=True)
            with folder.open_file(f"{number:03}-{name}", mode="w") as file:
                file.write(data.get_str("script"))
                os.chmod(file.fileno(), 0o755)
        return "/"


def setup():
    return CollectInitialScripts
