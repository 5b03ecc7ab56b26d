# Nix: `nix build path:.?dir=installers/linux` in a checkout. Written from the manual; not yet built
# with Nix.
{
  description = "Notices when somebody else takes over your mouse";

  inputs.nixpkgs.url = "nixpkgs";

  outputs = { self, nixpkgs }:
    let
      systems = [ "x86_64-linux" "aarch64-linux" ];
      each = f: nixpkgs.lib.genAttrs systems (system: f nixpkgs.legacyPackages.${system});
    in {
      packages = each (pkgs: {
        default = pkgs.rustPlatform.buildRustPackage {
          pname = "mousewarden";
          version = "0.1.0";
          src = ../..;
          cargoLock.lockFile = ../../Cargo.lock;
          nativeBuildInputs = [ pkgs.pkg-config pkgs.installShellFiles ];
          buildInputs = [ pkgs.xorg.libX11 pkgs.xorg.libXtst pkgs.xorg.libXi ];
          # The tests bring up X servers and buses, which a sandbox lacks.
          doCheck = false;
          postInstall = ''
            install -Dm644 installers/linux/mousewarden.service $out/lib/systemd/user/mousewarden.service
            install -Dm644 installers/linux/mousewarden-ended.service $out/lib/systemd/user/mousewarden-ended.service
            substituteInPlace $out/lib/systemd/user/mousewarden.service --replace-fail /usr/bin $out/bin
            install -Dm644 installers/linux/70-mousewarden.rules $out/lib/udev/rules.d/70-mousewarden.rules
            $out/bin/mousewarden manual man && installManPage man/*.1
            for shell in bash zsh fish; do
              $out/bin/mousewarden completions $shell > mousewarden.$shell
              installShellCompletion --cmd mousewarden --$shell mousewarden.$shell
            done
          '';
          meta.license = [ pkgs.lib.licenses.mit pkgs.lib.licenses.asl20 ];
        };
      });
    };
}
