#!/usr/bin/env bash
# The Debian package in a Debian of its own: boots a minimal system in a container, with the real
# systemd, logind and user manager, and an X server for a session. Installs the package there,
# enrols, lets the service run, locks the session, hurts the service, and removes everything again.
#
#   installers/linux/nspawn-test.sh [--deb FILE] [--keep]
#
# Without --deb the package is built first. Needs root, systemd-nspawn, and the network for Debian's
# packages, which are fetched once (target/nspawn/base). --keep leaves the container's folder.
# Nothing outside target/ is written. Prints a line a step, with the seconds since the beginning.
set -euo pipefail
cd "$(dirname "$0")/../.."

fail() {
    printf 'nspawn-test.sh: %s\n' "$1" >&2
    exit "$2"
}

deb= keep=
while [ $# -gt 0 ]; do
    case $1 in
    --deb) deb=${2:?--deb wants a file} && shift ;;
    --keep) keep=yes ;;
    *) sed -n '2,11s/^# \{0,1\}//p' "$0" >&2 && exit 64 ;;
    esac
    shift
done
[ "$(id -u)" -eq 0 ] || fail "a container needs root" 77
for tool in debootstrap systemd-nspawn nsenter; do
    command -v $tool >/dev/null ||
        fail "$tool is missing; install it: apt-get install debootstrap systemd-container" 69
done
[ -n "$deb" ] || deb=$(installers/linux/package.sh deb | tail -1)
[ -f "$deb" ] || fail "$deb is no package" 66

folder=$PWD/target/nspawn
base=$folder/base
root=$folder/root
leader=
began=$(date +%s%N)

seconds() { printf '%7.1f' "$((($(date +%s%N) - began) / 1000000))e-3"; }
say() { printf '%s  %s\n' "$(seconds)" "$*"; }

finish() {
    local status=$?
    if [ -n "$leader" ]; then
        [ $status -eq 0 ] || in_it journalctl --no-pager -n 40 >&2 || true
        in_it systemctl poweroff >/dev/null 2>&1 || true
        wait "$container" 2>/dev/null || true
    fi
    [ -n "$keep" ] || rm -rf "$root"
    [ $status -eq 0 ] || printf 'nspawn-test.sh: failed; what the machine said stands above\n' >&2
}
trap finish EXIT

# A command inside, as root and as the owner of the session.
in_it() { nsenter --target "$leader" --all -- env -i PATH=/usr/sbin:/usr/bin:/sbin:/bin LANG=C.UTF-8 "$@"; }
owner() {
    in_it setpriv --reuid=1000 --regid=1000 --init-groups env HOME=/home/owner USER=owner DISPLAY=:7 \
        XDG_RUNTIME_DIR=/run/user/1000 DBUS_SESSION_BUS_ADDRESS=unix:path=/run/user/1000/bus "$@"
}

# until TEXT SECONDS COMMAND...: waits for a command to succeed.
until_so() {
    local what=$1 deadline=$((SECONDS + $2))
    shift 2
    until "$@" >/dev/null 2>&1; do
        [ $SECONDS -lt $deadline ] || fail "$what: waited in vain" 1
        sleep 0.2
    done
}

unit() { owner systemctl --user show --value -p "$1" mousewarden.service; }
is_active() { [ "$(unit ActiveState)" = active ]; }
windows() { owner mousewarden status --json | sed 's/.*"windows_seen":\([0-9]*\).*/\1/'; }

has_judged() { [ "$(windows)" -gt 0 ]; }

make_base() {
    [ ! -d "$base" ] || return 0
    say "fetching a minimal Debian, once"
    mkdir -p "$folder"
    rm -rf "$base.part"
    debootstrap --variant=minbase \
        --include=systemd,systemd-sysv,dbus,dbus-user-session,libpam-systemd,xvfb,xdotool,procps \
        bookworm "$base.part" http://deb.debian.org/debian >"$folder/debootstrap.log" ||
        fail "debootstrap failed; see $folder/debootstrap.log" 1
    mv "$base.part" "$base"
}

