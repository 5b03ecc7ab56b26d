#!/usr/bin/env bash
# mousewarden for Windows from a Debian machine, and its tests under Wine.
#
#   installers/windows/cross.sh prepare     install the compiler; build nothing
#   installers/windows/cross.sh check       type-check the program and its tests for Windows
#   installers/windows/cross.sh build       mousewarden.exe (release) and ONNX Runtime's library
#   installers/windows/cross.sh wine-test   build, then run the unit tests and tests/it/wine.rs under Wine
#
# wine-test needs eight minutes of a processor once, for what others wrote, and then three for each
# change of ours; the tests themselves end within a minute or two. They need no display of yours.
#
# Installs what is missing with apt-get, and says what. The compiler is Debian's own (rustc-web),
# which brings the source of the standard library; your rustup stays as it is. Everything else is
# written below target/windows. Run it as often as you like.
set -euo pipefail
cd "$(dirname "$0")/../.."

target=x86_64-pc-windows-gnu
work=$PWD/target/windows
tools=$work/tools
out=$work/mousewarden
# The wheel of onnxruntime 1.28.0 for Windows on x86-64, the last release that sends no usage data.
onnxruntime_hash=0d650aeee29368414367b65529e90afe4bf1bab76254789063b8b2f7ea3013c8

. installers/linux/packages.sh

say() { printf '\n== %s\n' "$*" >&2; }

fail() {
    printf 'cross.sh: %s\n' "$1" >&2
    exit "$2"
}

usage() {
    sed -n '4,7s/^# \{0,1\}//p' "$0" >&2
    exit 64
}

# Debian package, then a test that succeeds where it is not needed.
needed_to_check=(
    "rustc-web" "/usr/bin/rustc --version"
    "cargo-web" "/usr/bin/cargo --version"
    "rust-web-src" "test -e /usr/lib/rustlib/src/rust/library/vendor"
    "gcc-mingw-w64-x86-64" "command -v x86_64-w64-mingw32-gcc"
)
needed_to_build=(
    "python3" "command -v python3"
    "python3-pip" "python3 -m pip --version"
)
needed_to_test=(
    "wine64" "test -x /usr/lib/wine/wine64"
    "wine" "command -v wine"
    "xvfb" "command -v Xvfb"
    "xauth" "command -v xauth"
    "xdotool" "command -v xdotool"
)

# Debian's compiler alone: its cargo must not meet rustup's, nor its caches. A warning is an error.
use_debians_compiler() {
    export PATH=/usr/bin:/bin CARGO_HOME=$work/cargo CARGO_TARGET_DIR=$work/build RUSTC_BOOTSTRAP=1 CARGO_BUILD_WARNINGS=deny
    unset RUSTC RUSTUP_TOOLCHAIN RUSTUP_HOME RUSTFLAGS CARGO_BUILD_TARGET
    local have
    have=$(/usr/bin/rustc --version | cut -d ' ' -f 2)
    local want
    want=$(sed -n 's/^rust-version = "\(.*\)"/\1/p' Cargo.toml)
    printf '%s\n%s\n' "$want" "$have" | sort -C -V ||
        fail "/usr/bin/rustc is $have, and mousewarden needs $want; Debian's security archive has rustc-web 1.96" 69
}

# The standard library for Windows is built from source with the program.
cargo_for_windows() {
    local command=$1
    shift
    nice cargo "$command" --locked -Zwarnings -Zbuild-std=std,panic_unwind --target "$target" "$@"
}

# Two start-up objects that a rustup of that target would bring, and a linker that finds them. From
# the linker's name rustc learns which words it understands.
make_linker() {
    mkdir -p "$tools"
    local name
    for name in rsbegin rsend; do
        [ -s "$tools/$name.o" ] || /usr/bin/rustc --target "$target" --crate-type lib --emit obj \
            -o "$tools/$name.o" "/usr/lib/rustlib/src/rust/library/rtstartup/$name.rs"
    done
    cat >"$tools/mingw-gcc" <<LINK
#!/bin/bash
arguments=("\$@")
for i in "\${!arguments[@]}"; do
    case \${arguments[i]} in
    rsbegin.o | rsend.o) arguments[i]=$tools/\${arguments[i]} ;;
    esac
done
exec x86_64-w64-mingw32-gcc "\${arguments[@]}"
LINK
    chmod +x "$tools/mingw-gcc"
    export CARGO_TARGET_X86_64_PC_WINDOWS_GNU_LINKER=$tools/mingw-gcc
}

