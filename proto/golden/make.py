"""Prints, in hexadecimal, messages as BuildStream itself encodes them.

Run with a Python that has BuildStream: python proto/golden/make.py > proto/golden/messages.txt
"""

import hashlib

from buildstream._protos.build.bazel.remote.execution.v2.remote_execution_pb2 import Digest
from buildstream._protos.buildstream.v2.artifact_pb2 import Artifact
from buildstream._protos.buildstream.v2.source_pb2 import Source


def digest(text):
    data = text.encode()
    return Digest(hash=hashlib.sha256(data).hexdigest(), size_bytes=len(data))


def key(text):
    return hashlib.sha256(text.encode()).hexdigest()


def base():
    return Artifact(
        version=2,
        build_success=True,
        build_error="succeeded",
        strong_key=key("strong"),
        strict_key=key("strict"),
        weak_key=key("weak"),
        files=digest("files"),
        public_data=digest("public"),
        low_diversity_meta=digest("low"),
        high_diversity_meta=digest("high"),
    )


def full():
    message = base()
    message.was_workspaced = True
    for name in ("base", "dep"):
        message.build_deps.add(
            project_name="app",
            element_name="core/{}.bst".format(name),
            cache_key=key(name),
            was_workspaced=name == "dep",
        )
    message.logs.add(name="build.log", digest=digest("log"))
    message.buildtree.CopyFrom(digest("buildtree"))
    message.sources.CopyFrom(digest("sources"))
    message.buildroot.CopyFrom(digest("buildroot"))
    message.buildsandbox.environment.add(name="LC_ALL", value="C")
    message.buildsandbox.environment.add(name="PATH", value="/usr/bin:/bin")
    message.buildsandbox.working_directory = "/buildstream/app/app.bst"
    message.buildsandbox.subsandbox_digests.append(digest("subsandbox"))
    message.buildsandbox.marked_directories.append("/buildstream-install")
    return message


def failed():
    message = base()
    message.ClearField("files")
    message.build_success = False
    message.build_error = "Command failed"
    message.build_error_details = "make: *** [all] Error 2 \u2713\n"
    message.buildsandbox.SetInParent()
    return message


MESSAGES = {
    "empty": Artifact(),
    "plain": base(),
    "full": full(),
    "failed": failed(),
    "source": Source(version=1, files=digest("files")),
}

print("# Made by proto/golden/make.py: a name and the bytes of a message.")
for name, message in MESSAGES.items():
    print(name, message.SerializeToString().hex())
