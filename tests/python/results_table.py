#!/usr/bin/env python3
"""The tables of a results.json of `mousewarden evaluate`, as Markdown or LaTeX.

    results_table.py RESULTS.json... [--markdown | --latex]
    results_table.py RESULTS.json --reduce SMALL.json --command "..."   keeps what the tables need, and the hash
    results_table.py --write RESULTS.md    makes the page of results/page.md beside it and the files that this names
    results_table.py --check RESULTS.md    fails where the page is another

A mark in page.md stands for tables: `<!-- results FILE -->` of an evaluation, `<!-- summary NAME... -->` of several side by
side, `<!-- attacks FILE -->` of `bench attacks`, `<!-- table FILE -->` of any figures with their command, data, seeds and
version. Needs nothing but Python. onnx/FORMATS.md documents results.json.
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
        for key in ("curve", "wall_curve", "users", "caught", "missed_one") if use else ():
            use.pop(key, None)
        if use and use.get("adapted"):
            use["adapted"].pop("drift")
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


def short_hash(path):
    return hashlib.sha256(path.read_bytes()).hexdigest()[:12]


def results_block(folder, name):
    results = json.loads((folder / name).read_text(encoding="utf-8"))
    return caption(results) + tables(results, markdown, SHOWN)


def table_block(folder, name):
    """Figures that a command printed, with all that leads back to it."""
    found = json.loads((folder / name).read_text(encoding="utf-8"))
    command = found["command"]
    made = f"`{command}`" if command.startswith("mousewarden") else command.capitalize()
    said = f"{made}; {found['data']}; seeds: {found['seeds']}; {found['made_by']}; [`{name}`](results/{name}), SHA-256 "
    for row in found["rows"]:
        if len(row) != len(found["columns"]):
            raise SystemExit(f"{name}: a row of {len(row)} cells under {len(found['columns'])} columns: {row}")
    return said + short_hash(folder / name) + ".\n\n" + markdown(found["columns"], found["rows"])


def attacks_block(folder, name):
    found = json.loads((folder / name).read_text(encoding="utf-8"))
    sets = [entry["set"] for entry in found["owners"]]
    columns = list(dict.fromkeys(sets))
    head = ["what is presented", "presentations", "accepted", "95 %", *columns, "RIAPAR"]
    head += ["without replay detection", "by the model alone"]
    rows = []
    for row in found["rows"]:
        low, high = row["interval"]
        relative = "" if row["riapar"] is None else f"{100 * row['riapar']:.1f}"
        of_sets = [f"{100 * share:.0f}" for share in row["by_set"]]
        rows.append(
            [row["name"], str(row["presented"]), f"**{100 * row['accepted']:.1f} %**", f"{100 * low:.1f}-{100 * high:.1f}"]
            + of_sets
            + [relative, f"{100 * row['without_replay_detection']:.1f} %", f"{100 * row['by_model']:.1f} %"]
        )
    owners = ", ".join(f"{sets.count(name)} {name}" for name in columns)
    said = f"`{found['command']}`; {len(sets)} owners ({owners}), seed {found['seed']}; {found['made_by']}; "
    return f"{said}[`{name}`](results/{name}), SHA-256 {short_hash(folder / name)}.\n\n{markdown(head, rows)}"


# What a set is called in the head of the summary.
TITLES = {
    "long-term": "long-term (Kharagpur, `iitkgp`, dfl)",
    "administrators": "administrators (`balabit`)",
    "browsing": "browsing (`hbrs`, dfl)",
    "long-term-benchmark": "long-term, benchmark backbone",
    "gmail-benchmark": "Gmail, benchmark backbone",
}


def percent(found):
    return f"{100 * found['value']:.0f} %"


def rate(found, digits=1):
    return f"{found['value']:.{digits}f} ({found['low']:.{digits}f}-{found['high']:.{digits}f})"


def within(use, key):
    shares = " / ".join(f"{100 * step[key]['value']:.0f}" for step in use["within"])
    last = use["within"][-1][key]
    return f"{shares} % ({100 * last['low']:.0f}-{100 * last['high']:.0f})"


def model_eer(run, windows):
    sizes = next(method for method in run["methods"] if method["name"] == "model")["sizes"]
    return next(100 * size["mean"]["eer"]["value"] for size in sizes if size["unit"] == {"windows": windows})


def poisoned(use):
    found = use.get("adapted")
    return percent(found["missed_by_poisoning"]) if found else "-"


def summary_column(results):
    run = results["runs"][0]
    use = run["continuous"]
    owners = len({model["sha256"] for model in run["models"]})
    false_alarms = rate(use["false_alarms_per_8h_wall"])
    worst = use["worst_owner"]
    return {
        "owners, hours of later work": f"{owners}, {use['genuine_hours'][0]:.1f} h",
        f"false notices in 8 h; {use['promised_per_8h']:.1f} is promised": f"**{false_alarms.replace(' (', '** (')}",
        "owners without one; the worst in 8 h of those seen for an hour": f"{use['owners_without']}; " + (f"{worst[1]:.1f}" if worst else "-"),
        "false locks in 8 h if nobody answers a notice; 0.2 is promised": rate(use["false_locks_per_8h"], 2),
        "noticed after seconds of movement, median": rate(use["movement"]["median"], 0),
        "impostor sessions noticed within 30 / 100 / 300 / 600 windows": within(use, "noticed"),
        "locked within the same": within(use, "locked"),
        "noticed although the impostor moved first after an unlock": percent(use["first_mover_noticed"]),
        "impostors who get through after 20 unlocks at which they moved first": poisoned(use),
        "EER of groups of 10 / 30 windows": f"{model_eer(run, 10):.1f} / {model_eer(run, 30):.1f} %",
    }


def summary_block(folder, names):
    """Evaluations side by side, a column each."""
    names = names.split()
    found = [json.loads((folder / f"{name}-open-set.json").read_text(encoding="utf-8")) for name in names]
    columns = [summary_column(results) for results in found]
    rows = [[line, *(column[line] for column in columns)] for line in columns[0]]
    return markdown(["", *(TITLES.get(name, name) for name in names)], rows)


BLOCKS = {"results": results_block, "table": table_block, "attacks": attacks_block, "summary": summary_block}


def written(page):
    """The page, of its text and the files that this names."""
    page = pathlib.Path(page)
    folder = page.parent / "results"

    def fill(mark):
        return BLOCKS[mark.group(1)](folder, mark.group(2)).rstrip("\n")

    text = (folder / "page.md").read_text(encoding="utf-8")
    text = re.sub(r"<!-- (results|table|attacks|summary) ([^>]+?) -->", fill, text)
    made = f"<!-- Made by tests/python/results_table.py --write {page.parent.name}/{page.name}: change results/, not this. -->"
    return text.replace("<!-- generated -->", made)


def unused(page):
    """Files of results that the page does not name."""
    folder = pathlib.Path(page).parent / "results"
    text = (folder / "page.md").read_text(encoding="utf-8")
    return [path.name for path in sorted(folder.glob("*.json")) if path.name not in text]


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
        if unused(asked.check):
            raise SystemExit(f"results that the page does not show: {', '.join(unused(asked.check))}")
    elif asked.reduce:
        pathlib.Path(asked.reduce).write_text(reduced(asked.results[0], asked.command), encoding="utf-8")
    else:
        for path in asked.results:
            results = json.loads(pathlib.Path(path).read_text(encoding="utf-8"))
            print(tables(results, latex if asked.latex else markdown))


if __name__ == "__main__":
    main()