# A desktop without windows: what every display manager and desktop do for their session.
furnish() {
    rm -rf "$root"
    cp -a "$base" "$root"
    cp "$deb" "$root/root/mousewarden.deb"
    chroot "$root" useradd --create-home --shell /bin/bash owner
    cat >"$root/usr/local/bin/desktop" <<'END'
#!/bin/sh
export DISPLAY=:7
Xvfb :7 -screen 0 1280x800x24 -nolisten tcp &
until xdotool getmouselocation >/dev/null 2>&1; do sleep 0.1; done
systemctl --user import-environment DISPLAY XDG_SESSION_TYPE XDG_SESSION_ID
systemctl --user start desktop.target
wait
END
    chmod 755 "$root/usr/local/bin/desktop"
    cat >"$root/etc/systemd/user/desktop.target" <<'END'
[Unit]
BindsTo=graphical-session.target
Before=graphical-session.target
END
    cat >"$root/etc/systemd/system/desktop.service" <<'END'
[Unit]
After=systemd-user-sessions.service systemd-logind.service
[Service]
User=owner
PAMName=login
Environment=XDG_SESSION_TYPE=x11 XDG_SESSION_CLASS=user
ExecStart=/usr/local/bin/desktop
END
    # A hand: strokes of some length and bend, and pauses. It is nobody's, and it need not be.
    cat >"$root/usr/local/bin/hand" <<'END'
#!/bin/sh
export DISPLAY=:7
awk -v strokes="$1" 'BEGIN {
    srand(7); x = 600; y = 400; pi = 3.14159
    for (s = 0; s < strokes; s++) {
        tx = 60 + rand() * 1160; ty = 60 + rand() * 680; bend = (rand() - 0.5) * 120
        steps = 18 + int(rand() * 30)
        for (i = 1; i <= steps; i++) {
            t = i / steps; u = t * t * (3 - 2 * t); b = bend * sin(pi * t)
            printf "mousemove %d %d\nsleep 0.008\n", x + (tx - x) * u + b, y + (ty - y) * u - b
        }
        x = tx; y = ty
        printf "sleep %.2f\n", 0.3 + rand() * 0.3
    }
}' | xdotool -
END
    chmod 755 "$root/usr/local/bin/hand"
}

boot() {
    systemd-nspawn --quiet --directory="$root" --boot --register=no --keep-unit --console=pipe \
        --machine=mousewarden-test --capability=CAP_IPC_LOCK --resolv-conf=copy-host \
        </dev/null >"$folder/console.log" 2>&1 &
    container=$!
    until_so "the container" 30 pgrep -P "$container"
    leader=$(pgrep -P "$container" | head -1)
    until_so "systemd" 60 in_it sh -c 'case $(systemctl is-system-running) in running | degraded) ;; *) false ;; esac'
    say "booted: $(in_it systemctl --version | head -1)"
}

bring_up_the_desktop() {
    in_it systemctl start desktop.service
    until_so "the session" 30 owner systemctl --user is-active graphical-session.target
    say "a session: $(in_it loginctl --no-legend list-sessions | tr -s ' ')"
}

install_it() {
    in_it apt-get -qq update
    began=$(date +%s%N)
    say "-- from here on: install to first window --"
    in_it sh -c 'DEBIAN_FRONTEND=noninteractive apt-get -qq install --no-install-recommends -y \
        /root/mousewarden.deb >/root/apt.log 2>&1 || { cat /root/apt.log; false; }'
    say "installed: $(owner mousewarden --version)"
    owner mousewarden doctor 2>&1 | sed 's/^/           /' || true
}

enrol() {
    owner sh -c 'mkdir -p ~/.config/mousewarden && printf "[enrol]\ntarget_windows = 60\ntarget_minutes = 0\n[decision]\nmax_action = \"log\"\n" >~/.config/mousewarden/config.toml'
    owner mousewarden --enroll >"$folder/enrolment.log" 2>&1 &
    local enrolment=$!
    until_so "the enrolment" 30 owner sh -c 'ls ~/.local/share/mousewarden/recordings/*'
    # The hand of 400 strokes is ended as soon as there is enough.
    owner /usr/local/bin/hand 400 >/dev/null 2>&1 &
    local hand=$!
    wait $enrolment || { cat "$folder/enrolment.log" >&2 && fail "the enrolment failed" 1; }
    in_it pkill xdotool || true
    wait $hand 2>/dev/null || true
    say "enrolled: $(grep Collected "$folder/enrolment.log" || tail -1 "$folder/enrolment.log")"
}

