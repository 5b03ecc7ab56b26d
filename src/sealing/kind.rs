//! What sealed files hold.

use std::fmt;

/// What a file holds; one of another kind does not open in its place.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Kind {
    /// The owner's model.
    Model,
    /// A recording.
    Recording,
    /// How the model has adapted.
    Adaptation,
    /// The marks of later movement.
    Movement,
    /// The state of the decision.
    Decision,
}

impl Kind {
    /// All of them.
    pub const ALL: [Self; 5] =
        [Self::Model, Self::Recording, Self::Adaptation, Self::Movement, Self::Decision];

    /// How it stands in a header.
    pub(super) const fn number(self) -> u8 {
        match self {
            Self::Model => 1,
            Self::Recording => 2,
            Self::Adaptation => 3,
            Self::Movement => 4,
            Self::Decision => 5,
        }
    }
}

impl fmt::Display for Kind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Model => "a model",
            Self::Recording => "a recording",
            Self::Adaptation => "adaptations",
            Self::Movement => "marks of movement",
            Self::Decision => "the state of the decision",
        })
    }
}
