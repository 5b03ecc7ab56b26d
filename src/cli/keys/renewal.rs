//! Making a key, sealing with it what lies in the clear, and replacing it at an enrolment: the old
//! one goes with the last file that it opens.

use std::path::{Path, PathBuf};

use super::OwnerKeys;
use crate::agent::{instance, saved};
use crate::cli::context::Context;
use crate::data::{Store, aside, private, reseal};
use crate::error::{Failure, Result};
use crate::platform::clock;
use crate::sealing::{self, KeptKey, Key, KeyFault, KeyNote, Kind};

/// Under which word files are put aside whose key is gone.
pub(crate) const UNREADABLE: &str = "unreadable";

/// Makes sure that there is a key, and seals what is small; where no key can be kept, files stay in
/// the clear, and the watch goes on.
pub(crate) fn ready(context: &Context) {
    let keys = OwnerKeys::of(&context.paths);
    if keys.note().is_none() && !made(&keys) {
        return;
    }
    seal_all(context, small_files(context));
    if context.policy.fixes_model() {
        open_model(context);
    }
}

/// Writes the enrolled model in the clear where an administrator puts it in force: a copy of theirs
/// must outlive the owner's key.
fn open_model(context: &Context) {
    let path = context.enrolled_model();
    if !matches!(reseal::key_of(&path), Ok(Some(_))) {
        return;
    }
    let opened = sealing::content(&path).and_then(|bytes| {
        private::replace(&path, &bytes).map_err(|error| Failure::io(path.display(), error))
    });
    if let Err(failure) = opened {
        tracing::warn!("{failure}");
    }
}

/// Whether a first key was made.
fn made(keys: &OwnerKeys) -> bool {
    let written = keys.make().and_then(|now| {
        let note = KeyNote { now, former: Vec::new() };
        keys.write(&note).inspect_err(|_| drop(keys.remove(&note.now)))
    });
    written.inspect_err(|failure| tracing::warn!("your files stay in the clear: {failure}")).is_ok()
}

/// Seals recordings in the clear behind the watch's back: there may be many. Not while an enrolment
/// goes on, which does so itself.
pub(crate) fn seal_recordings(context: &Context) {
    if instance::holder(&context.paths.enrol_lock()).is_some() {
        return;
    }
    let own = context.clone();
    let thread = std::thread::Builder::new().name("sealing".into());
    if let Err(error) = thread.spawn(move || seal_all(&own, recordings(&own))) {
        tracing::warn!("recordings stay as they are: {error}");
    }
}

fn seal_all(context: &Context, files: Vec<(PathBuf, Kind)>) {
    seal(context, files);
    clean(context, &OwnerKeys::of(&context.paths));
}

/// The key before an enrolment: what does not open any more is put aside. One that cannot be had at
/// the moment counts as lost where `anew` says so. Whether there was one before: a completed enrolment
/// replaces it.
///
/// # Errors
/// When the key cannot be had at the moment, or a file cannot be put aside.
pub(crate) fn before_enrolment(context: &Context, anew: bool) -> Result<bool> {
    let keys = OwnerKeys::of(&context.paths);
    let Some(note) = keys.note() else {
        ready(context);
        return put_lost_aside(context, anew).map(|()| false);
    };
    let found = note.now.id().map_or(Err(KeyFault::Wrong), sealing::key_of);
    match found {
        Ok(_) => ready(context),
        Err(fault) if fault.is_temporary() && !anew => return Err(fault.of("your files")),
        Err(fault) => {
            eprintln!("The key of your files: {fault}. A new one is made.");
            replace(&keys, note)?;
        }
    }
    put_lost_aside(context, anew).map(|()| true)
}

/// Puts a new key in the place of the one in force, and seals all files with it: copies of what they
/// were do not open with it. Where that fails, the old one stays.
pub(crate) fn renew(context: &Context) {
    let keys = OwnerKeys::of(&context.paths);
    let Some(note) = keys.note() else { return };
    if let Err(failure) = replace(&keys, note) {
        eprintln!("The key of your files stays the old one: {failure}");
        return;
    }
    // From here on both keys open; the old one goes last, so that an end in between loses nothing.
    seal(context, small_files(context));
    seal_all(context, recordings(context));
}

/// Removes keys that nothing needs any more, after files were removed.
///
/// # Errors
/// When a key cannot be removed.
pub(crate) fn forget_unused(context: &Context) -> Result<()> {
    let keys = OwnerKeys::of(&context.paths);
    let Some(note) = keys.note() else { return Ok(()) };
    if all_files(context).iter().any(|(path, _)| path.exists()) {
        clean(context, &keys);
        return Ok(());
    }
    note.former.iter().chain([&note.now]).try_for_each(|kept| keys.remove(kept))?;
    sealing::forget_keys();
    std::fs::remove_file(&keys.note).map_err(|error| Failure::io(keys.note.display(), error))
}

