//! Finds out from the times of files whether Cargo must be called. Cargo lists the files that a
//! program was made from in a file beside it, for tools like this.

use std::fs::{self, File};
use std::io;
use std::path::{Path, PathBuf};
use std::time::SystemTime;

/// A program, and the files that it was made from.
pub(crate) struct Check {
    program: PathBuf,
    /// Written after Cargo has checked the program. It contains the time of the program. Its own time
    /// is that at which Cargo was called, so a file that changed while Cargo ran is newer.
    stamp: PathBuf,
    /// Files whose change makes the program stale; `None` if the list is missing.
    inputs: Option<Vec<PathBuf>>,
}

#[derive(Debug, PartialEq)]
pub(crate) enum State {
    /// Nothing has changed since Cargo checked the program.
    Checked,
    /// The program is newer than everything that it was made from, but a file may have changed while
    /// another call of Cargo compiled it.
    Unchecked,
    /// The program is missing, or older than something that it was made from.
    Stale,
}

impl Check {
    /// `launcher` is a program that Cargo has just checked: it is newer than the other after a change
    /// of the compiler or its flags.
    pub(crate) fn new(program: &Path, launcher: PathBuf, workspace: &Path) -> Self {
        let inputs = sources(program).map(|mut inputs| {
            inputs.push(launcher);
            // Files that Cargo does not list.
            let files = [".cargo/config.toml", "Cargo.lock", "Cargo.toml"];
            inputs.extend(files.map(|file| workspace.join(file)));
            inputs.extend(manifests(&workspace.join("crates")));
            inputs
        });
        Self {
            program: program.to_owned(),
            stamp: program.with_extension("checked"),
            inputs,
        }
    }

    pub(crate) fn state(&self) -> State {
        let (Some(made), Some(changed)) = (modified(&self.program), self.last_change()) else {
            return State::Stale;
        };
        if changed > made {
            return State::Stale;
        }
        let is_same = fs::read_to_string(&self.stamp).is_ok_and(|stamp| stamp == text(made));
        if is_same && modified(&self.stamp).is_some_and(|checked| changed <= checked) {
            State::Checked
        } else {
            State::Unchecked
        }
    }

    /// Called after Cargo has checked the program. `start` is when it was called.
    pub(crate) fn mark(&self, start: SystemTime) -> io::Result<()> {
        let made = fs::metadata(&self.program)?.modified()?;
        fs::write(&self.stamp, text(made))?;
        File::options()
            .write(true)
            .open(&self.stamp)?
            .set_modified(start)
    }

    /// When the newest of the inputs changed; `None` if one is missing.
    fn last_change(&self) -> Option<SystemTime> {
        let times: Option<Vec<SystemTime>> = self
            .inputs
            .as_ref()?
            .iter()
            .map(|input| modified(input))
            .collect();
        times?.into_iter().max()
    }
}

fn text(time: SystemTime) -> String {
    format!("{time:?}")
}

fn modified(file: &Path) -> Option<SystemTime> {
    fs::metadata(file).ok()?.modified().ok()
}

/// The files that Cargo lists, as one rule of a makefile whose target is the program.
fn sources(program: &Path) -> Option<Vec<PathBuf>> {
    let list = fs::read_to_string(program.with_extension("d")).ok()?;
    let (_, files) = list.lines().next()?.split_once(": ")?;
    Some(paths(files))
}

/// Paths separated by spaces. A space within a path has a backslash before it.
fn paths(text: &str) -> Vec<PathBuf> {
    let mut paths = vec![String::new()];
    let mut characters = text.chars().peekable();
    while let Some(character) = characters.next() {
        let is_escaped = character == '\\' && characters.peek() == Some(&' ');
        match (character, paths.last_mut()) {
            (' ', _) => paths.push(String::new()),
            (_, Some(path)) if is_escaped => path.extend(characters.next()),
            (_, Some(path)) => path.push(character),
            (_, None) => {}
        }
    }
    let paths = paths.into_iter().filter(|path| !path.is_empty());
    paths.map(PathBuf::from).collect()
}

