#!/usr/bin/env python3
"""Counts how the source reads: `tests/counts.py [--hold FILE | --write FILE] [--list FIGURE]`.

Counted over `src`, the tests beside the code left out. The table shows each figure, the bound that
it is meant to reach, and, with `--hold`, the bound that a change may not exceed today.
`--hold FILE` exits with 1 when a figure is worse than in FILE; `--write FILE` writes the present
figures there, to be committed when they got better. `--list FIGURE` names the places.
"""
import argparse
import collections
import json
import os
import re
import statistics
import sys

ROOT = os.path.join(os.path.dirname(os.path.abspath(__file__)), "..")
SYSTEMS = {"linux", "windows", "macos", "elsewhere", "unix"}
NEGATION = re.compile(r"\b(not|no|never|nothing|nobody|none|neither|nor|nowhere|without|cannot)\b|n't\b", re.I)
# Words that only this project would use for what the field has a word for.
PRIVATE = re.compile(
    r"\b(likeness|impression|manner|habits|herald|vigil|theatre|chronicle|witness|morning|strayed|"
    r"lesson|exam|trunk|traits|doubt|stranger|ladder|outlet|relay|glance|roster|scout|teller|asides|"
    r"crowd|restyled|dealt)s?\b", re.I)

# name, what it says, bound, whether less is better
FIGURES = [
    ("closures", "let-bound closures per 1,000 lines", 3.0, True),
    ("tuple_lets", "parallel tuple-lets per 1,000 lines", 0.3, True),
    ("bool_matches", "matches on a bool", 0, True),
    ("negated_headers", "file headers with a negation, %", 10.0, True),
    ("comments", "comment lines, %", 1.5, False),
    ("public", "public items per 1,000 lines", 20.0, True),
    ("twice", "public type names used twice", 0, True),
    ("private_words", "private words", 0, True),
    ("function_median", "lines of a function, median", 7, True),
    ("function_95", "lines of a function, 95 %", 30, True),
    ("circle", "files in the largest import circle", 2, True),
    ("lines", "lines of src", 54000, True),
]

TOKEN = re.compile(
    r"(?P<comment>//[^\n]*|/\*.*?\*/)"
    r"|(?P<string>b?r(?P<hash>\#*)\".*?\"(?P=hash)|b?\"(?:\\.|[^\"\\])*\")"
    r"|(?P<char>b?'(?:\\(?:x[0-9a-fA-F]{2}|u\{[^}]*\}|.)|[^'\\])')", re.S)


def blanked(text, comments_too=True):
    """The text with strings (and comments) as blanks; line breaks stay."""
    def blank(m):
        if m.lastgroup == "comment" and not comments_too:
            return m.group()
        return re.sub(r"[^\n]", " ", m.group())
    return TOKEN.sub(blank, text)


def matching(code, start, brackets="{}"):
    depth = 0
    for i in range(start, len(code)):
        if code[i] == brackets[0]:
            depth += 1
        elif code[i] == brackets[1]:
            depth -= 1
            if depth == 0:
                return i
    return len(code) - 1


class Source:
    def __init__(self, path):
        self.name = os.path.relpath(path, ROOT).replace(os.sep, "/")
        with open(path, encoding="utf-8") as file:
            self.all = file.read()
        text, code = self.all, blanked(self.all)
        while True:
            test = re.search(r"^[ \t]*#\[cfg\(test\)\]\s*(?:#\[[^\n]*\]\s*)*(?:pub(?:\([^)]*\))? )?mod \w+\s*\{", code, re.M)
            if not test:
                break
            end = matching(code, test.end() - 1) + 1
            text, code = text[:test.start()] + text[end:], code[:test.start()] + code[end:]
        self.text, self.code = text, code

    def line_of(self, at):
        return self.code.count("\n", 0, at) + 1


def sources():
    found = []
    for folder, folders, names in os.walk(os.path.join(ROOT, "src")):
        folders.sort()
        found += [Source(os.path.join(folder, name)) for name in sorted(names)
                  if name.endswith(".rs") and name != "tests.rs"]
    return found


