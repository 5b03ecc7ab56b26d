//! Readers of public recordings. They only parse: rows become events, rows that cannot are counted
//! by reason. Nothing is sorted, cut or scaled here.

mod dataset;
mod dropped;
mod mapping;
mod presets;
mod rows;
mod time;

pub use dataset::{Dataset, Reading, RecordedSession};
pub use dropped::{BadRow, Dropped, Reason};
pub use mapping::{Code, Layout, Mapping};
pub use presets::Format;
pub use time::TimeUnit;
