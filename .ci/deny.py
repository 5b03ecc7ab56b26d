#!/usr/bin/env python3
"""Licences, sources and copies of the packages that the shipped program is built from, by `cargo metadata`.

Fails on a licence that is not in the list, a package from anywhere but crates.io or this repository, a
package that is banned, or one more copy of a package in two versions than is known. Advisories need a
database that is not fetched here: `cargo deny check advisories` or `cargo audit`, where there is a network.
"""

import collections
import json
import re
import subprocess
import sys

ALLOWED = {
    "0BSD", "Apache-2.0", "Apache-2.0 WITH LLVM-exception", "BSD-1-Clause", "BSD-2-Clause", "BSD-3-Clause",
    "BSL-1.0", "CC0-1.0", "ISC", "MIT", "MIT-0", "MPL-2.0", "OFL-1.1", "Ubuntu-font-1.0", "Unicode-3.0",
    "Unlicense", "Zlib",
}
# Networking, unsafe or unmaintained: the program has no network code, and none is let in by a dependency.
BANNED = {"hyper", "reqwest", "ureq", "curl", "native-tls", "openssl", "rustls", "tokio-tungstenite"}
# Packages in two versions that nothing here can join.
MOST_COPIES = 9
REGISTRY = "registry+https://github.com/rust-lang/crates.io-index"


def allowed(expression):
    """Whether an SPDX expression can be met by the list: one side of an OR, both of an AND."""
    expression = expression.replace("/", " OR ")
    tokens = re.findall(r"\(|\)|AND|OR|[A-Za-z0-9.+-]+(?: WITH [A-Za-z0-9.-]+)?", expression)
    met = [str(token if token in "()" else {"AND": "and", "OR": "or"}.get(token, token in ALLOWED)) for token in tokens]
    return bool(eval(" ".join(met), {"__builtins__": {}}))  # of True, False, and, or, brackets only


def main():
    command = ["cargo", "metadata", "--locked", "--format-version", "1", "--features", "columnar,forests,png"]
    metadata = json.loads(subprocess.run(command, check=True, capture_output=True).stdout)
    wrong, versions = [], collections.defaultdict(set)
    for package in metadata["packages"]:
        name = f"{package['name']} {package['version']}"
        versions[package["name"]].add(package["version"])
        if package["source"] not in (None, REGISTRY):
            wrong.append(f"{name}: from {package['source']}")
        if package["name"] in BANNED:
            wrong.append(f"{name}: banned")
        if package["source"] and not (package["license"] and allowed(package["license"])):
            wrong.append(f"{name}: licence {package['license']}")
    copies = sorted(name for name, known in versions.items() if len(known) > 1)
    if len(copies) > MOST_COPIES:
        wrong.append(f"{len(copies)} packages in several versions, {MOST_COPIES} are known: {', '.join(copies)}")
    print(f"{len(metadata['packages'])} packages, {len(copies)} in several versions, {len(wrong)} refused")
    print("\n".join(wrong))
    return bool(wrong)


sys.exit(main())
