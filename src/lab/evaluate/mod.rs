//! Evaluation: scores through the exported bundles with the agent's own scorer and detector, and
//! every figure beside baselines that know nothing of the hand. Nothing is trained here, and no
//! threshold is chosen on what is reported.

pub mod results;
