#!/usr/bin/env bash
# From a bare Debian or Ubuntu machine with Rust to a running demonstration, or to passed tests.
#
#   installers/linux/setup.sh demo [ARG...]   install what is missing, build, run the demonstration
#   installers/linux/setup.sh test [ARG...]   install what is missing, run every test
#   installers/linux/setup.sh prepare         install what is missing for both; build and run nothing
#
# Run it as often as you like: what is there already is left alone. Packages come from the
# distribution, ONNX Runtime and PySpark from the Python package index, the former with its hash
# checked; nothing outside the package manager's reach and this folder's target/ is written.
set -euo pipefail
cd "$(dirname "$0")/../.."

library_folder=target/lib/mousewarden
python_folder=target/venv

. installers/linux/packages.sh

say() { printf '\n== %s\n' "$*" >&2; }

fail() {
    printf 'setup.sh: %s\n' "$1" >&2
    exit "$2"
}

usage() {
    sed -n '2,6s/^# \{0,1\}//p' "$0" >&2
    exit 64
}

# Debian package, then a test that succeeds where it is not needed.
needed_to_build=(
    "build-essential" "command -v cc"
    "pkg-config" "command -v pkg-config"
    "libx11-dev" "pkg-config --exists x11"
    "libxtst-dev" "pkg-config --exists xtst"
    "libxi-dev" "pkg-config --exists xi"
    "python3" "command -v python3"
    "python3-pip" "python3 -m pip --version"
)
needed_to_demo=(
    "xvfb" "command -v Xvfb"
    "dbus" "command -v dbus-daemon"
    "dunst" "command -v dunst"
)
needed_to_test=(
    "python3-venv" "python3 -m venv --help && python3 -m ensurepip --version"
    "python3-dbusmock" "/usr/bin/python3 -c 'import dbusmock'"
    "xdotool" "command -v xdotool"
    "i3lock" "command -v i3lock"
    "xfce4-notifyd" "test -e /usr/lib/*/xfce4/notifyd/xfce4-notifyd"
    "imagemagick" "command -v import"
    "systemd" "command -v systemd-analyze"
    "desktop-file-utils" "command -v desktop-file-validate"
    "dpkg-dev" "command -v dpkg-shlibdeps"
    "lintian" "command -v lintian"
    "rpm" "command -v rpmbuild"
    "xserver-xorg-core" "command -v Xorg"
    "xserver-xorg-video-dummy" "test -e /usr/lib/xorg/modules/drivers/dummy_drv.so"
)

# What not every release has: a test that lacks its tool is reported as ignored.
welcome_to_test=(
    "notification-daemon" "test -e /usr/lib/notification-daemon/notification-daemon"
    "rpmlint" "command -v rpmlint"
    "makepkg" "command -v makepkg"
    "pacman-package-manager" "command -v pacman"
    "nix-bin" "command -v nix-instantiate"
    "ruby" "command -v ruby"
)

# Ignored tests, then a test that succeeds where they can be run.
ignored_tests=(
    "desktop_notify::notification_daemon_shows" "test -e /usr/lib/notification-daemon/notification-daemon"
    "desktop_notify::a_button_that_notification_daemon" "test -e /usr/lib/notification-daemon/notification-daemon"
    "package::rpmlint" "command -v rpmlint"
    "package::makepkg" "command -v makepkg && command -v pacman"
    "package::nix" "command -v nix-instantiate"
    "package::ruby" "command -v ruby"
    "package::the_rpm" "test \"$(id -u)\" = 0"
    "capture_evdev::without_the_right" "test \"$(id -u)\" = 0"
    "daemon::an_enrolment_on_a_full_disk" "unshare --mount true"
    "policy::" "test \"$(id -u)\" = 0 && unshare --mount true"
    "user_manager::" "tests/user_manager.sh probe"
    "protection_key_store::gnome_keyring" "command -v gnome-keyring-daemon"
)