fetch_onnxruntime() {
    [ ! -s "$out/onnxruntime.dll" ] || return 0
    say "ONNX Runtime for Windows, from the Python package index with its hash checked"
    mkdir -p "$work/wheel" "$out"
    printf 'onnxruntime==1.28.0 --hash=sha256:%s\n' "$onnxruntime_hash" >"$work/wheel/pinned.txt"
    python3 -m pip download --quiet --disable-pip-version-check --require-hashes --no-deps \
        --only-binary=:all: --implementation cp --python-version 311 --platform win_amd64 \
        -d "$work/wheel" -r "$work/wheel/pinned.txt"
    python3 - "$work/wheel" "$out" <<'PYTHON'
import glob, os, sys, zipfile

wheels, out = sys.argv[1:]
with zipfile.ZipFile(glob.glob(os.path.join(wheels, "*win_amd64.whl"))[0]) as wheel:
    # The library goes last: where it is, the rest is too.
    for member in ("LICENSE", "ThirdPartyNotices.txt", "capi/onnxruntime.dll"):
        with open(os.path.join(out, os.path.basename(member)), "wb") as file:
            file.write(wheel.read("onnxruntime/" + member))
PYTHON
}

build() {
    install_packages "${needed_to_check[@]}" "${needed_to_build[@]}"
    use_debians_compiler
    make_linker
    fetch_onnxruntime
    say "Building mousewarden.exe (the first build takes some minutes)"
    cargo_for_windows build --release --bin mousewarden
    cp "$CARGO_TARGET_DIR/$target/release/mousewarden.exe" "$out/"
    say "Ready: $out"
}

# Wine 8 has no bcryptprimitives.dll, from which Rust's standard library takes its random numbers.
lend_random_numbers() {
    local random=$tools/bcryptprimitives.dll
    [ -s "$random" ] || x86_64-w64-mingw32-gcc -shared -O1 -o "$random" -x c - -x none -ladvapi32 <<'C'
#include <windows.h>
BOOLEAN NTAPI SystemFunction036(PVOID buffer, ULONG size);
__declspec(dllexport) BOOL WINAPI ProcessPrng(PBYTE buffer, SIZE_T size) {
    return SystemFunction036(buffer, (ULONG)size);
}
C
    local folder
    for folder in "$@"; do
        mkdir -p "$folder"
        cp "$random" "$folder/"
    done
}

wine_test() {
    install_packages "${needed_to_check[@]}" "${needed_to_build[@]}" "${needed_to_test[@]}"
    local rustup_path=$PATH
    (
        use_debians_compiler
        make_linker
        fetch_onnxruntime
        say "Building mousewarden.exe with its unit tests"
        cargo_for_windows build --workspace --bins
        cargo_for_windows test -p mousewarden -p mousewarden-pipeline --lib --no-run
        lend_random_numbers "$CARGO_TARGET_DIR/$target/debug" "$CARGO_TARGET_DIR/$target/debug/deps"
        cp "$out/onnxruntime.dll" "$CARGO_TARGET_DIR/$target/debug/"
        export WINEPREFIX=$work/wine WINEDEBUG=-all WINEARCH=win64
        say "Preparing Wine"
        xvfb-run -a wineboot --init >/dev/null 2>&1 || fail "Wine does not start: see WINEPREFIX=$WINEPREFIX wineboot --init" 69
        # Its services have met no display, or one that is gone: the next program starts them anew.
        wineboot --kill >/dev/null 2>&1 || true
        say "The unit tests under Wine"
        # Mathematics is the same on every system, and slow under Wine.
        CARGO_TARGET_X86_64_PC_WINDOWS_GNU_RUNNER="xvfb-run -a wine" \
            cargo_for_windows test -p mousewarden -p mousewarden-pipeline --lib -- --skip lab:: "$@"
    )
    # With the features of `setup.sh test`, whose build is used again.
    say "The program under Wine"
    PATH=$rustup_path WINEPREFIX=$work/wine WINEDEBUG=-all \
        MOUSEWARDEN_WINDOWS_EXE=$work/build/$target/debug/mousewarden.exe \
        MOUSEWARDEN_RIG_EXE=$work/build/$target/debug/mousewarden-rig.exe \
        nice cargo test --locked --features columnar,forests,png --test it -- --ignored --nocapture wine::
}

[ $# -gt 0 ] || usage
what=$1
shift
case $what in
prepare) install_packages "${needed_to_check[@]}" ;;
check)
    install_packages "${needed_to_check[@]}"
    use_debians_compiler
    say "Type-checking for $target"
    cargo_for_windows check --workspace --all-targets "$@"
    ;;
build) build ;;
wine-test) wine_test "$@" ;;
*) usage ;;
esac
