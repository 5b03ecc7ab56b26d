//! Copies a table of sessions with a name behind each row: every row in its order, every field as
//! it was written.

use std::collections::BTreeMap;
use std::io::{BufRead, BufReader, BufWriter, Read};
use std::path::Path;

use csv::{ByteRecord, ReaderBuilder, Writer, WriterBuilder};
use tempfile::NamedTempFile;

use super::formats::spellings;
use crate::error::{Failure, FailureKind, Result};
use crate::files;

/// A header longer than this is none, bytes.
const HEADER_MAX: u64 = 64 * 1024;
const SESSION: &str = "session_id";
const USER: &str = "user_id";
const PROBABILITY: &str = "probability";

/// Whom a session is given to, by its id: a user, and the probability of it.
pub(crate) type Names = BTreeMap<String, (String, f32)>;

/// What was copied.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Copied {
    /// Rows, the header not counted.
    pub rows: u64,
    /// Rows whose session has no name; their user is empty.
    pub nameless: u64,
}

/// Writes `out` as a copy of the table `from`, with the user of each row's session in the column
/// `user_id`: in its place if the table has one, behind `session_id` otherwise; and, if asked for,
/// its probability in a last column. The file is whole or not there, readable by its owner only.
///
/// # Errors
/// When the table cannot be read, has no column `session_id`, or the disk refuses.
pub(crate) fn relabel(
    from: &Path,
    out: &Path,
    names: &Names,
    with_probability: bool,
) -> Result<Copied> {
    let failed = |e: csv::Error| csv_failure(from, e);
    let file = files::open(from).map_err(|e| Failure::io(from.display(), e))?;
    let separator = separator(from)?;
    let mut reader = ReaderBuilder::new().flexible(true).delimiter(separator).from_reader(file);
    let header = reader.byte_headers().map_err(failed)?.clone();
    let places = Places::of(from, &header)?;
    let mut target = new_file(out)?;
    let buffer = BufWriter::new(target.as_file_mut());
    let mut writer = WriterBuilder::new().flexible(true).delimiter(separator).from_writer(buffer);
    let extra = with_probability.then_some(PROBABILITY.as_bytes());
    write(out, &mut writer, &places.labelled(&header, USER.as_bytes(), extra))?;
    let mut row = ByteRecord::new();
    let mut copied = Copied { rows: 0, nameless: 0 };
    while reader.read_byte_record(&mut row).map_err(failed)? {
        let session = row.get(places.session).unwrap_or_default();
        let named = spellings(session).find_map(|session| names.get(&session));
        let user = named.map_or("", |(user, _)| user.as_str());
        let share = named.map_or(String::new(), |(_, p)| format!("{p:.4}"));
        let extra = with_probability.then_some(share.as_bytes());
        write(out, &mut writer, &places.labelled(&row, user.as_bytes(), extra))?;
        copied.rows += 1;
        copied.nameless += u64::from(named.is_none());
    }
    writer.flush().map_err(|e| Failure::io(format!("writing {}", out.display()), e))?;
    drop(writer);
    let kept = target.as_file().sync_all().and_then(|()| target.persist(out).map_err(|e| e.error));
    kept.map_err(|e| Failure::io(format!("writing {}", out.display()), e))?;
    Ok(copied)
}

fn write(out: &Path, writer: &mut Writer<impl std::io::Write>, record: &ByteRecord) -> Result<()> {
    writer.write_byte_record(record).map_err(|e| csv_failure(out, e))
}

/// Where the columns stand.
#[derive(Debug, Clone, Copy)]
struct Places {
    session: usize,
    user: Option<usize>,
}

impl Places {
    fn of(from: &Path, header: &ByteRecord) -> Result<Self> {
        let session = find(header, SESSION).ok_or_else(|| {
            let what = format!("{}: no column {SESSION:?}", from.display());
            Failure::new(FailureKind::Data, what)
                .remedy("Leave --out away: the sessions are printed for any format.")
        })?;
        Ok(Self { session, user: find(header, USER) })
    }