install_where_known() {
    local known=()
    while [ $# -gt 0 ]; do
        apt-cache show "$1" >/dev/null 2>&1 && known+=("$1" "$2")
        shift 2
    done
    install_packages "${known[@]}"
}

# The test of the Spark job needs Java 17 or newer; which there is depends on the release.
install_java() {
    command -v java >/dev/null && return
    local package
    for package in openjdk-17-jre-headless openjdk-21-jre-headless default-jre-headless; do
        if apt-cache show "$package" >/dev/null 2>&1; then
            install_packages "$package" "command -v java"
            return
        fi
    done
    fail "no package with Java is known here; install Java 17 or newer yourself" 69
}

require_rust() {
    local wanted found
    wanted=$(sed -n 's/^rust-version = "\(.*\)"/\1/p' Cargo.toml | head -1)
    command -v cargo >/dev/null ||
        fail "cargo is missing; install Rust $wanted or newer: https://rustup.rs, or where your distribution has it
  apt-get install rustup && rustup default stable" 69
    found=$(cargo --version | cut -d ' ' -f 2)
    [ "$(printf '%s\n%s\n' "$wanted" "$found" | sort -V | head -1)" = "$wanted" ] ||
        fail "cargo $found is too old, this needs Rust $wanted or newer: rustup update stable
  A cargo of the distribution ($(command -v cargo)) cannot be updated so: install https://rustup.rs beside it." 69
}

fetch_onnxruntime() {
    say "ONNX Runtime, the library that scores the windows ($library_folder)"
    bash installers/linux/fetch-onnxruntime.sh "$library_folder" ||
        printf 'It could not be fetched; the builtin scorer will do its work.\n' >&2
}

build() {
    say "Building mousewarden (the first build takes some minutes)"
    cargo build --release --locked --workspace
}

prepare_python() {
    say "Python's onnx and onnxruntime, the independent readers that the tests compare with"
    [ -x "$python_folder/bin/python" ] || python3 -m venv "$python_folder"
    "$python_folder/bin/python" -m pip install --quiet --disable-pip-version-check \
        --only-binary=:all: -r onnx/requirements.txt
}

prepare_spark() {
    say "PySpark, for the test on a cluster of this machine's own (some 400 MB, once)"
    installers/spark/prepare.sh >/dev/null
}

prepare_for_tests() {
    install_packages "${needed_to_build[@]}" "${needed_to_demo[@]}" "${needed_to_test[@]}"
    install_where_known "${welcome_to_test[@]}"
    install_java
    fetch_onnxruntime
    prepare_python
    prepare_spark
}

run_tests() {
    export ORT_DISABLE_TELEMETRY=1
    export MOUSEWARDEN_PYTHON=$PWD/$python_folder/bin/python
    MOUSEWARDEN_PYTHON_SPARK=$(installers/spark/prepare.sh)
    export MOUSEWARDEN_PYTHON_SPARK
    cargo test --locked --workspace --features columnar,forests,png "$@"
    [ $# -gt 0 ] || run_ignored_tests "${ignored_tests[@]}"
}

run_ignored_tests() {
    local able=()
    while [ $# -gt 0 ]; do
        eval "$2" >/dev/null 2>&1 && able+=("$1")
        shift 2
    done
    [ ${#able[@]} -eq 0 ] ||
        cargo test --locked --features columnar,forests,png --test it -- --ignored "${able[@]}"
}

[ $# -gt 0 ] || usage
what=$1
shift
require_rust
case $what in
prepare)
    prepare_for_tests
    ;;
demo)
    install_packages "${needed_to_build[@]}" "${needed_to_demo[@]}"
    fetch_onnxruntime
    build
    say "The demonstration: about two minutes, on a display of its own that you won't see"
    exec "${CARGO_TARGET_DIR:-target}/release/mousewarden-rig" demo "$@"
    ;;
test)
    prepare_for_tests
    say "All tests"
    run_tests "$@"
    ;;
*) usage ;;
esac