def closures(source):
    return [m.start() for m in re.finditer(r"\blet (?:mut )?\w+(?:: [^=;]+)? =\s*(?:move )?\|", source.code)]


def top_commas(inside):
    depth = count = 0
    for c in inside:
        depth += (c in "([{<") - (c in ")]}>")
        count += c == "," and depth == 0
    return count


def tuple_lets(source):
    found = []
    for m in re.finditer(r"\blet \(([^()=;]*,[^()=;]*)\)(?:: [^=;]+)? =\s*\(", source.code):
        end = matching(source.code, m.end() - 1, "()")
        after = source.code[end + 1:].lstrip()
        if after.startswith(";") and top_commas(source.code[m.end():end]):
            found.append(m.start())
    return found


def bool_matches(source):
    found = []
    for m in re.finditer(r"\bmatch\b[^{};]*\{", source.code):
        body = source.code[m.end():m.end() + 4000].lstrip()
        if re.match(r"(true|false)\b", body):
            found.append(m.start())
    return found


def header(source):
    lines = []
    for line in source.text.split("\n"):
        if not line.startswith("//!"):
            break
        lines.append(line[3:])
    return " ".join(lines).split("# Invariants")[0]


def public_items(source):
    kinds = r"(?:unsafe |async |const |extern \S+ )*(?:fn|struct|enum|trait|type|const|static|mod|use|union)\b"
    return [m.start() for m in re.finditer(r"^\s*pub " + kinds, source.code, re.M)]


def public_types(source):
    return re.findall(r"^\s*pub(?:\([^)]*\))? (?:struct|enum|trait|type|union) (\w+)", source.code, re.M)


def functions(source):
    lengths = []
    for m in re.finditer(r"\bfn \w+", source.code):
        brace, semicolon = source.code.find("{", m.end()), source.code.find(";", m.end())
        if brace < 0 or 0 <= semicolon < brace and ")" in source.code[m.end():semicolon]:
            signature = source.code[m.end():semicolon]
            if brace < 0 or signature.count("(") == signature.count(")") and signature.count("[") == signature.count("]"):
                continue
        end = matching(source.code, brace)
        lengths.append((source.code.count("\n", m.start(), end) + 1, m.start()))
    return lengths


def of_one_system(names):
    """Whether files differ only by the system that they are for: then one type has that name on each."""
    keys = {tuple(p for p in re.split(r"[/.]", name) if p not in SYSTEMS and p != "mod") for name in names}
    return len(keys) == 1


def circles(all_sources):
    """Strongly connected files; a parent module that only names its children is no import."""
    module = {}
    packages = {s.name.split("/")[1] for s in all_sources if re.fullmatch(r"src/\w+/lib\.rs", s.name)}
    for source in all_sources:
        path = re.sub(r"(/mod|/lib)?\.rs$", "", source.name[4:])
        module[tuple(path.split("/"))] = source.name

    def file_of(path):
        while path:
            if path in module:
                return module[path]
            path = path[:-1]
        return None

    edges = collections.defaultdict(set)
    for source in all_sources:
        here = tuple(re.sub(r"(/mod|/lib)?\.rs$", "", source.name[4:]).split("/"))
        root = here[:1] if here[0] in packages else ()
        for first, path in re.findall(r"\b(crate|super)::((?:\w+::)*\w+)", source.code):
            base = root if first == "crate" else here[:-1]
            parts = path.split("::")
            while parts and parts[0] == "super":
                base, parts = base[:-1], parts[1:]
            target = file_of(base + tuple(parts))
            if target and target != source.name and not target.endswith(("/mod.rs", "/lib.rs")):
                edges[source.name].add(target)
    index, low, stack, out, counter = {}, {}, [], [], [0]

    def visit(node):
        index[node] = low[node] = counter[0]
        counter[0] += 1
        stack.append(node)
        for target in sorted(edges[node]):
            if target not in index:
                visit(target)
                low[node] = min(low[node], low[target])
            elif target in stack:
                low[node] = min(low[node], index[target])
        if low[node] == index[node]:
            part = []
            while True:
                part.append(stack.pop())
                if part[-1] == node:
                    break
            out.append(sorted(part))

    sys.setrecursionlimit(10000)
    for source in all_sources:
        if source.name not in index:
            visit(source.name)
    return [part for part in out if len(part) > 1]


