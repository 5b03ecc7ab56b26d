//! The split as results keep it: names and counts only.

use super::results::{OwnerSplit, PartFacts, ProtocolFacts, SplitFacts};
use crate::lab::protocol::{ByPart, Plan, Protocol, WindowRange};

/// The rules as results keep them.
pub(super) fn protocol_facts(protocol: &Protocol) -> ProtocolFacts {
    ProtocolFacts {
        name: protocol.name.clone(),
        about: protocol.about.clone(),
        sha256: protocol.sha256(),
        text: protocol.text().to_owned(),
    }
}

/// A plan as results keep it.
pub(crate) fn split_facts(plan: &Plan) -> SplitFacts {
    SplitFacts {
        seed: plan.seed,
        sha256: plan.sha256.clone(),
        owners: plan
            .splits
            .iter()
            .map(|split| OwnerSplit {
                user: plan.people[split.owner].id.clone(),
                genuine: parts(&split.genuine, |stretch| plan.session(stretch).id.clone()),
                impostor: parts(&split.impostor, |stretch| plan.people[stretch.person].id.clone()),
            })
            .collect(),
        left_out: plan.left_out.iter().map(|one| (one.user.clone(), one.why.clone())).collect(),
    }
}

fn parts(
    parts: &ByPart<Vec<WindowRange>>,
    name: impl Fn(&WindowRange) -> String,
) -> [PartFacts; 3] {
    parts.named().map(|(_, stretches)| {
        let mut names: Vec<String> = stretches.iter().map(&name).collect();
        names.dedup();
        PartFacts { names, windows: stretches.iter().map(|stretch| stretch.windows.len()).sum() }
    })
}
