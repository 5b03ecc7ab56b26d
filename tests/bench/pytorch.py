#!/usr/bin/env python3
"""The same network in PyTorch on the same lengths, and how much faster `mousewarden-rig bench train` is.

Makes its own environment under target/pytorch on the first run. PyTorch's wheel wants gigabytes of
GPU libraries that a processor never calls: they are left out, and tiny stand-ins with the wanted
symbols let it load. Nothing outside target/ is written.

    cargo build --release -p mousewarden-rig && tests/bench/pytorch.py [--steps 16] [--avx2] [--json]
"""
import argparse
import json
import os
import pathlib
import re
import subprocess
import sys
import time

ROOT = pathlib.Path(__file__).resolve().parents[2]
HOME = ROOT / "target" / "pytorch"
PYTHON = HOME / "venv" / "bin" / "python"
STUBS = HOME / "stubs"
PACKAGES = ["torch==2.15.0", "typing_extensions", "sympy", "mpmath", "filelock", "networkx",
            "jinja2", "markupsafe", "fsspec", "numpy", "setuptools"]
AVX2 = {"ATEN_CPU_CAPABILITY": "avx2", "ONEDNN_MAX_CPU_ISA": "AVX2",
        "DNNL_MAX_CPU_ISA": "AVX2", "MKL_ENABLE_INSTRUCTIONS": "AVX2"}


def talk(text):
    print(text, file=sys.stderr, flush=True)


def environment(extra=None):
    path = ":".join([str(STUBS), os.environ.get("LD_LIBRARY_PATH", "")]).rstrip(":")
    return {**os.environ, "LD_LIBRARY_PATH": path, **(extra or {})}


def imports():
    """What importing PyTorch says; empty if it works."""
    run = subprocess.run([PYTHON, "-c", "import torch"], env=environment(), capture_output=True, text=True)
    return "" if run.returncode == 0 else run.stderr


def undefined(folder):
    """Symbols that PyTorch's libraries want from elsewhere, by version (or none)."""
    wanted = {}
    for library in folder.glob("*.so*"):
        table = subprocess.run(["nm", "-D", "--undefined-only", library], capture_output=True, text=True)
        for line in table.stdout.splitlines():
            match = re.match(r"\s+U (\w+)(?:@@?(\S+))?$", line)
            if match:
                wanted.setdefault(match[2], set()).add(match[1])
    return wanted


def needs_of(folder, name):
    """Versions that PyTorch's libraries want of the library `name`."""
    versions = set()
    for library in folder.glob("*.so*"):
        text = subprocess.run(["objdump", "-p", library], capture_output=True, text=True).stdout
        for block in re.findall(r"required from " + re.escape(name) + r":\n((?:\s+0x.*\n)+)", text):
            versions |= {line.split()[-1] for line in block.splitlines()}
    return versions


def body(symbol):
    """A function that fails; the few that PyTorch calls on the way say that there is no GPU."""
    if symbol == "cudaGetDeviceCount":
        return f"int {symbol}(int *count) {{ *count = 0; return 0; }}\n"
    if "Error" in symbol and ("String" in symbol or "Name" in symbol):
        return f"const char *{symbol}() {{ return \"no GPU\"; }}\n"
    return f"int {symbol}() {{ return {0 if 'GetLastError' in symbol else 100}; }}\n"


def stub(name, folder, wanted):
    """A library called `name` in which every wanted GPU symbol exists and does nothing."""
    prefix = re.compile(r"^_?_?(cu|nv|Nv|nccl|pnccl|Cupti|cupti|magma|nvsh)")
    versions = needs_of(folder, name)
    symbols = {s for version, group in wanted.items() if version in versions or version is None
               for s in group if version is not None or prefix.match(s)}
    source = HOME / "stub.c"
    source.write_text("".join(body(symbol) for symbol in sorted(symbols)))
    command = ["gcc", "-w", "-shared", "-fPIC", "-fno-builtin", f"-Wl,-soname,{name}", "-o", STUBS / name, source]
    if versions:
        script = HOME / "stub.map"
        script.write_text("".join(f"{version} {{ global: *; }};\n" for version in sorted(versions)))
        command.insert(4, f"-Wl,--version-script={script}")
    subprocess.run(command, check=True)


def prepare():
    if not PYTHON.exists():
        talk(f"making an environment in {HOME} ...")
        subprocess.run([sys.executable, "-m", "venv", HOME / "venv"], check=True)
    if not list(HOME.glob("venv/lib/python3*/site-packages/torch/lib")):
        talk("fetching PyTorch without its GPU libraries (about 540 MB) ...")
        subprocess.run([PYTHON, "-m", "pip", "install", "-q", "--no-deps", *PACKAGES], check=True)
    STUBS.mkdir(exist_ok=True)
    folder = next(HOME.glob("venv/lib/python3*/site-packages/torch/lib"))
    wanted = None
    for _ in range(40):
        error = imports()
        if not error:
            return
        missing = re.search(r"(lib[\w.+-]+\.so[.\d]*): cannot open shared object", error)
        if not missing or (STUBS / missing[1]).exists():
            sys.exit(f"pytorch.py: PyTorch does not load:\n{error[-2000:]}")
        wanted = wanted or undefined(folder)
        talk(f"stand-in for {missing[1]}")
        stub(missing[1], folder, wanted)
    sys.exit("pytorch.py: PyTorch wants ever more libraries; delete target/pytorch and try again")