/// The manifests of the workspace's crates.
fn manifests(crates: &Path) -> Vec<PathBuf> {
    let Ok(folders) = fs::read_dir(crates) else {
        return Vec::new();
    };
    let manifests = folders
        .flatten()
        .map(|folder| folder.path().join("Cargo.toml"));
    manifests.filter(|manifest| manifest.exists()).collect()
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    /// A workspace with a program, in a folder that is removed on drop.
    struct Workspace(PathBuf);

    impl Workspace {
        fn new() -> Self {
            let folder = std::env::temp_dir().join(format!(
                "cargo-py {}-{:?}",
                std::process::id(),
                std::thread::current().id()
            ));
            let workspace = Self(folder);
            for (file, text) in [
                (".cargo/config.toml", ""),
                ("Cargo.lock", ""),
                ("Cargo.toml", ""),
                ("crates/a/Cargo.toml", ""),
                ("crates/a/src/lib.rs", ""),
                ("target/launcher", ""),
                ("target/program", ""),
                ("target/program.d", &workspace.list()),
            ] {
                let path = workspace.0.join(file);
                let folder = path.parent().expect("the path has a folder");
                fs::create_dir_all(folder).expect("a folder can be made");
                fs::write(path, text).expect("a file can be written");
                workspace.change(file, 10);
            }
            workspace
        }

        /// What Cargo lists.
        fn list(&self) -> String {
            let path = |file| self.0.join(file).display().to_string().replace(' ', "\\ ");
            format!(
                "{}: {}\n",
                path("target/program"),
                path("crates/a/src/lib.rs")
            )
        }

        /// Changes a file at a second of this test's time.
        fn change(&self, file: &str, second: u64) {
            let file = File::options().append(true).open(self.0.join(file));
            let file = file.expect("the file exists");
            file.set_modified(time(second)).expect("a time can be set");
        }

        fn check(&self) -> Check {
            let target = self.0.join("target");
            Check::new(&target.join("program"), target.join("launcher"), &self.0)
        }
    }

    impl Drop for Workspace {
        fn drop(&mut self) {
            let _ = fs::remove_dir_all(&self.0);
        }
    }

    fn time(second: u64) -> SystemTime {
        SystemTime::UNIX_EPOCH + Duration::from_secs(second)
    }

    #[test]
    fn a_change_makes_a_program_stale_until_cargo_has_checked_it() {
        let workspace = Workspace::new();
        let state = || workspace.check().state();
        assert_eq!(state(), State::Unchecked);
        workspace
            .check()
            .mark(time(20))
            .expect("a stamp can be written");
        assert_eq!(state(), State::Checked);

        let mut now = 20;
        for file in [
            ".cargo/config.toml",
            "Cargo.lock",
            "Cargo.toml",
            "crates/a/Cargo.toml",
            "crates/a/src/lib.rs",
            "target/launcher",
        ] {
            workspace.change(file, now + 5);
            assert_eq!(state(), State::Stale, "{file}");
            workspace.change("target/program", now + 10);
            assert_eq!(state(), State::Unchecked, "{file}");
            workspace
                .check()
                .mark(time(now + 10))
                .expect("a stamp can be written");
            assert_eq!(state(), State::Checked, "{file}");
            now += 10;
        }
    }

    #[test]
    fn a_file_that_changes_while_cargo_runs_is_not_missed() {
        let workspace = Workspace::new();
        workspace.change("crates/a/src/lib.rs", 15);
        workspace.change("target/program", 20);
        workspace
            .check()
            .mark(time(12))
            .expect("a stamp can be written");
        assert_eq!(workspace.check().state(), State::Unchecked);
    }

    #[test]
    fn a_missing_file_makes_a_program_stale() {
        for file in ["crates/a/src/lib.rs", "target/program", "target/program.d"] {
            let workspace = Workspace::new();
            workspace
                .check()
                .mark(time(20))
                .expect("a stamp can be written");
            fs::remove_file(workspace.0.join(file)).expect("the file exists");
            assert_eq!(workspace.check().state(), State::Stale, "{file}");
        }
    }

    #[test]
    fn lists_of_paths() {
        let rows: [(&str, &[&str]); 4] = [
            ("", &[]),
            ("/a /b", &["/a", "/b"]),
            (r"/with\ space/a /b\c", &["/with space/a", r"/b\c"]),
            ("/a  /b ", &["/a", "/b"]),
        ];
        for (text, expected) in rows {
            let expected: Vec<PathBuf> = expected.iter().map(PathBuf::from).collect();
            assert_eq!(paths(text), expected, "{text}");
        }
    }
}
