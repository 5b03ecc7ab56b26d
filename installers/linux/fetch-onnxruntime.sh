#!/bin/sh
# Fetches the ONNX Runtime library that mousewarden loads: version 1.28.0, the last that sends no
# telemetry. Takes the folder to put it in; does nothing when it is there already. Needs python3
# with pip; installs nothing into the system.
set -eu

version=1.28.0
library=libonnxruntime.so.$version

die() {
    echo "fetch-onnxruntime: $1" >&2
    exit 1
}

[ $# -eq 1 ] || die "usage: fetch-onnxruntime.sh FOLDER"
target=$1
here=$(cd "$(dirname "$0")" && pwd)

if [ -s "$target/$library" ] && [ -s "$target/LICENSE" ] && [ -s "$target/ThirdPartyNotices.txt" ]; then
    echo "ONNX Runtime $version is there already: $target/$library"
    exit 0
fi

machine=$(uname -m)
case $machine in
    x86_64 | aarch64) ;;
    *) die "there is no ONNX Runtime package for $machine; mousewarden uses its builtin scorer" ;;
esac
python3 -m pip --version >/dev/null 2>&1 ||
    die "python3 with pip is missing; install it: sudo apt-get install python3-pip"

mkdir -p "$target"
work=$(mktemp -d "$target/.fetch-XXXXXX")
trap 'rm -rf "$work"' EXIT HUP INT TERM

echo "Fetching the onnxruntime $version wheel for $machine with pip, which checks its hash."
python3 -m pip download --quiet --disable-pip-version-check --require-hashes --no-deps \
    --only-binary=:all: --implementation cp --python-version 311 \
    --platform "manylinux_2_28_$machine" --platform "manylinux_2_27_$machine" \
    -d "$work" -r "$here/onnxruntime.txt" ||
    die "pip could not fetch the wheel; check the network or pip's index and try again"

echo "Taking the library, its licence and its notices out of the wheel; the rest is thrown away."
python3 - "$work" "$library" <<'PYTHON'
import glob, os, sys, zipfile

work, library = sys.argv[1:]
wheel = zipfile.ZipFile(glob.glob(os.path.join(work, "*.whl"))[0])
for member in ("capi/" + library, "LICENSE", "ThirdPartyNotices.txt"):
    name = os.path.basename(member)
    with open(os.path.join(work, name), "wb") as file:
        file.write(wheel.read("onnxruntime/" + member))
    os.chmod(os.path.join(work, name), 0o644)
PYTHON

# The library goes last: where it is, the rest is too.
for name in LICENSE ThirdPartyNotices.txt "$library"; do
    mv -f "$work/$name" "$target/$name"
done
echo "ONNX Runtime $version is ready: $target/$library"
