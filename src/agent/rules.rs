//! What the owner of an agent may ask of it, as far as an administrator has a say in that.

/// What is allowed; without a policy everything is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Rules {
    /// Whether the owner may pause the agent.
    pub allow_pause: bool,
    /// Whether the owner may stop the agent by its own commands.
    pub allow_stop: bool,
}

impl Default for Rules {
    fn default() -> Self {
        Self { allow_pause: true, allow_stop: true }
    }
}
