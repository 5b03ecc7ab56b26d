#!/usr/bin/env bash
# Builds mousewarden with all that people expect (png, columnar) and packs it into target/package/: the
# stripped program itself, a .deb, an .rpm, and SHA256SUMS of whatever lies there.
#
#   installers/linux/package.sh [--program FILE] [--out FOLDER] [--quick] [program] [deb] [rpm]
#
# Without a kind all are made; with --program nothing is built and that file is packed; --quick
# packs less tightly. Needs cargo, python3, and dpkg-dev (deb) or rpm (rpm). ONNX Runtime goes in
# if fetch-onnxruntime.sh has put it into target/lib/mousewarden; else the packaged program uses
# its builtin scorer.
set -euo pipefail
cd "$(dirname "$0")/../.."
here=installers/linux

fail() {
    printf 'package.sh: %s\n' "$1" >&2
    exit "$2"
}

need() { command -v "$1" >/dev/null || fail "$1 is missing; install it: apt-get install $2" 69; }

program= out=target/package squeeze=xz wanted=()
while [ $# -gt 0 ]; do
    case $1 in
    --program) program=${2:?--program wants a file} && shift ;;
    --quick) squeeze=gzip ;;
    --out) out=${2:?--out wants a folder} && shift ;;
    program | deb | rpm) wanted+=("$1") ;;
    *) sed -n '2,11s/^# \{0,1\}//p' "$0" >&2 && exit 64 ;;
    esac
    shift
