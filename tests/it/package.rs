//! The packages as `installers/linux/package.sh` makes them: what is in them, that they are clean,
//! and that they can be installed, run and removed without leaving anything. In a root folder of
//! its own; the machine's own package databases are not touched. And that the recipes for other
//! systems are what their own checkers accept.
#![cfg(target_os = "linux")]

use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use crate::tools::require;

const ROOT: &str = env!("CARGO_MANIFEST_DIR");

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

/// The package of this kind of the program that the tests run, in a folder of its own.
fn package(folder: &Path, kind: &str) -> PathBuf {
    let (program, out) = (env!("CARGO_BIN_EXE_mousewarden"), folder.to_str().unwrap());
    let said =
        says("installers/linux/package.sh", &["--program", program, "--out", out, "--quick", kind]);
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
    require("dpkg-deb", "--version", "dpkg");
    require("dpkg-shlibdeps", "--version", "dpkg-dev");
    require("lintian", "--version", "lintian");
    let folder = tempfile::tempdir().unwrap();
    let package = package(folder.path(), "deb");
    let package = package.to_str().unwrap();
    let contents = says("dpkg-deb", &["--contents", package]);
    for file in [
        "./usr/bin/mousewarden",
        "./usr/lib/systemd/user/mousewarden.service",
        "./usr/lib/systemd/user/mousewarden-ended.service",
        "./usr/lib/udev/rules.d/70-mousewarden.rules",
        "./usr/lib/mousewarden/fetch-onnxruntime.sh",
        "./usr/lib/mousewarden/onnxruntime.txt",
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
    let output = run("lintian", &["--allow-root", "--fail-on", "error,warning", package]);
    let said = String::from_utf8_lossy(&output.stdout).into_owned();
    assert!(output.status.success(), "{said}");
}

#[test]
#[ignore = "needs root: rpm changes its root folder"]
fn the_rpm_can_be_installed_run_and_removed() {
    require("rpmbuild", "--version", "rpm");
    let folder = tempfile::tempdir().unwrap();
    let package = package(folder.path(), "rpm");
    let package = package.to_str().unwrap();
    assert!(says("rpm", &["-K", package]).contains("digests OK"));
    let contents = says("rpm", &["-qlp", package]);
    for file in ["/usr/bin/mousewarden", "/usr/lib/systemd/user/mousewarden.service"] {
        assert!(contents.lines().any(|line| line == file), "{file} is not in\n{contents}");
    }
    // Libraries by what they are called, not by a distribution's package.
    let required = says("rpm", &["-qp", "--requires", package]);
    assert!(required.contains("libX11.so.6"), "{required}");

    let root = folder.path().join("root");
    let place = root.to_str().unwrap();
    let rpm = |arguments: &[&str]| {
        let first = ["--root", place, "--dbpath", "/var/lib/rpm", "--nodeps"];
        says("rpm", &[&first[..], arguments].concat())
    };
    rpm(&["--install", package]);
    assert_eq!(rpm(&["--verify", "mousewarden"]), "");
    let installed = root.join("usr/bin/mousewarden");
    let version = says(installed.to_str().unwrap(), &["--version"]);
    assert_eq!(version.trim(), format!("mousewarden {}", env!("CARGO_PKG_VERSION")));
    rpm(&["--erase", "mousewarden"]);
    let left = says("find", &[place, "-name", "*mousewarden*"]);
    assert_eq!(left, "", "left behind");
}

#[test]
#[ignore = "needs rpmlint"]
fn rpmlint_finds_no_error_in_the_rpm() {
    require("rpmbuild", "--version", "rpm");
    let folder = tempfile::tempdir().unwrap();
    let package = package(folder.path(), "rpm");
    let output = run("rpmlint", &[package.to_str().unwrap()]);
    let said = String::from_utf8_lossy(&output.stdout).into_owned();
    assert!(said.contains("1 packages"), "{said}");
    // The signature is the publisher's affair.
    let errors = said.lines().filter(|line| line.contains(" E: "));
    let errors: Vec<_> = errors.filter(|line| !line.ends_with("no-signature")).collect();
    assert!(errors.is_empty(), "{errors:#?}");
}

#[test]
#[ignore = "needs makepkg and pacman"]
fn makepkg_reads_the_recipe_for_arch() {
    // It refuses to run as root, and wants a folder that it may write.
    let folder = tempfile::tempdir().unwrap();
    let recipe = folder.path().join("PKGBUILD");
    std::fs::copy(Path::new(ROOT).join("installers/linux/PKGBUILD"), recipe).unwrap();
    let mut makepkg = Command::new("makepkg");
    makepkg.arg("--printsrcinfo").current_dir(folder.path());
    if rustix::process::getuid().is_root() {
        std::os::unix::fs::chown(folder.path(), Some(65534), Some(65534)).unwrap();
        std::os::unix::process::CommandExt::uid(&mut makepkg, 65534);
    }
    let output = makepkg.output().unwrap();
    let said = String::from_utf8_lossy(&output.stdout).into_owned();
    assert!(output.status.success(), "{said}{}", String::from_utf8_lossy(&output.stderr));
    assert!(said.contains(&format!("pkgver = {}", env!("CARGO_PKG_VERSION"))), "{said}");
}

#[test]
#[ignore = "needs nix-instantiate"]
fn nix_reads_the_flake() {
    let said = says("nix-instantiate", &["--parse", "installers/linux/flake.nix"]);
    let version = format!("version = \"{}\"", env!("CARGO_PKG_VERSION"));
    assert!(said.contains(&version), "{said}");
}

#[test]
#[ignore = "needs ruby"]
fn ruby_reads_the_formula_for_homebrew() {
    says("ruby", &["-c", "installers/macos/mousewarden.rb"]);
}
