//! Whether a model may be judged on a test at all: what it, or the backbone it came from, has
//! learnt must be absent from it.

use std::path::Path;

use crate::error::{Failure, FailureKind, Result};
use crate::lab::protocol::{Plan, ProtocolUser, Split, WindowRange, count_windows};
use crate::lab::train::identity_of;
use crate::model::{BackboneUsers, Bundle, SeenWindows};
use crate::pipeline::Window;

/// What a model is about to be judged on.
pub(super) struct EvaluationCase<'a> {
    /// The plan, of people as the protocol prepared them.
    pub plan: &'a Plan,
    /// The same people as they were recorded.
    pub recorded: &'a [ProtocolUser],
    /// The owner's part of it.
    pub split: &'a Split,
    /// The dataset's format.
    pub source: &'a str,
}

impl EvaluationCase<'_> {
    /// Says what to know before believing the figures, if anything.
    ///
    /// # Errors
    /// When the model is another person's or cut otherwise, or it or its backbone knows a window of
    /// the test.
    pub(super) fn admit(&self, bundle: &Bundle, path: &Path) -> Result<Option<String>> {
        let provenance = &bundle.provenance;
        let user = &self.plan.people[self.split.owner].id;
        if provenance.subject != *user {
            let what = format!(
                "model {} is that of {:?}, not of {user:?}",
                path.display(),
                provenance.subject
            );
            return Err(Failure::new(FailureKind::Data, what).remedy(RETRAIN));
        }
        let known = self.known(&provenance.seen_windows);
        if known > 0 {
            let what = format!(
                "model {} has learnt from {known} windows that protocol {} tests it on",
                path.display(),
                self.plan.protocol.name
            );
            return Err(Failure::new(FailureKind::Data, what).remedy(RETRAIN));
        }
        if let Some(people) = &provenance.backbone_users {
            self.admit_backbone(people, path, &provenance.backbone)?;
        }
        let silent = provenance.seen_windows.is_empty();
        Ok(silent.then(|| {
            format!(
                "The model of {user} is of an older version and does not tell what it has learnt \
                 from: nobody can say whether it knows the test."
            )
        }))
    }

    /// Refuses a backbone that knows people of the test, before or after a model is made of it.
    ///
    /// # Errors
    /// When it knows some.
    pub(super) fn admit_backbone(
        &self,
        people: &BackboneUsers,
        path: &Path,
        backbone: &str,
    ) -> Result<()> {
        let met = self.known(&people.windows);
        let told = !people.windows.is_empty();
        if met > 0 || (!told && people.source == self.source) {
            return Err(self.backbone_knows(path, backbone));
        }
        Ok(())
    }

    /// Windows of the test, by which measuring takes its time.
    pub(super) fn windows(&self) -> usize {
        let Split { genuine, impostor, .. } = self.split;
        count_windows(&genuine.test) + count_windows(&impostor.test)
    }

    /// Whether the model has learnt from what should set thresholds.
    pub(super) fn knows_calibration(&self, bundle: &Bundle) -> bool {
        let seen = &bundle.provenance.seen_windows;
        let Split { genuine, impostor, .. } = self.split;
        let stretches = genuine.calibration.iter().chain(&impostor.calibration);
        stretches.flat_map(|s| self.plan.windows(s)).any(|w| seen.contains(&identity_of(w)))
    }

    /// Windows of the test sessions that are among these, as prepared or as recorded.
    fn known(&self, seen: &SeenWindows) -> usize {
        if seen.is_empty() {
            return 0;
        }
        let Split { genuine, impostor, .. } = self.split;
        genuine
            .test
            .iter()
            .chain(&impostor.test)
            .map(|stretch| {
                let prepared = self.plan.windows(stretch);
                let recorded = self.recorded_session(stretch);
                seen_among(seen, prepared).max(seen_among(seen, recorded))
            })
            .sum()
    }

    fn recorded_session(&self, stretch: &WindowRange) -> &[Window] {
        let person = &self.recorded[stretch.person];
        let sessions = if stretch.claim { &person.claims } else { &person.sessions };
        &sessions[stretch.session].windows
    }

    fn backbone_knows(&self, path: &Path, backbone: &str) -> Failure {
        let what = format!(
            "model {} has the backbone {backbone:?}, which has learnt from people that protocol {} tests it \
             with",
            path.display(),
            self.plan.protocol.name
        );
        let protocol = &self.plan.protocol;
        let without_them = match protocol.reserved() {
            Ok(_) => format!(
                "of the people whom the protocol reserves for it (in the source: `cargo run --release \
                 -p mousewarden-rig -- pretrain FOLDER --format {} --protocol {} --out BACKBONE`)",
                self.source, protocol.name
            ),
            Err(_) => "of another dataset's people (in the source: `cargo run --release -p \
                       mousewarden-rig -- pretrain OTHER --format F --out BACKBONE`)"
                .into(),
        };
        Failure::new(FailureKind::Data, what).remedy(format!(
            "Train into another --models with `--backbone onnx/benchmark.onnx` of the source, which knows \
             48 people of SapiMouse and nobody else, or with `--backbone random`; or make a backbone \
             {without_them}."
        ))
    }
}

/// How many of these windows a model has seen.
fn seen_among(seen: &SeenWindows, windows: &[Window]) -> usize {
    windows.iter().filter(|window| seen.contains(&identity_of(window))).count()
}

const RETRAIN: &str = "Train it on the protocol's training part alone: `mousewarden train FOLDER \
     --format F --all-users --protocol NAME --out DIR`, or `evaluate --train`.";
