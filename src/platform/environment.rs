//! The one place that changes this process's environment.

/// Tells ONNX Runtime not to send usage data, for builds that would: from 1.29 on they do so while
/// they start, before any setting of theirs can be reached. Must be the first statement of `main`.
pub fn silence_onnx_runtime() {
    // SAFETY: changing the environment races with other threads that read it; as the first
    // statement of `main` this runs before there is a second thread.
    unsafe { std::env::set_var("ORT_DISABLE_TELEMETRY", "1") };
}