def percentile(values, share):
    values = sorted(values)
    return values[min(len(values) - 1, int(share * len(values)))]


def measure():
    every = sources()
    if len(every) < 10:
        sys.exit("counts.py: the source was not found; run it inside the repository")
    lines = sum(s.text.count("\n") for s in every)
    places = collections.defaultdict(list)
    for source in every:
        for name, of in (("closures", closures), ("tuple_lets", tuple_lets), ("bool_matches", bool_matches),
                         ("public", public_items)):
            places[name] += [f"{source.name}:{source.line_of(at)}" for at in of(source)]
        if NEGATION.search(header(source)):
            places["negated_headers"].append(source.name)
        places["comments"] += [source.name for line in source.text.split("\n")
                               if re.match(r"\s*//(?![/!])", line)]
        places["private_words"] += [f"{source.name}: {m.group()}" for m in PRIVATE.finditer(re.sub(r"_", " ", source.text))]
        places["function_95"] += [f"{source.name}:{source.line_of(at)}: {n} lines" for n, at in functions(source) if n > 30]
    types = collections.defaultdict(list)
    for source in every:
        for name in public_types(source):
            if name not in ("Output", "Error", "Err", "Item"):
                types[name].append(source.name)
    places["twice"] = [f"{name}: {', '.join(where)}" for name, where in sorted(types.items())
                       if len(set(where)) > 1 and not of_one_system(where)]
    rings = circles(every)
    places["circle"] = [" ".join(ring) for ring in sorted(rings, key=len, reverse=True)]
    lengths = [n for source in every for n, _ in functions(source)]
    a_thousand = lines / 1000
    return {
        "closures": round(len(places["closures"]) / a_thousand, 2),
        "tuple_lets": round(len(places["tuple_lets"]) / a_thousand, 2),
        "bool_matches": len(places["bool_matches"]),
        "negated_headers": round(100 * len(places["negated_headers"]) / len(every), 1),
        "comments": round(100 * len(places["comments"]) / lines, 2),
        "public": round(len(places["public"]) / a_thousand, 1),
        "twice": len(places["twice"]),
        "private_words": len(places["private_words"]),
        "function_median": int(statistics.median(lengths)),
        "function_95": percentile(lengths, 0.95),
        "circle": max((len(ring) for ring in rings), default=1),
        "lines": sum(s.all.count("\n") for s in every),
    }, places


def main():
    names = [name for name, *_ in FIGURES]
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--hold", metavar="FILE", help="fail when a figure is worse than in this file")
    parser.add_argument("--write", metavar="FILE", help="write the present figures as that file")
    parser.add_argument("--list", metavar="FIGURE", choices=names, help=f"name the places: {', '.join(names)}")
    args = parser.parse_args()
    figures, places = measure()
    if args.list:
        print("\n".join(places[args.list]))
        return 0
    held = {}
    if args.hold:
        with open(args.hold, encoding="utf-8") as file:
            held = json.load(file)
    worse = []
    print(f"{'':<40}{'now':>9}{'aim':>9}" + (f"{'held':>9}" if held else ""))
    for name, words, aim, less in FIGURES:
        now, bound = figures[name], held.get(name)
        reached = now <= aim if less else now >= aim
        mark = "ok" if reached else "  "
        if bound is not None and (now > bound if less else now < bound):
            worse.append(f"{words}: {now}, held at {bound}; `tests/counts.py --list {name}` names the places")
        print(f"{words:<40}{now:>9}{aim:>9}" + (f"{bound if bound is not None else '':>9}" if held else "") + f"  {mark}")
    if args.write:
        with open(args.write, "w", encoding="utf-8") as file:
            json.dump(figures, file, indent=1)
            file.write("\n")
    for line in worse:
        print("worse:", line, file=sys.stderr)
    return 1 if worse else 0


if __name__ == "__main__":
    sys.exit(main())