    /// The record with this user, and the extra field behind all others.
    fn labelled(self, record: &ByteRecord, user: &[u8], extra: Option<&[u8]>) -> ByteRecord {
        let mut labelled =
            ByteRecord::with_capacity(record.as_slice().len() + 32, record.len() + 2);
        for (place, field) in record.iter().enumerate() {
            labelled.push_field(if self.user == Some(place) { user } else { field });
            if self.user.is_none() && place == self.session {
                labelled.push_field(user);
            }
        }
        extra.into_iter().for_each(|field| labelled.push_field(field));
        labelled
    }
}

fn find(header: &ByteRecord, name: &str) -> Option<usize> {
    header.iter().position(|field| bare(field) == name)
}

/// A name of a column, as it is compared.
fn bare(field: &[u8]) -> String {
    let text = String::from_utf8_lossy(field).to_lowercase();
    text.trim_start_matches('\u{feff}').trim().to_owned()
}

/// Whichever of comma, semicolon and tab the header has most of.
fn separator(from: &Path) -> Result<u8> {
    let mut header = Vec::new();
    let file = files::open(from).map_err(|e| Failure::io(from.display(), e))?;
    let read = BufReader::new(file).take(HEADER_MAX).read_until(b'\n', &mut header);
    read.map_err(|e| Failure::io(from.display(), e))?;
    Ok([b'\t', b';', b',']
        .into_iter()
        .max_by_key(|separator| header.iter().filter(|byte| *byte == separator).count())
        .unwrap_or(b','))
}

fn new_file(out: &Path) -> Result<NamedTempFile> {
    let folder = out.parent().filter(|parent| !parent.as_os_str().is_empty());
    NamedTempFile::new_in(folder.unwrap_or(Path::new(".")))
        .map_err(|e| Failure::io(format!("writing {}", out.display()), e))
}

fn csv_failure(path: &Path, error: csv::Error) -> Failure {
    Failure::io(format!("table {}", path.display()), std::io::Error::other(error))
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::*;

    fn names() -> Names {
        BTreeMap::from([("s1".into(), ("-2416201411472988629".into(), 0.912_34))])
    }

    fn copy(text: &str, with_probability: bool) -> (String, Copied) {
        let folder = tempfile::tempdir().unwrap();
        let (from, out) = (folder.path().join("in.csv"), folder.path().join("out.csv"));
        fs::write(&from, text).unwrap();
        let copied = relabel(&from, &out, &names(), with_probability).unwrap();
        (fs::read_to_string(out).unwrap(), copied)
    }

    #[test]
    fn every_row_is_kept_in_its_order_with_its_fields_as_they_were() {
        let text = "uid,session_id,timestamp\nb,s1,07\na,s2,\"x,y\"\nc,s1,1.50\n";
        let (found, copied) = copy(text, false);
        let expected = "uid,session_id,user_id,timestamp\nb,s1,-2416201411472988629,07\n\
                        a,s2,,\"x,y\"\nc,s1,-2416201411472988629,1.50\n";
        assert_eq!(found, expected);
        assert_eq!(copied, Copied { rows: 3, nameless: 1 });
    }

    #[test]
    fn a_user_column_keeps_its_place_and_the_probability_comes_last() {
        let (found, _) = copy("user_id,session_id,x\nme,s1,1\n", true);
        let expected = "user_id,session_id,x,probability\n-2416201411472988629,s1,1,0.9123\n";
        assert_eq!(found, expected);
    }

    #[test]
    fn semicolons_stay_and_a_short_row_is_copied_as_it_is() {
        let (found, copied) = copy("session_id;x;y\ns1;1;2\ns1\n", false);
        let user = "-2416201411472988629";
        assert_eq!(found, format!("session_id;user_id;x;y\ns1;{user};1;2\ns1;{user}\n"));
        assert_eq!(copied.rows, 2);
    }

    #[test]
    fn a_table_without_sessions_is_refused_and_nothing_is_left_behind() {
        let folder = tempfile::tempdir().unwrap();
        let (from, out) = (folder.path().join("in.csv"), folder.path().join("out.csv"));
        fs::write(&from, "a,b\n1,2\n").unwrap();
        let refused = relabel(&from, &out, &names(), false).unwrap_err().to_string();
        assert!(refused.contains("session_id") && !out.exists(), "{refused}");
    }
}
