#!/usr/bin/env bash
# Type-checks mousewarden for macOS from a Debian machine. Nothing is linked and nothing can be run:
# that needs Apple's SDK. C sources (SQLite) are passed over for the same reason. A warning is an error.
#
# Installs what is missing with apt-get, as installers/windows/cross.sh does, and writes below
# target/macos only.
set -euo pipefail
cd "$(dirname "$0")/../.."

installers/windows/cross.sh prepare
export PATH=/usr/bin:/bin RUSTC_BOOTSTRAP=1 CARGO_BUILD_WARNINGS=deny
export CARGO_HOME=$PWD/target/windows/cargo CARGO_TARGET_DIR=$PWD/target/macos
export CC_aarch64_apple_darwin=/bin/true AR_aarch64_apple_darwin=/bin/true SDKROOT=/
unset RUSTC RUSTUP_TOOLCHAIN RUSTUP_HOME RUSTFLAGS CARGO_BUILD_TARGET
printf '\n== Type-checking for aarch64-apple-darwin\n' >&2
nice cargo check --locked -Zwarnings -Zbuild-std=std,panic_unwind --target aarch64-apple-darwin --workspace --lib --bins "$@"