done
[ ${#wanted[@]} -gt 0 ] || wanted=(program deb rpm)

version=$(sed -n 's/^version = "\(.*\)"/\1/p' Cargo.toml | head -1)
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
tree=$work/tree
export SOURCE_DATE_EPOCH=${SOURCE_DATE_EPOCH:-$(git log -1 --format=%ct 2>/dev/null || date +%s)}

if [ -z "$program" ]; then
    $here/release.sh --features png,columnar
    program=target/release/mousewarden
fi
[ -x "$program" ] || fail "$program is no program" 66

put() { install -D -m "$1" "$2" "$tree/$3"; }
zip() { gzip -9n "$tree/$1"; }

stage_program() {
    put 755 "$program" usr/bin/mousewarden
    strip --strip-all --remove-section=.comment --remove-section=.note "$tree/usr/bin/mousewarden"
    put 644 $here/mousewarden.service usr/lib/systemd/user/mousewarden.service
    put 644 $here/mousewarden-ended.service usr/lib/systemd/user/mousewarden-ended.service
    put 644 $here/70-mousewarden.rules usr/lib/udev/rules.d/70-mousewarden.rules
    put 755 $here/fetch-onnxruntime.sh usr/lib/mousewarden/fetch-onnxruntime.sh
    put 644 $here/onnxruntime.txt usr/lib/mousewarden/onnxruntime.txt
    local library
    for library in target/lib/mousewarden/libonnxruntime.so.*; do
        [ -e "$library" ] || continue
        put 644 "$library" "usr/lib/mousewarden/$(basename "$library")"
        put 644 target/lib/mousewarden/ThirdPartyNotices.txt \
            usr/share/doc/mousewarden/onnxruntime-third-party-notices.txt
        zip usr/share/doc/mousewarden/onnxruntime-third-party-notices.txt
    done
}

stage_documents() {
    local doc=usr/share/doc/mousewarden page
    put 644 config.example.toml $doc/config.example.toml
    put 644 $here/policy.example.toml $doc/policy.example.toml
    put 644 $here/copyright $doc/copyright
    put 644 README.md $doc/README.md
    put 644 .github/MANUAL.md $doc/MANUAL.md
    put 644 .github/SECURITY.md $doc/SECURITY.md
    put 644 .github/CHANGELOG.md $doc/NEWS.md
    zip $doc/NEWS.md
    put 644 installers/ADMINISTRATORS.md $doc/ADMINISTRATORS.md
    put 644 installers/fleet/events.json $doc/events.json
    put 644 installers/fleet/alerts.yml $doc/examples/alerts.yml
    put 644 installers/fleet/dashboard.json $doc/examples/dashboard.json
    python3 $here/notices.py "$work/notices.txt" "$work/sbom.json"
    put 644 "$work/notices.txt" $doc/third-party-notices.txt
    put 644 "$work/sbom.json" $doc/mousewarden.cdx.json
    zip $doc/third-party-notices.txt
    "$program" manual "$tree/usr/share/man/man1"
    for page in "$tree"/usr/share/man/man1/*.1; do gzip -9n "$page"; done
    mkdir -p "$tree"/usr/share/{bash-completion/completions,zsh/vendor-completions,fish/vendor_completions.d}
    "$program" completions bash >"$tree/usr/share/bash-completion/completions/mousewarden"
    "$program" completions zsh >"$tree/usr/share/zsh/vendor-completions/_mousewarden"
    "$program" completions fish >"$tree/usr/share/fish/vendor_completions.d/mousewarden.fish"
}

# The first section of CHANGELOG.md as lines of a package's changelog, each point on one or more.
changes() {
    awk '/^## /{ if (seen++) exit; next } seen' .github/CHANGELOG.md | tr -d '*`' |
        awk '/^ *#/ { next }
             /^ [A-Za-z0-9"]/ && !/^  / { if (text) print text; text = substr($0, 2); next }
             NF { sub(/^ +/, ""); text = text " " $0 }
             END { if (text) print text }' | sed 's/^ *//'
}

pack_program() {
    cp "$tree/usr/bin/mousewarden" "$out/mousewarden-$version-$(uname -m)"
    printf '%s\n' "$out/mousewarden-$version-$(uname -m)"
}

debian_date() { date -u -R -d "@$SOURCE_DATE_EPOCH"; }

pack_deb() {
    need dpkg-shlibdeps dpkg-dev
    local root=$work/deb doc=usr/share/doc/mousewarden depends
    cp -r "$tree" "$root"
    mkdir -p "$root/DEBIAN" "$work/debian"
    {
        printf 'mousewarden (%s) unstable; urgency=low\n\n' "$version"
        changes | while read -r point; do
            printf '%s\n' "$point" | fold -s -w 74 | sed 's/ *$//; 1s/^/  * /; 2,$s/^/    /'
        done
        printf '\n -- mousewarden <mousewarden@localhost>  %s\n' "$(debian_date)"
    } | gzip -9n >"$root/$doc/changelog.gz"
    printf 'Source: mousewarden\n' >"$work/debian/control"
    depends=$(cd "$work" && dpkg-shlibdeps -O -e"deb/usr/bin/mousewarden" 2>/dev/null |
        sed 's/^shlibs:Depends=//')
    install -D -m 644 $here/lintian-overrides "$root/usr/share/lintian/overrides/mousewarden"
    cat >"$root/DEBIAN/control" <<END
Package: mousewarden
Version: $version
Section: utils
Priority: optional
Architecture: $(dpkg --print-architecture)
Maintainer: mousewarden <mousewarden@localhost>
Depends: ${depends:-libc6}
Recommends: dbus-user-session, notification-daemon
Installed-Size: $(du -sk --exclude=DEBIAN "$root" | cut -f1)
Description: notices when somebody else takes over your mouse
 An agent in your login session that learns how you move the mouse, and
 tells you or locks the screen within seconds when the hand at it is no
 longer yours. It watches movement and the timing of clicks, has no network
 code, and keeps everything in a folder that only you can read.
END
    (cd "$root" && find usr -type f -printf '%P\0' | sort -z | sed -z 's#^#usr/#' |
        xargs -0 md5sum >DEBIAN/md5sums)
    find "$root" -type d -exec chmod 755 {} +
    find "$root" -type f -not -path '*/bin/*' -not -name '*.sh' -exec chmod 644 {} +
    dpkg-deb --build --root-owner-group -Z$squeeze "$root" "$out" >/dev/null
    printf '%s\n' "$out/mousewarden_${version}_$(dpkg --print-architecture).deb"
}

pack_rpm() {
    need rpmbuild rpm
    (cd "$tree" && find . -type d \( -name mousewarden -o -path '*/mousewarden/*' \) -printf '%%dir /%P\n' -o \
        -type f -printf '/%P\n' | sed 's/\.gz$/.gz*/') >"$work/files"
    cat >"$work/mousewarden.spec" <<END
Name: mousewarden
Version: $version
Release: 1
Summary: Notices when somebody else takes over your mouse
License: MIT OR Apache-2.0
Group: Applications/System
Packager: mousewarden <mousewarden@localhost>
# What it requires is read from the program: libraries, by names that are the same everywhere.
AutoProv: no
Recommends: dbus
%define _build_id_links none
%define __os_install_post %{nil}
%description
An agent in your login session that learns how you move the mouse, and
tells you or locks the screen within seconds when the hand at it is no
longer yours. It watches movement and the timing of clicks, has no network
code, and keeps everything in a folder that only you can read.
%install
cp -r $tree/. %{buildroot}
%files -f $work/files
%changelog
* $(LC_ALL=C date -u -d "@$SOURCE_DATE_EPOCH" '+%a %b %d %Y') mousewarden <mousewarden@localhost> - $version-1
$(changes | sed 's/%/%%/g; s/^/- /')
END
    rpmbuild -bb --quiet --define "_topdir $work/rpm" --define "_rpmdir $work/rpms" \
        --buildroot "$work/buildroot" "$work/mousewarden.spec" >&2
    find "$work/rpms" -name '*.rpm' -exec cp {} "$out/" \;
    printf '%s\n' "$out/$(basename "$(find "$work/rpms" -name '*.rpm')")"
}

mkdir -p "$out"
umask 022
stage_program
stage_documents
for kind in "${wanted[@]}"; do "pack_$kind"; done
(cd "$out" && sha256sum -- mousewarden* >SHA256SUMS)
