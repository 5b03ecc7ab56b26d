#!/usr/bin/env python3
"""The tables of a results.json of `mousewarden evaluate`, as Markdown or LaTeX.

    results_table.py RESULTS.json... [--markdown | --latex]
    results_table.py RESULTS.json --reduce SMALL.json --command "..."   keeps what the tables need, and the hash
    results_table.py --write RESULTS.md                                 fills the page in from such small files

A page holds `<!-- results SMALL.json -->` and `<!-- end -->`; what stands between is written anew. Needs nothing
but Python. onnx/FORMATS.md documents the file.
"""

import argparse
import hashlib
import json
import pathlib
import re

HEAD = ["data", "protocol", "method", "judged together", "movement, s", "AUC", "EER, %", "FAR, %", "FRR, %", "owners"]


def interval(found, scale=1.0, digits=1):
    if found is None:
        return "-"
    value, low, high = (scale * found[key] for key in ("value", "low", "high"))
    return f"{value:.{digits}f} ({low:.{digits}f}-{high:.{digits}f})"


def unit(found):
    if isinstance(found, str):
        return found
    kind, size = next(iter(found.items()))
    return f"{size} {kind if size != 1 else kind.rstrip('s')}"


def rows(results):
    if results["version"] != 1:
        raise SystemExit(f"results of version {results['version']}: this script reads version 1")
    for run in results["runs"]:
        for method in run["methods"]:
            for size in method["sizes"]:
                mean = size["mean"]
                yield [
                    results["dataset"]["format"],
                    run["protocol"]["name"],
                    method["name"],
                    unit(size["unit"]),
                    f"{size['movement_s']:.1f}",
                    interval(mean["auc"], digits=3),
                    interval(mean["eer"], 100),
                    interval(mean["far"], 100),
                    interval(mean["frr"], 100),
                    str(len({user["user"] for user in size["users"]})),
                ]


# What a page shows of all rows.
SHOWN = {"model", "time", "position"}, {"1 window", "10 windows", "30 windows", "session"}


def in_use(results):
    for run in results["runs"]:
        found = run["continuous"]
        if found is None:
            continue
        yield ["data, protocol", f"{results['dataset']['format']}, {run['protocol']['name']}"]
        promised = found.get("promised_per_8h")
        yield ["false notices in 8 h, promised", "-" if promised is None else f"{promised:.1f}"]
        yield ["false notices in 8 h, measured", interval(found["false_alarms_per_8h_wall"])]
        yield ["false locks in 8 h", interval(found.get("false_locks_per_8h"))]
        yield ["impostor sessions missed, %", interval(found["missed_share"], 100)]
        for within in found.get("within", []):
            yield [f"noticed within {within['windows']} windows, %", interval(within["noticed"], 100)]


def markdown(head, table):
    lines = ["| " + " | ".join(head) + " |", "|" + "---|" * len(head)]
    for row in table:
        lines.append("| " + " | ".join(cell.replace("|", "\\|") for cell in row) + " |")
    return "\n".join(lines) + "\n"


def latex(head, table):
    special = str.maketrans({c: "\\" + c for c in "&%$#_{}"})
    lines = ["\\begin{tabular}{" + "l" * len(head) + "}", "\\hline"]
    lines.append(" & ".join(cell.translate(special) for cell in head) + " \\\\ \\hline")
    lines += [" & ".join(cell.translate(special) for cell in row) + " \\\\" for row in table]
    return "\n".join(lines + ["\\hline", "\\end{tabular}"]) + "\n"


def tables(results, show, shown=None):
    use = list(in_use(results))
    found = list(rows(results))
    if shown is not None:
        found = [row for row in found if row[2] in shown[0] and row[3] in shown[1]]
    text = show(HEAD, found)
    return text + ("\n" + show(["in continuous use", ""], use) if use else "")


def reduced(path, command):
    """What the tables need, who and what made it, and the hash of the whole file."""
    text = pathlib.Path(path).read_bytes()
    results = json.loads(text)
    results["reduced_from_sha256"] = hashlib.sha256(text).hexdigest()
    results["command"] = command
    results.pop("device", None)
    for run in results["runs"]:
        run["protocol"].pop("text")
        run["splits"] = [{"seed": split["seed"], "sha256": split["sha256"]} for split in run["splits"]]
        run["models"] = [{"seed": model["seed"], "sha256": model["sha256"]} for model in run["models"]]
        for method in run["methods"]:
            for size in method["sizes"]:
                owners = sorted({user["user"] for user in size["users"]})
                names = {owner: f"owner {number}" for number, owner in enumerate(owners, 1)}
                size["users"] = [{"user": names[user["user"]], "eer": user["eer"]} for user in size["users"]]
                size["worst"] = [names.get(size["worst"][0], "?"), size["worst"][1]]
                size.pop("pooled")
                size.pop("calibration", None)
        use = run["continuous"]
        for key in ("curve", "wall_curve", "users", "caught", "missed_one", "adapted") if use else ():
            use.pop(key, None)
        if use and use.get("worst_owner"):
            use["worst_owner"] = ["an owner", use["worst_owner"][1]]
    return json.dumps(results, separators=(",", ":")) + "\n"


def caption(results):
    seeds = sorted({seed for run in results["runs"] for seed in run["seeds"]})
    splits = ", ".join(split["sha256"][:12] for run in results["runs"] for split in run["splits"])
    return (
        f"`{results['command']}`; {results['made_by']}, scorer {results['scorer']}, {results['dataset']['users']} people "
        f"with {results['dataset']['windows']:,} windows, seeds {seeds}, {results['draws']} draws, split {splits}, whole "
        f"file SHA-256 {results['reduced_from_sha256'][:12]}.\n\n"
    )


def written(page):
    """A page with what stands between its marks made anew."""
    folder = pathlib.Path(page).parent

    def fill(mark):
        results = json.loads((folder / mark.group(1)).read_text(encoding="utf-8"))
        return f"<!-- results {mark.group(1)} -->\n{caption(results)}{tables(results, markdown, SHOWN)}<!-- end -->"

    text = pathlib.Path(page).read_text(encoding="utf-8")
    return re.sub(r"<!-- results (\S+) -->\n.*?<!-- end -->", fill, text, flags=re.DOTALL)


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("results", nargs="*")
    kind = parser.add_mutually_exclusive_group()
    kind.add_argument("--markdown", action="store_true")
    kind.add_argument("--latex", action="store_true")
    kind.add_argument("--reduce", metavar="FILE")
    kind.add_argument("--write", metavar="PAGE")
    kind.add_argument("--check", metavar="PAGE", help="fail where the page is not what --write would make it")
    parser.add_argument("--command", default="mousewarden evaluate")
    asked = parser.parse_args()
    if asked.write:
        pathlib.Path(asked.write).write_text(written(asked.write), encoding="utf-8")
    elif asked.check:
        if written(asked.check) != pathlib.Path(asked.check).read_text(encoding="utf-8"):
            raise SystemExit(f"{asked.check} is not up to date: run this script with --write {asked.check}")
    elif asked.reduce:
        pathlib.Path(asked.reduce).write_text(reduced(asked.results[0], asked.command), encoding="utf-8")
    else:
        for path in asked.results:
            results = json.loads(pathlib.Path(path).read_text(encoding="utf-8"))
            print(tables(results, latex if asked.latex else markdown))


if __name__ == "__main__":
    main()
