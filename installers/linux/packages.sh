# Sourced by the set-up scripts: installs what is missing from the distribution, and says what. Expects
# their `say` and `fail`; does nothing by itself.

# Pairs of a package and a test that succeeds where it is not needed.
install_packages() {
    local missing=()
    while [ $# -gt 0 ]; do
        bash -c "$2" >/dev/null 2>&1 || missing+=("$1")
        shift 2
    done
    [ ${#missing[@]} -gt 0 ] || return 0
    say "Installing from the distribution: ${missing[*]}"
    command -v apt-get >/dev/null ||
        fail "this script installs with apt-get, which is not here; install these yourself: ${missing[*]}" 69
    local as_root=()
    if [ "$(id -u)" -ne 0 ]; then
        command -v sudo >/dev/null ||
            fail "installing packages needs root; run as root: apt-get install ${missing[*]}" 77
        as_root=(sudo)
    fi
    "${as_root[@]}" apt-get update -qq
    "${as_root[@]}" env DEBIAN_FRONTEND=noninteractive \
        apt-get install -y -qq --no-install-recommends "${missing[@]}" >/dev/null
}
