//! The Debian package as `installers/linux/package.sh` makes it: what is in it, that it is clean,
//! and that it can be installed, run and removed without leaving anything. In a root folder of its
//! own; the machine's own package database is not touched.
#![cfg(target_os = "linux")]
#![allow(clippy::unwrap_used, reason = "a test that cannot go on fails")]

use std::path::{Path, PathBuf};
use std::process::{Command, Output};

const ROOT: &str = env!("CARGO_MANIFEST_DIR");

/// The first line says what is missing and how to get it.
fn missing(tools: &[(&str, &str)]) -> bool {
    let lacks = |tool: &str| Command::new(tool).arg("--version").output().is_err();
    let missing: Vec<_> = tools.iter().filter(|(tool, _)| lacks(tool)).collect();
    for (tool, package) in &missing {
        eprintln!("skipped: {tool} is missing (apt-get install {package})");
    }
    !missing.is_empty()
}

fn run(program: &str, arguments: &[&str]) -> Output {
    Command::new(program).args(arguments).current_dir(ROOT).output().unwrap()
}

fn says(program: &str, arguments: &[&str]) -> String {
    let output = run(program, arguments);
    let talk = String::from_utf8_lossy(&output.stderr).into_owned();
    let said = String::from_utf8_lossy(&output.stdout).into_owned();
    assert!(output.status.success(), "{program} {arguments:?}: {talk}{said}");
    said
}

/// The package of the program that the tests run, in a folder of its own.
fn package(folder: &Path) -> PathBuf {
    let (program, out) = (env!("CARGO_BIN_EXE_mousewarden"), folder.to_str().unwrap());
    let said = says(
        "installers/linux/package.sh",
        &["--program", program, "--out", out, "--quick", "deb"],
    );
    PathBuf::from(said.lines().last().unwrap())
}

fn files_below(folder: &Path) -> Vec<String> {
    let said = says(
        "find",
        &[
            folder.to_str().unwrap(),
            "-path",
            "*/var/lib/dpkg",
            "-prune",
            "-o",
            "-not",
            "-type",
            "d",
            "-printf",
            "%P\n",
        ],
    );
    said.lines().map(str::to_owned).collect()
}

#[test]
fn the_package_is_clean_and_can_be_installed_run_and_removed() {
    if missing(&[("dpkg-deb", "dpkg"), ("dpkg-shlibdeps", "dpkg-dev"), ("python3", "python3")]) {
        return;
    }
    let folder = tempfile::tempdir().unwrap();
    let package = package(folder.path());
    let package = package.to_str().unwrap();
    let contents = says("dpkg-deb", &["--contents", package]);
    for file in [
        "./usr/bin/mousewarden",
        "./usr/lib/systemd/user/mousewarden.service",
        "./usr/lib/udev/rules.d/70-mousewarden.rules",
        "./usr/share/man/man1/mousewarden.1.gz",
        "./usr/share/man/man1/mousewarden-service-install.1.gz",
        "./usr/share/bash-completion/completions/mousewarden",
        "./usr/share/zsh/vendor-completions/_mousewarden",
        "./usr/share/fish/vendor_completions.d/mousewarden.fish",
        "./usr/share/doc/mousewarden/third-party-notices.txt.gz",
        "./usr/share/doc/mousewarden/mousewarden.cdx.json",
    ] {
        assert!(contents.contains(file), "{file} is not in\n{contents}");
    }
    lintian(package);

    let root = folder.path().join("root");
    let dpkg = |arguments: &[&str]| {
        let root = format!("--root={}", root.display());
        let mut all = vec![root.as_str(), "--force-depends", "--force-not-root"];
        all.extend(["--force-script-chrootless", "--log=/dev/null"]);
        all.extend(arguments);
        says("dpkg", &all)
    };
    for name in ["var/lib/dpkg/updates", "var/lib/dpkg/info", "var/lib/dpkg/triggers"] {
        std::fs::create_dir_all(root.join(name)).unwrap();
    }
    std::fs::write(root.join("var/lib/dpkg/status"), "").unwrap();
    dpkg(&["--install", package]);
    let installed = root.join("usr/bin/mousewarden");
    let version = says(installed.to_str().unwrap(), &["--version"]);
    assert_eq!(version.trim(), format!("mousewarden {}", env!("CARGO_PKG_VERSION")));
    says(installed.to_str().unwrap(), &["config", "default"]);
    dpkg(&["--purge", "mousewarden"]);
    assert_eq!(files_below(&root), [""; 0], "left behind");
}

fn lintian(package: &str) {
    if missing(&[("lintian", "lintian")]) {
        return;
    }
    let output = run("lintian", &["--allow-root", "--fail-on", "error,warning", package]);
    let said = String::from_utf8_lossy(&output.stdout).into_owned();
    assert!(output.status.success(), "{said}");
}
