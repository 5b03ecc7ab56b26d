# Homebrew: `brew install --HEAD --build-from-source installers/macos/mousewarden.rb` in a checkout.
# Written from the manual; not yet built with Homebrew.
class Mousewarden < Formula
  desc "Notices when somebody else takes over your mouse"
  license any_of: ["MIT", "Apache-2.0"]
  head "file://#{File.expand_path("../..", __dir__)}", using: :git, branch: "main"

  depends_on "rust" => :build

  def install
    system "cargo", "install", *std_cargo_args
    system bin/"mousewarden", "manual", "man"
    man1.install Dir["man/*.1"]
    generate_completions_from_executable(bin/"mousewarden", "completions")
  end

  service do
    run [opt_bin/"mousewarden", "run"]
    keep_alive successful_exit: false
    process_type :interactive
  end

  test do
    assert_match version.to_s, shell_output("#{bin}/mousewarden --version") unless head?
    assert_match "[decision]", shell_output("#{bin}/mousewarden config default")
  end
end