run_the_service() {
    owner mousewarden service install | sed 's/^/           /'
    until_so "the service" 30 is_active
    say "READY: $(unit StatusText), process $(unit MainPID)"
    owner /usr/local/bin/hand 10
    until_so "a window" 30 has_judged
    say "first windows judged: $(windows)"
    owner mousewarden service status | sed 's/^/           /'
}

keep_the_watchdog() {
    local first pid
    first=$(unit WatchdogTimestampMonotonic) pid=$(unit MainPID)
    # WatchdogSec is 60: whoever is silent for so long is killed.
    until_so "a word to the watchdog" 90 changed WatchdogTimestampMonotonic "$first"
    first=$(unit WatchdogTimestampMonotonic)
    until_so "another word to the watchdog" 90 changed WatchdogTimestampMonotonic "$first"
    [ "$(unit MainPID)" = "$pid" ] || fail "the agent was restarted meanwhile" 1
    say "the watchdog hears of it; resident $(in_it ps -o rss= -p "$pid" | tr -d ' ') kB"
}

changed() { [ "$(unit "$1")" != "$2" ]; }

# The hint that a locker gives, through the real logind.
lock_it() {
    local before
    hint_locked true
    until_so "word of the lock" 30 state_is locked
    before=$(windows)
    owner /usr/local/bin/hand 5
    [ "$(windows)" = "$before" ] || fail "a locked session was judged" 1
    hint_locked false
    until_so "word of the unlock" 30 state_is watching
    # Nothing counts within the first two seconds.
    owner /usr/local/bin/hand 10
    until_so "a window after the unlock" 30 changed_from "$before" windows
    say "nothing was judged while the session was locked, and again after it"
}

hint_locked() {
    local session
    session=$(in_it loginctl --no-legend list-sessions | awk '{ print $1; exit }')
    session=$(in_it busctl call org.freedesktop.login1 /org/freedesktop/login1 \
        org.freedesktop.login1.Manager GetSession s "$session" | cut -d '"' -f 2)
    owner busctl call org.freedesktop.login1 "$session" org.freedesktop.login1.Session \
        SetLockedHint b "$1"
}

state_is() { owner mousewarden status --json | grep -q "\"state\":\"$1\""; }
changed_from() { [ "$("$2")" != "$1" ]; }

hurt_it() {
    local pid capture
    pid=$(unit MainPID)
    capture=$(in_it pgrep -P "$pid" | head -1)
    in_it kill -9 "$capture"
    until_so "another capture process" 30 another_capture "$pid" "$capture"
    [ "$(unit MainPID)" = "$pid" ] || fail "the agent went with its capture process" 1
    say "a killed capture process was replaced"
    in_it kill -9 "$pid"
    until_so "the restart" 30 restarted "$pid"
    say "a killed agent was started again: $(unit NRestarts) restart, process $(unit MainPID)"
    owner /usr/local/bin/hand 5
    until_so "a window after the restart" 30 has_judged
}

another_capture() { in_it pgrep -P "$1" | grep -vqx "$2"; }
restarted() { is_active && [ "$(unit MainPID)" != "$1" ]; }

remove_it() {
    owner mousewarden service uninstall --purge | sed 's/^/           /'
    is_active && fail "it still runs" 1
    in_it sh -c 'DEBIAN_FRONTEND=noninteractive apt-get -qq purge -y mousewarden >/dev/null 2>&1'
    local left
    left=$(in_it find / -xdev -name '*mousewarden*' -not -path '/root/*' -not -path '/proc/*' \
        -not -path '/sys/*')
    [ -z "$left" ] || fail "left behind: $left" 1
    say "removed; nothing is left"
}

make_base
furnish
boot
bring_up_the_desktop
install_it
enrol
run_the_service
lock_it
keep_the_watchdog
hurt_it
remove_it
