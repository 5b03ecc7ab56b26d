#!/usr/bin/env bash
# A real service manager of an ordinary user, in a mount namespace of its own, for a test of the unit:
#
#   tests/user_manager.sh probe                  whether that can be had here
#   tests/user_manager.sh unit PROGRAM FOLDER SANDBOX
#       FOLDER/home has a model; installs the service there with `--sandbox SANDBOX`, starts the session,
#       says how the unit is doing, stops it, and takes the service away again
#
# Needs root, systemd, and Xvfb for `unit`. Nothing outside FOLDER is written; what was started ends.
set -euo pipefail

user=65534
group=mousewarden-test-$$

in_namespace() {
    mount -t tmpfs -o mode=755 tmpfs /run
    # What the first process of the machine makes.
    mkdir -p /run/systemd/system /run/systemd/unit-root /run/systemd/inaccessible "/run/user/$user"
    mkdir -m 000 /run/systemd/inaccessible/dir
    chown $user "/run/user/$user"
    chmod 700 "/run/user/$user"
    local folder
    for folder in $(cgroups); do
        mkdir -p "$folder/$group"
        echo $$ >"$folder/$group/cgroup.procs"
        chown -R $user "$folder/$group"
    done
    exec setpriv --reuid $user --clear-groups "$0" as-user "$@"
}

# The hierarchies in which a service manager keeps its services.
cgroups() {
    local folder
    for folder in /sys/fs/cgroup /sys/fs/cgroup/systemd /sys/fs/cgroup/unified; do
        [ ! -e $folder/cgroup.procs ] || echo $folder
    done
}

as_user() {
    export XDG_RUNTIME_DIR=/run/user/$user HOME=/
    unset DBUS_SESSION_BUS_ADDRESS
    [ "$1" = probe ] || export HOME=$3/home
    cd /
    systemd --user >/dev/null 2>&1 &
    trap 'kill $(jobs -p) 2>/dev/null || true' EXIT
    wait_for systemctl --user is-system-running
    [ "$1" = probe ] || unit "$2" "$3" "$4"
}

wait_for() {
    local tries=0
    until "$@" >/dev/null 2>&1; do
        tries=$((tries + 1))
        [ $tries -lt 100 ] || {
            echo "in vain: $*" >&2
            return 1
        }
        sleep 0.2
    done
}

unit() {
    local program=$1 folder=$2 display
    Xvfb -displayfd 3 -screen 0 1280x800x24 -nolisten tcp 3>"$folder/display" >/dev/null 2>&1 &
    wait_for grep -q "[0-9]" "$folder/display"
    display=:$(cat "$folder/display")
    mkdir -p "$HOME/.config/systemd/user"
    printf '[Unit]\nBindsTo=graphical-session.target\n' >"$HOME/.config/systemd/user/test-session.target"
    systemctl --user set-environment "DISPLAY=$display" "HOME=$HOME" ORT_DISABLE_TELEMETRY=1
    "$program" service install --by systemd --sandbox "$3" >&2
    systemctl --user daemon-reload
    systemctl --user start test-session.target
    wait_for "$program" status || true
    say started
    "$program" status | head -1
    "$program" stop >&2
    wait_for has_ended
    say stopped
    "$program" service uninstall >&2
}

has_ended() {
    [ "$(systemctl --user show -p ActiveState --value mousewarden)" != deactivating ]
}

# How the unit is doing, and which capabilities its process could ever have.
say() {
    local pid capabilities=none
    pid=$(systemctl --user show -p MainPID --value mousewarden)
    [ "$pid" = 0 ] || capabilities=$(sed -n 's/^CapBnd:[[:space:]]*//p' "/proc/$pid/status")
    systemctl --user show -p ActiveState -p Result -p ExecMainStatus mousewarden | tr '\n' ' '
    echo "Capabilities=$capabilities when $1"
}

case ${1:-} in
as-user) as_user "${@:2}" ;;
in-namespace) in_namespace "${@:2}" ;;
probe | unit)
    script=$(readlink -f "$0")
    status=0
    timeout 90 unshare --mount --propagation private "$script" in-namespace "$@" || status=$?
    for folder in $(cgroups); do
        for left in "$folder"/mousewarden-test-*; do
            [ -e "$left/cgroup.procs" ] && find "$left" -name cgroup.procs -exec cat {} + | xargs -r kill -9 2>/dev/null
            sleep 0.2
            find "$left" -depth -type d -exec rmdir {} + 2>/dev/null
        done
    done || true
    exit $status
    ;;
*) sed -n '2,9s/^# \{0,1\}//p' "$0" >&2 && exit 64 ;;
esac