def peer(lengths, batch, hidden, threads):
    """Seconds of one round over all lengths: packed, and padded in buckets of similar length."""
    import torch
    from torch import nn
    from torch.nn.utils.rnn import pack_padded_sequence, PackedSequence

    torch.manual_seed(1)
    torch.set_num_threads(threads)
    # Gradients that fade over long sequences would otherwise end in numbers too small to be fast.
    torch.set_flush_denormal(True)

    class Net(nn.Module):
        def __init__(self):
            super().__init__()
            self.first = nn.LSTM(3, hidden, bidirectional=True, batch_first=True)
            self.norm = nn.BatchNorm1d(2 * hidden)
            self.drop = nn.Dropout(0.2)
            self.second = nn.LSTM(2 * hidden, hidden, bidirectional=True, batch_first=True)
            self.head = nn.Linear(2 * hidden, 1)

        def forward(self, x):
            y, _ = self.first(x)
            if isinstance(y, PackedSequence):
                y = PackedSequence(self.drop(self.norm(y.data)), y.batch_sizes)
            else:
                y = self.drop(self.norm(y.flatten(0, 1))).view_as(y)
            _, (h, _) = self.second(y)
            return self.head(torch.cat([h[0], h[1]], 1)).squeeze(1)

    def batches(order, packed):
        out = []
        for at in range(0, len(order), batch):
            some = sorted(order[at:at + batch], reverse=True)
            x = torch.randn(len(some), some[0], 3)
            x = pack_padded_sequence(x, torch.tensor(some), batch_first=True) if packed else x
            out.append((x, (torch.arange(len(some)) % 2).float()))
        return out

    def seconds(work):
        net = Net()
        adam = torch.optim.Adam(net.parameters())
        loss = nn.BCEWithLogitsLoss()

        def round_():
            for x, y in work:
                adam.zero_grad(set_to_none=True)
                loss(net(x), y).backward()
                nn.utils.clip_grad_norm_(net.parameters(), 1.0)
                adam.step()

        round_()
        best = float("inf")
        for _ in range(3):
            start = time.perf_counter()
            round_()
            best = min(best, time.perf_counter() - start)
        return best

    return {"packed": seconds(batches(lengths, True)),
            "padded": seconds(batches(sorted(lengths), False))}


def compare(arguments):
    kernel = ["--simd", "avx2"] if arguments.avx2 else []
    program = ROOT / "target" / "release" / "mousewarden-rig"
    command = [program, "bench", "train", "--json", "--steps", str(arguments.steps), *kernel]
    ours = json.loads(subprocess.run(command, check=True, capture_output=True, text=True).stdout)
    best = ours["runs"][0]["kernel"]
    rows = []
    for run in [run for run in ours["runs"] if run["kernel"] == best]:
        question = json.dumps([ours["lengths"], ours["batch"], ours["hidden"], run["threads"]])
        extra = {**(AVX2 if arguments.avx2 else {}), "OMP_NUM_THREADS": str(run["threads"])}
        answer = subprocess.run([PYTHON, __file__, "--peer"], input=question, check=True, text=True,
                                stdout=subprocess.PIPE, env=environment(extra))
        theirs = {way: 1e3 * s / arguments.steps for way, s in json.loads(answer.stdout).items()}
        rows.append({"kernel": best, "threads": run["threads"], "mousewarden_ms": run["step_ms"],
                     "share_of_peak": run["share_of_peak"], "pytorch_ms": theirs,
                     "ratio_to_best": min(theirs.values()) / run["step_ms"],
                     "ratio_to_packed": theirs["packed"] / run["step_ms"]})
    return rows


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--steps", type=int, default=16, help="steps of 64 sequences in a round")
    parser.add_argument("--avx2", action="store_true", help="limit both to AVX2")
    parser.add_argument("--json", action="store_true")
    parser.add_argument("--peer", action="store_true", help=argparse.SUPPRESS)
    arguments = parser.parse_args()
    if arguments.peer:
        print(json.dumps(peer(*json.load(sys.stdin))))
        return
    prepare()
    rows = compare(arguments)
    if arguments.json:
        print(json.dumps(rows))
        return
    for row in rows:
        print(f"{row['kernel']}, {row['threads']} thread(s): mousewarden {row['mousewarden_ms']:.1f} ms a step, "
              f"PyTorch packed {row['pytorch_ms']['packed']:.1f} ms, padded in buckets "
              f"{row['pytorch_ms']['padded']:.1f} ms: {row['ratio_to_best']:.2f}x the faster of them, "
              f"{row['ratio_to_packed']:.2f}x packed")


if __name__ == "__main__":
    main()
