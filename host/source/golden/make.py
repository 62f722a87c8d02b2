"""Writes into cases.txt what BuildStream makes of the cases.

Run with a Python that has BuildStream 2.8.1 installed: python3 host/source/golden/make.py
"""

import hashlib
import io
import os
import subprocess
import sys
import tarfile
import tempfile

from buildstream import _cachekey
from buildstream._protos.buildstream.v2 import source_pb2

CASES = os.path.join(os.path.dirname(os.path.abspath(__file__)), "cases.txt")
TYPES = {"d": tarfile.DIRTYPE, "l": tarfile.SYMTYPE, "h": tarfile.LNKTYPE,
         "c": tarfile.CHRTYPE, "p": tarfile.FIFOTYPE, "u": b"Y", "f": tarfile.REGTYPE}


def entry(line):
    kind, _, rest = line.partition(" ")
    if kind == "f":
        path, mode, text = rest.split(" ", 2)
        return kind, path, int(mode, 8), text
    if kind == "h":
        path, target, mode = rest.split(" ")
        return kind, path, int(mode, 8), target
    path, _, target = rest.partition(" ")
    return kind, path, 0o755, target


def write_tar(path, entries):
    with tarfile.open(path, "w", format=tarfile.GNU_FORMAT) as tar:
        for kind, name, mode, text in entries:
            info = tarfile.TarInfo(name)
            info.type, info.mode = TYPES[kind], mode
            data = text.encode() if kind == "f" else b""
            info.size = len(data)
            if kind in "lh":
                info.linkname = text
            tar.addfile(info, io.BytesIO(data))


def write_folder(root, entries):
    for kind, name, mode, text in entries:
        path = os.path.join(root, name)
        os.makedirs(path if kind == "d" else os.path.dirname(path), exist_ok=True)
        if kind == "f":
            with open(path, "w", encoding="utf-8") as file:
                file.write(text)
            os.chmod(path, mode)
        elif kind == "l":
            os.symlink(text, path)
        elif kind == "p":
            os.mkfifo(path)


def declare(project, name, kind, options, entries):
    """The YAML of one source, and its unique key except for local ones."""
    lines = [f"- kind: {kind}"]
    if "directory" in options:
        lines.append(f"  directory: {options['directory']}")
    if kind == "local":
        write_folder(os.path.join(project, "files", name), entries)
        path = f"files/{name}/{options.get('path', '')}".rstrip("/")
        return lines + [f"  path: {path}"]
    file = os.path.join(project, "files", name + (".tar" if kind == "tar" else ""))
    if kind == "tar":
        write_tar(file, entries)
    else:
        with open(file, "w", encoding="utf-8") as out:
            out.write(entries[0][3])
        lines.append(f"  filename: {entries[0][1]}")
    with open(file, "rb") as data:
        sha256 = hashlib.sha256(data.read()).hexdigest()
    lines += [f"  url: files:{os.path.basename(file)}", f"  ref: {sha256}"]
    if "base-dir" in options:
        lines.append(f"  base-dir: '{options['base-dir']}'")
    if "executable" in options:
        lines.append("  executable: true")
    return lines


def tree(folder, name):
    """Fetches one element; a fresh cache directory holds just its record."""
    config = os.path.join(folder, "config", name + ".conf")
    cache = os.path.join(folder, "cache", name)
    os.makedirs(os.path.dirname(config), exist_ok=True)
    with open(config, "w", encoding="utf-8") as out:
        out.write(f"cachedir: {cache}\nsourcedir: {folder}/sources\nlogdir: {folder}/logs\n")
    bst = os.path.join(os.path.dirname(sys.executable), "bst")
    project = os.path.join(folder, "project")
    command = [bst, "--no-interactive", "-c", config, "-C", project]
    fetched = subprocess.run(command + ["source", "fetch", name + ".bst"], capture_output=True, text=True, check=False)
    checkout = os.path.join(folder, "out", name)
    if fetched.returncode == 0:
        fetched = subprocess.run(
            command + ["source", "checkout", "--directory", checkout, name + ".bst"],
            capture_output=True, text=True, check=False)
    records = os.path.join(cache, "elementsources")
    found = os.listdir(records) if os.path.isdir(records) else []
    if fetched.returncode != 0 or not found:
        print(name, "refused:", *[l for l in fetched.stderr.splitlines() if "rror" in l or "FAIL" in l][:6], sep="\n    ")
        return "refused"
    source = source_pb2.Source()
    with open(os.path.join(records, found[0]), "rb") as record:
        source.ParseFromString(record.read())
    return f"{source.files.hash}/{source.files.size_bytes}"


def main():
    with open(CASES, encoding="utf-8") as file:
        blocks = file.read().split("\n\n")
    with tempfile.TemporaryDirectory() as folder:
        project = os.path.join(folder, "project")
        os.makedirs(os.path.join(project, "files"))
        with open(os.path.join(project, "project.conf"), "w", encoding="utf-8") as out:
            out.write("name: cases\nmin-version: 2.0\naliases:\n  files: \"%{project-root-uri}/files/\"\n")
        for number, block in enumerate(blocks):
            if not block.startswith("case "):
                continue
            lines = [line for line in block.strip().splitlines() if not line.startswith("=")]
            name = lines[0].split(" ")[1]
            sources, current = [], None
            for line in lines[1:]:
                if line.startswith("source "):
                    _, kind, *words = line.split(" ")
                    options = {key: value for key, _, value in (word.partition("=") for word in words)}
                    current = (kind, options, [])
                    sources.append(current)
                else:
                    current[2].append(entry(line))
            yaml = ["kind: import", "sources:"]
            for index, (kind, options, entries) in enumerate(sources):
                yaml += declare(project, f"{name}-{index}", kind, options, entries)
            with open(os.path.join(project, name + ".bst"), "w", encoding="utf-8") as out:
                out.write("\n".join(yaml) + "\n")
            blocks[number] = "\n".join(lines + ["= " + tree(folder, name)])
    with open(CASES, "w", encoding="utf-8") as file:
        file.write("\n\n".join(blocks) + "\n")


main()
