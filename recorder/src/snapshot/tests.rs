use std::fs;
use std::os::unix::fs::symlink;
use std::path::{Path, PathBuf};

use crossbeam_channel::Receiver;
use tempfile::TempDir;

use super::*;
use crate::event::Batch;

/// A scratch folder, and a snapshot of what is looked up in it.
struct Scene {
    scratch: TempDir,
    folder: PathBuf,
    snapshot: Snapshot,
    producer: Producer,
    batches: Receiver<Batch>,
}

impl Scene {
    fn new(level: Level) -> Self {
        let scratch = TempDir::new().expect("a scratch folder");
        let folder = scratch.path().canonicalize().expect("it is there");
        let (producer, batches) = Producer::detached();
        let snapshot = Snapshot::new(level, 1 << 20).expect("it stores something");
        Self { scratch, folder, snapshot, producer, batches }
    }

    fn at(&self, name: &str) -> PathBuf {
        self.folder.join(name)
    }

    fn walk(&mut self, path: &Path, needs_content: bool) {
        let how = Use { needs_content, needs_entry: false, id: 1 };
        self.snapshot.walk(&Place::top(), path.as_os_str().as_bytes(), how, &mut self.producer);
    }

    /// The files that were noted beneath the folder, and how many contents were stored.
    fn end(self) -> (Vec<(String, FileEvent)>, usize) {
        self.producer.finish();
        let events: Vec<_> = self.batches.iter().flat_map(|batch| batch.events).collect();
        let contents = events.iter().filter(|event| matches!(event, Event::Content(_))).count();
        let files = events.into_iter().filter_map(|event| match event {
            Event::File(file) => Some(*file),
            _ => None,
        });
        let folder = self.folder.as_os_str().as_bytes();
        let files = files.filter_map(|file| {
            let below = file.path.strip_prefix(folder)?.strip_prefix(b"/")?;
            Some((String::from_utf8_lossy(below).into_owned(), file.clone()))
        });
        let files = files.collect();
        drop(self.scratch);
        (files, contents)
    }
}

fn names(files: &[(String, FileEvent)]) -> Vec<&str> {
    files.iter().map(|(name, _)| name.as_str()).collect()
}

#[test]
fn every_name_on_the_way_is_noted_once() {
    let mut scene = Scene::new(Level::Full);
    fs::create_dir_all(scene.at("a/b")).unwrap();
    fs::write(scene.at("a/b/file"), "x").unwrap();
    symlink("a/b", scene.at("link")).unwrap();
    let path = scene.at("link/../b/./file");
    scene.walk(&path, true);
    scene.walk(&path, true);
    let (files, contents) = scene.end();
    assert_eq!(names(&files), ["link", "a", "a/b", "a/b/file"]);
    assert_eq!(files[0].1.target.as_deref(), Some(&b"a/b"[..]));
    assert_eq!(contents, 1);
}

#[test]
fn what_the_program_makes_is_not_noted() {
    let mut scene = Scene::new(Level::Full);
    scene.walk(&scene.at("new"), true);
    fs::create_dir(scene.at("new")).unwrap();
    scene.walk(&scene.at("new/file"), true);
    fs::write(scene.at("new/file"), "x").unwrap();
    scene.walk(&scene.at("new/file"), true);
    let (files, contents) = scene.end();
    assert_eq!((names(&files), contents), (vec![], 0));
}

#[test]
fn what_is_in_a_renamed_directory_is_noted_where_it_was() {
    let mut scene = Scene::new(Level::Full);
    fs::create_dir_all(scene.at("old/sub")).unwrap();
    fs::write(scene.at("old/sub/file"), "x").unwrap();
    for name in ["old", "new"] {
        scene.walk(&scene.at(name), true);
    }
    fs::rename(scene.at("old"), scene.at("new")).unwrap();
    scene.walk(&scene.at("new/sub/file"), true);
    let (files, _) = scene.end();
    assert_eq!(names(&files), ["old", "old/sub", "old/sub/file"]);
}

#[test]
fn a_content_comes_later_if_it_was_not_needed_at_first() {
    let mut scene = Scene::new(Level::Read);
    for name in ["a", "b"] {
        fs::write(scene.at(name), "the same").unwrap();
        scene.walk(&scene.at(name), false);
    }
    for name in ["a", "b", "a"] {
        scene.walk(&scene.at(name), true);
    }
    let (files, contents) = scene.end();
    assert_eq!(names(&files), ["a", "b", "a", "b"]);
    assert!(files[1].1.content.is_none() && files[2].1.content.is_some());
    assert_eq!(files[2].1.content, files[3].1.content);
    assert_eq!(contents, 1, "equal contents are stored once");
}

#[test]
fn a_file_that_took_the_place_of_another_gives_it_no_content() {
    let mut scene = Scene::new(Level::Read);
    fs::write(scene.at("a"), "first").unwrap();
    scene.walk(&scene.at("a"), false);
    fs::write(scene.at("b"), "second").unwrap();
    fs::rename(scene.at("b"), scene.at("a")).unwrap();
    scene.walk(&scene.at("a"), true);
    let (files, contents) = scene.end();
    assert_eq!((names(&files), contents), (vec!["a"], 0));
}

#[test]
fn a_listed_directory_has_all_its_entries_noted() {
    let mut scene = Scene::new(Level::Full);
    fs::create_dir(scene.at("d")).unwrap();
    fs::write(scene.at("d/a"), "x").unwrap();
    symlink("a", scene.at("d/b")).unwrap();
    let folder = scene.at("d");
    scene.snapshot.list(folder.as_os_str().as_bytes(), 1, &mut scene.producer);
    fs::write(scene.at("d/c"), "x").unwrap();
    scene.snapshot.list(folder.as_os_str().as_bytes(), 2, &mut scene.producer);
    let (mut files, contents) = scene.end();
    files.sort_by(|a, b| a.0.cmp(&b.0));
    assert_eq!((names(&files), contents), (vec!["d", "d/a", "d/b"], 0));
}

#[test]
fn a_content_that_is_too_large_is_counted_and_said() {
    let mut scene = Scene::new(Level::Full);
    fs::write(scene.at("large"), vec![1; (1 << 20) + 4096]).unwrap();
    fs::write(scene.at("small"), "x").unwrap();
    for name in ["large", "small"] {
        scene.walk(&scene.at(name), true);
    }
    let notes = scene.snapshot.totals.notes();
    assert!(notes[0].starts_with("1 content of files is not in the snapshot: larger"), "{notes:?}");
    let (files, contents) = scene.end();
    assert!(files[0].1.note.is_some() && files[0].1.content.is_none());
    assert_eq!((names(&files), contents), (vec!["large", "small"], 1));
}

#[test]
fn the_kernels_files_are_not_looked_into() {
    for path in ["/proc/1/maps", "/sys", "/dev/null", "/dev/pts/0"] {
        assert!(walk::is_kernels(path.as_bytes()), "{path}");
    }
    for path in ["/dev", "/dev/shm", "/dev/shm/a", "/process", "/home/proc"] {
        assert!(!walk::is_kernels(path.as_bytes()), "{path}");
    }
}
