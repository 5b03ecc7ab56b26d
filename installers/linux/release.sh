#!/usr/bin/env bash
# Builds the program as it is packaged: target/release/mousewarden, the same bytes in any folder and from any home.
#
# release.sh [OPTION OF cargo build ...]
#
# Where rustup has the version of Rust that Cargo.toml names, that one builds; another gives other bytes and is told.
# No `rust-toolchain.toml` says so instead: with it rustup fetches that version before any command, which a machine
# without a network cannot.
set -euo pipefail
cd "$(dirname "$0")/../.."

pinned=$(sed -n 's/^rust-version = "\(.*\)"/\1/p' Cargo.toml)
if command -v rustup >/dev/null; then
    installed=$(rustup toolchain list | sed -n "s/^\($pinned\.0-[^ ]*\).*/\1/p" | head -1)
    [ -z "$installed" ] || export RUSTUP_TOOLCHAIN=$installed
fi
case $(rustc --version) in
"rustc $pinned."*) ;;
*) echo "$(rustc --version) builds, not $pinned: the program differs from one that $pinned builds" >&2 ;;
esac

# What stands behind the = is what a panic's message and the debugger show.
home=${CARGO_HOME:-$HOME/.cargo}
export RUSTFLAGS="${RUSTFLAGS:-} --remap-path-prefix=$PWD=/mousewarden --remap-path-prefix=$home=/cargo"
export CFLAGS="${CFLAGS:-} -ffile-prefix-map=$PWD=/mousewarden -ffile-prefix-map=$home=/cargo"
export CARGO_INCREMENTAL=0
SOURCE_DATE_EPOCH=${SOURCE_DATE_EPOCH:-$(git log -1 --format=%ct 2>/dev/null || echo 0)}
export SOURCE_DATE_EPOCH
exec cargo build --locked --release --bin mousewarden "$@"