/// Why a file will never open, where its key is lost.
pub(crate) fn lost(path: &Path) -> Option<KeyFault> {
    let id = reseal::key_of(path).ok().flatten()?;
    sealing::key_of(id).err().filter(|fault| !fault.is_temporary())
}

fn replace(keys: &OwnerKeys, note: KeyNote) -> Result<()> {
    let now = keys.make()?;
    let mut former = note.former;
    former.push(note.now);
    let note = KeyNote { now, former };
    keys.write(&note).inspect_err(|_| drop(keys.remove(&note.now)))
}

/// Removes replaced keys that no file is sealed with any more. One that cannot be removed now is
/// tried again with the next start.
fn clean(context: &Context, keys: &OwnerKeys) {
    let Some(note) = keys.note().filter(|note| !note.former.is_empty()) else { return };
    // A running agent may still write a recording that began with the old key.
    let needed: Vec<_> = all_files(context)
        .iter()
        .filter_map(|(path, _)| reseal::key_of(path).ok().flatten())
        .collect();
    let (mut former, gone): (Vec<_>, Vec<_>) = note
        .former
        .into_iter()
        .partition(|kept: &KeptKey| kept.id().is_some_and(|id| needed.contains(&id)));
    for kept in gone {
        if let Err(failure) = keys.remove(&kept) {
            tracing::warn!("{failure}");
            former.push(kept);
        }
    }
    // What was removed opens nothing in this process either.
    sealing::forget_keys();
    if let Err(failure) = keys.write(&KeyNote { now: note.now, former }) {
        tracing::warn!("{failure}");
    }
}

/// Seals these files with the key in force; what fails stays as it is.
fn seal(context: &Context, files: Vec<(PathBuf, Kind)>) {
    let key: Key = match sealing::for_writing() {
        Ok(Some(key)) => key,
        Ok(None) => return,
        Err(error) => return tracing::warn!("{}: {error}", context.paths.data().display()),
    };
    for (path, kind) in files {
        if let Err(failure) = reseal::reseal(&path, kind, &key) {
            tracing::warn!("{failure}");
        }
    }
}

/// The small files that this program seals. A model that an administrator lays elsewhere for all to
/// read stays in the clear.
fn small_files(context: &Context) -> Vec<(PathBuf, Kind)> {
    let store = Store::at(context.paths.data());
    let state = (context.paths.runtime().join(saved::NAME), Kind::Decision);
    let small = reseal::small_files(&store).into_iter().chain([state]);
    // What an administrator puts in force opens for everybody.
    small.filter(|(_, kind)| *kind != Kind::Model || !context.policy.fixes_model()).collect()
}

/// The recordings; those of a running agent are its own to seal.
fn recordings(context: &Context) -> Vec<(PathBuf, Kind)> {
    let store = Store::at(context.paths.data());
    let own = std::process::id().to_string();
    let other = instance::holder(&context.paths.data_lock()).is_some_and(|it| it.pid != own);
    let watched = (!other).then(|| store.watched().recordings());
    recordings_of(&[store.recordings()])
        .into_iter()
        .chain(recordings_of(watched.as_slice()))
        .collect()
}

fn recordings_of(folders: &[PathBuf]) -> Vec<(PathBuf, Kind)> {
    let found = folders.iter().flat_map(|folder| {
        reseal::recordings(folder)
            .inspect_err(|error| tracing::warn!("{}: {error}", folder.display()))
            .unwrap_or_default()
    });
    found.map(|path| (path, Kind::Recording)).collect()
}

fn all_files(context: &Context) -> Vec<(PathBuf, Kind)> {
    let store = Store::at(context.paths.data());
    let folders = [store.recordings(), store.watched().recordings()];
    small_files(context).into_iter().chain(recordings_of(&folders)).collect()
}

/// Puts files aside whose key is lost.
fn put_lost_aside(context: &Context, anew: bool) -> Result<()> {
    for (path, _) in all_files(context) {
        let Some(id) = reseal::key_of(&path).unwrap_or_default() else { continue };
        match sealing::key_of(id) {
            Ok(_) => {}
            Err(fault) if fault.is_temporary() && !anew => {
                return Err(fault.of(&path.display().to_string()));
            }
            Err(fault) => put_aside(&path, &fault)?,
        }
    }
    Ok(())
}

fn put_aside(path: &Path, fault: &KeyFault) -> Result<()> {
    let date = clock::wall().strftime("%Y-%m-%dT%H%M%S").to_string();
    let aside = aside::put_aside(path, UNREADABLE, &date)
        .map_err(|error| Failure::io(path.display(), error))?;
    eprintln!("{}: its key: {fault}; put aside as {}", path.display(), aside.display());
    Ok(())
}
