//! The commands in the groups in which `--help` shows them.

use clap::Command;

use super::output;

/// Headings, and the commands below each.
const GROUPS: [(&str, &[&str]); 4] = [
    (
        "Every day",
        &[
            "run",
            "enroll",
            "status",
            "watch",
            "report",
            "pause",
            "resume",
            "stop",
            "adaptation",
            "devices",
        ],
    ),
    ("Setting up", &["doctor", "service", "config", "completions"]),
    ("What is stored about you", &["privacy", "export", "purge"]),
    (
        "Laboratory and many machines",
        &["replay", "inspect", "train", "evaluate", "identify", "explore", "preprocess", "fleet"],
    ),
];

/// The command whose help shows its commands in groups.
pub(super) fn grouped(command: Command) -> Command {
    let text = listed(&command);
    let template = format!(
        "{{about-with-newline}}\n{{usage-heading}} {{usage}}\n\n{text}Options:\n{{options}}\n\n\
         mousewarden COMMAND --help tells more of one."
    );
    command.help_template(template).disable_help_subcommand(false)
}

fn listed(command: &Command) -> String {
    let mut text = String::new();
    for (heading, names) in GROUPS {
        text += &format!("{heading}:\n");
        for name in names {
            // What this build leaves out is not there.
            let Some(found) = command.find_subcommand(name) else { continue };
            let about = found.get_about().map(ToString::to_string).unwrap_or_default();
            text += &format!("  {name:<12} {about}\n");
        }
        text.push('\n');
    }
    output::hung(&text, output::columns())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cli::Cli;
    use clap::CommandFactory;

    #[test]
    fn every_command_that_is_shown_stands_in_one_group() {
        let command = Cli::command();
        let shown = command.get_subcommands().filter(|command| !command.is_hide_set());
        for name in shown.map(Command::get_name) {
            let groups = GROUPS.iter().filter(|(_, names)| names.contains(&name)).count();
            assert_eq!(groups, 1, "{name}");
        }
        let help = grouped(Cli::command()).render_help().to_string();
        assert!(help.contains("Every day:\n  run ") && help.contains("--enroll"), "{help}");
        let listed = listed(&Cli::command());
        assert!(listed.lines().all(|line| line.chars().count() <= 90), "{listed}");
    }
}
