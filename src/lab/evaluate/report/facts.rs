//! What exactly was done: splits, models, rules, versions; and how to read the report.

use crate::lab::evaluate::results::{OwnerSplit, PartFacts, ProtocolRun, Results, SplitFacts};
use crate::lab::plot::page::{PageBlock, Section};
use crate::lab::plot::short_id;

/// What the words of the report mean.
pub(super) fn reading() -> Section {
    Section::new("How to read this").with(PageBlock::List(
        [
            "A window is one movement of the hand, from one pause of the mouse to the next. Scores \
             run from 0 (an impostor) to 1 (the owner).",
            "A false acceptance is an impostor taken for the owner; its rate is the FAR. A false \
             rejection is the owner taken for an impostor; its rate is the FRR.",
            "A threshold trades one for the other. At the equal error rate (EER) both are alike: \
             50 % is guessing, 0 % is perfect. The AUC is the chance that an owner's score lies \
             above an impostor's: 0.5 is guessing, 1 is perfect.",
            "Intervals in brackets say how far the figure could be off had other people been \
             measured. They are wide when few people were.",
        ]
        .map(str::to_owned)
        .to_vec(),
    ))
}

/// Splits, models and rules of a run.
pub(super) fn section(run: &ProtocolRun) -> Section {
    let mut section = Section::new(format!("What was done, {}", run.protocol.name));
    for split in &run.splits {
        section = section.with_all(split_blocks(split));
    }
    let head =
        ["model of", "seed", "file", "SHA-256", "backbone", "learnt against", "windows judged"];
    let rows = run.models.iter().map(|model| {
        vec![
            model.user.clone(),
            model.seed.to_string(),
            model.file.clone(),
            model.sha256.chars().take(16).collect(),
            model.backbone.clone(),
            model.impostor_source.clone(),
            model.group.to_string(),
        ]
    });
    section
        .with(PageBlock::Heading("Models".into()))
        .with(PageBlock::Table(head.map(str::to_owned).to_vec(), rows.collect()))
        .with(PageBlock::Verbatim(
            format!("Rules of {} (SHA-256 {})", run.protocol.name, run.protocol.sha256),
            run.protocol.text.clone(),
        ))
}

fn split_blocks(split: &SplitFacts) -> Vec<PageBlock> {
    let head = ["owner", "own sessions", "own windows", "impostors", "their windows"];
    let mut blocks = vec![
        PageBlock::Heading(format!("Split with seed {}", split.seed)),
        PageBlock::Small(format!("Training / calibration / test. SHA-256 {}", split.sha256)),
        PageBlock::Table(
            head.map(str::to_owned).to_vec(),
            split
                .owners
                .iter()
                .map(|owner| {
                    vec![
                        owner.user.clone(),
                        counts(&owner.genuine).join(" / "),
                        windows(&owner.genuine).join(" / "),
                        counts(&owner.impostor).join(" / "),
                        windows(&owner.impostor).join(" / "),
                    ]
                })
                .collect(),
        ),
    ];
    if !split.left_out.is_empty() {
        let left_out = split.left_out.iter().map(|(user, why)| format!("{user}: {why}"));
        blocks.push(PageBlock::Small("Users who are no owners:".into()));
        blocks.push(PageBlock::List(left_out.collect()));
    }
    let names = split.owners.iter().map(names).collect::<Vec<_>>().join("\n\n");
    blocks.push(PageBlock::Verbatim(format!("Who is where, seed {}", split.seed), names));
    blocks
}

fn windows(parts: &[PartFacts; 3]) -> [String; 3] {
    parts.each_ref().map(|p| p.windows.to_string())
}

fn counts(parts: &[PartFacts; 3]) -> [String; 3] {
    parts.each_ref().map(|p| p.names.len().to_string())
}

fn names(owner: &OwnerSplit) -> String {
    let own = part_names("own sessions", &owner.genuine);
    format!("{}\n{own}\n{}", owner.user, part_names("impostors", &owner.impostor))
}

fn part_names(what: &str, parts: &[PartFacts; 3]) -> String {
    let parts = ["training", "calibration", "test"].into_iter().zip(parts);
    parts
        .map(|(part, facts)| {
            let names: Vec<_> = facts.names.iter().map(|name| short_id(name, 40)).collect();
            format!("  {what}, {part}: {}", names.join(", "))
        })
        .collect::<Vec<_>>()
        .join("\n")
}

/// What made the results.
pub(super) fn made_of(results: &Results) -> Section {
    let data = &results.dataset;
    let cut = &results.windows;
    Section::new("Made of").with(PageBlock::List(vec![
        format!("made by {}", results.made_by),
        format!("scored by {}", results.scorer),
        format!(
            "{} recordings: {} users, {} sessions, {} windows",
            data.format, data.users, data.sessions, data.windows
        ),
        format!(
            "windows end at pauses of {} ms, have {} to {} steps, positions closer than {} ms are \
             thinned out",
            cut.pause_ms, cut.min_steps, cut.max_steps, cut.thin_ms
        ),
        format!("{} draws of every bootstrap", results.draws),
        format!("results of version {}", results.version),
    ]))
}
