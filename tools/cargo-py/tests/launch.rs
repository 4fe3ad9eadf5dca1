//! `cargo py` as a process, with a Cargo and a program that are shell scripts.

use std::fs::{self, File};
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::{Duration, SystemTime};

/// Says that it compiles, and makes the program and the list of its sources.
const CARGO: &str = r#"#!/bin/sh
cd "${0%/*}"
echo "cargo $*" >>calls
[ -e broken ] && { echo "error: broken" >&2; exit 101; }
echo "   Compiling" >&2
[ -e capsule-python ] || cat >capsule-python <<'END'
#!/bin/sh
echo "$# $2"
exit 7
END
chmod +x capsule-python
touch capsule-python
echo "$PWD/capsule-python: $PWD/source" >capsule-python.d
"#;

/// One test at a time: a process that another thread starts inherits the programs that are being
/// written until it calls `exec`, and a program that is open for writing cannot be started.
static ONE_TEST: Mutex<()> = Mutex::new(());

/// A target folder that is removed on drop.
struct Target {
    folder: PathBuf,
    _one_test: MutexGuard<'static, ()>,
}

impl Target {
    fn new(name: &str) -> Self {
        let target = Self {
            folder: Path::new(env!("CARGO_TARGET_TMPDIR")).join(name),
            _one_test: ONE_TEST.lock().unwrap_or_else(PoisonError::into_inner),
        };
        let _ = fs::remove_dir_all(&target.folder);
        fs::create_dir_all(&target.folder).expect("a folder can be made");
        fs::copy(env!("CARGO_BIN_EXE_cargo-py"), target.file("cargo-py"))
            .expect("the launcher exists");
        fs::write(target.file("source"), "").expect("a file can be written");
        fs::write(target.file("cargo"), CARGO).expect("a file can be written");
        let executable = fs::Permissions::from_mode(0o755);
        fs::set_permissions(target.file("cargo"), executable).expect("the file is there");
        target
    }

    fn file(&self, name: &str) -> PathBuf {
        self.folder.join(name)
    }

    fn run(&self) -> Output {
        Command::new(self.file("cargo-py"))
            .args(["-c", "two words"])
            .env("CARGO", self.file("cargo"))
            .output()
            .expect("the launcher can be started")
    }

    /// Whether each call of Cargo was quiet.
    fn calls(&self) -> Vec<bool> {
        let calls = fs::read_to_string(self.file("calls")).unwrap_or_default();
        let calls = calls.lines().map(|call| {
            assert!(call.starts_with("cargo build --locked"), "{call}");
            call.ends_with("--quiet")
        });
        calls.collect()
    }
}

impl Drop for Target {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.folder);
    }
}

#[track_caller]
fn check(output: &Output, code: i32, stdout: &str, stderr: &str) {
    let printed = (
        String::from_utf8_lossy(&output.stdout),
        String::from_utf8_lossy(&output.stderr),
    );
    assert_eq!(output.status.code(), Some(code), "{printed:?}");
    assert_eq!(printed, (stdout.into(), stderr.into()));
}

#[test]
fn cargo_is_called_once_and_is_silent_afterwards() {
    let target = Target::new("silent");
    check(&target.run(), 7, "2 two words\n", "   Compiling\n");
    check(&target.run(), 7, "2 two words\n", "");
    check(&target.run(), 7, "2 two words\n", "");
    assert_eq!(target.calls(), [false]);
}

#[test]
fn a_change_calls_cargo_again() {
    let target = Target::new("again");
    target.run();
    let source = File::options().write(true).open(target.file("source"));
    let later = SystemTime::now() + Duration::from_secs(1);
    source
        .and_then(|source| source.set_modified(later))
        .expect("a time can be set");
    check(&target.run(), 7, "2 two words\n", "   Compiling\n");
    assert_eq!(target.calls(), [false, false]);
}

#[test]
fn a_program_that_another_cargo_built_is_checked_quietly() {
    let target = Target::new("quietly");
    target.run();
    let program = File::open(target.file("capsule-python"));
    let later = SystemTime::now() + Duration::from_secs(1);
    program
        .and_then(|program| program.set_modified(later))
        .expect("a time can be set");
    assert_eq!(target.run().status.code(), Some(7));
    assert_eq!(target.calls(), [false, true]);
}

#[test]
fn a_failed_build_starts_nothing() {
    let target = Target::new("failed");
    target.run();
    fs::write(target.file("broken"), "").expect("a file can be written");
    fs::remove_file(target.file("capsule-python.d")).expect("the list is there");
    check(&target.run(), 101, "", "error: broken\n");
    fs::remove_file(target.file("broken")).expect("the file is there");
    check(&target.run(), 7, "2 two words\n", "   Compiling\n");
}
