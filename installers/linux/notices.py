#!/usr/bin/env python3
"""Lists the crates inside the program: their licences as one text, and an SBOM (CycloneDX 1.5).

    notices.py NOTICES.txt SBOM.json

Asks cargo for the crates that are compiled in on this machine's target; nothing is downloaded that
the lock file does not name.
"""
import glob
import json
import os
import subprocess
import sys


def crates():
    """Packages of the normal dependencies, without ourselves, by name and version."""
    target = subprocess.run(["rustc", "-vV"], capture_output=True, text=True, check=True).stdout
    target = next(line.split()[1] for line in target.splitlines() if line.startswith("host:"))
    call = ["cargo", "metadata", "--locked", "--format-version", "1", "--filter-platform", target]
    data = json.loads(subprocess.run(call, capture_output=True, text=True, check=True).stdout)
    packages = {package["id"]: package for package in data["packages"]}
    nodes = {node["id"]: node for node in data["resolve"]["nodes"]}
    root = data["resolve"]["root"]
    seen, left = set(), [root]
    while left:
        for dep in nodes[left.pop()]["deps"]:
            normal = any(kind["kind"] is None for kind in dep["dep_kinds"])
            if normal and dep["pkg"] not in seen:
                seen.add(dep["pkg"])
                left.append(dep["pkg"])
    found = [packages[name] for name in seen]
    return packages[root], sorted(found, key=lambda p: (p["name"], p["version"]))


def texts(package):
    folder = os.path.dirname(package["manifest_path"])
    names = ("LICENSE*", "LICENCE*", "COPYING*", "NOTICE*", "UNLICENSE*", "license*")
    paths = sorted({path for name in names for path in glob.glob(os.path.join(folder, name))})
    for path in filter(os.path.isfile, paths):
        with open(path, encoding="utf-8", errors="replace") as file:
            yield file.read().strip()


def write_notices(path, found):
    users = {}
    for package in found:
        for text in texts(package):
            users.setdefault(text, []).append(f"{package['name']} {package['version']}")
    with open(path, "w", encoding="utf-8") as file:
        file.write("mousewarden contains these crates:\n\n")
        for package in found:
            licence = package["license"] or "see below"
            file.write(f"  {package['name']} {package['version']}: {licence}\n")
        for text, names in users.items():
            file.write("\n" + "=" * 78 + "\n" + ", ".join(names) + "\n\n" + text + "\n")


def write_sbom(path, root, found):
    def component(package, kind):
        entry = {
            "type": kind,
            "bom-ref": f"{package['name']}@{package['version']}",
            "name": package["name"],
            "version": package["version"],
            "purl": f"pkg:cargo/{package['name']}@{package['version']}",
        }
        if package["license"]:
            entry["licenses"] = [{"expression": package["license"].replace("/", " OR ")}]
        return entry

    bom = {
        "bomFormat": "CycloneDX",
        "specVersion": "1.5",
        "version": 1,
        "metadata": {"component": component(root, "application")},
        "components": [component(package, "library") for package in found],
    }
    with open(path, "w", encoding="utf-8") as file:
        json.dump(bom, file, indent=1)
        file.write("\n")


def main():
    notices, sbom = sys.argv[1:]
    root, found = crates()
    write_notices(notices, found)
    write_sbom(sbom, root, found)


if __name__ == "__main__":
    main()
