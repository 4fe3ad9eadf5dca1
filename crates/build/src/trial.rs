//! The linker arguments, and a small program that tests whether the linker supports them. Two crates
//! of the program define the same function, as in a program with the C API.

use std::ffi::OsString;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use crate::environment::Environment;

/// What the linker receives through the C compiler that rustc calls.
pub(crate) const ARGUMENTS: &str =
    "-Wl,--export-dynamic-symbol=Py*,--export-dynamic-symbol=_Py*,-z,muldefs";

/// Whether the linker supports the arguments.
#[derive(Debug)]
pub(crate) enum Outcome {
    /// It accepts two definitions of a function and exports the function.
    Works,
    /// It does not do both, for this reason.
    Fails(String),
    /// It cannot link a program without the arguments either, for this reason.
    Unknown(String),
}

/// The function that both crates define. No other text of the program contains its name.
const FUNCTION: &str = "PyRustPythonCapsule_Trial";

pub(crate) fn run(environment: &Environment, arguments: &str) -> Outcome {
    match try_link(environment, arguments) {
        Ok(outcome) => outcome,
        Err(error) => Outcome::Unknown(error.to_string()),
    }
}

fn try_link(environment: &Environment, arguments: &str) -> io::Result<Outcome> {
    let rustc = Rustc::new(environment)?;
    let library = format!(
        "#[unsafe(no_mangle)] pub extern \"C\" fn {FUNCTION}() -> i32 {{ 1 }}\n\
         pub fn call() -> i32 {{ {FUNCTION}() }}"
    );
    let caller = "fn main() { std::process::exit(capsule_trial_library::call()) }";
    let definition =
        format!("#[unsafe(no_mangle)] pub extern \"C\" fn {FUNCTION}() -> i32 {{ 2 }}\n{caller}");

    let made = rustc.compile("capsule_trial_library", "rlib", &library, &[])?;
    if !made.status.success() {
        return Ok(Outcome::Unknown(reason(&made)));
    }
    let made = rustc.compile("capsule_trial_without", "bin", caller, &[])?;
    if !made.status.success() {
        return Ok(Outcome::Unknown(reason(&made)));
    }
    let flag = format!("-Clink-arg={arguments}");
    let made = rustc.compile("capsule_trial", "bin", &definition, &[&flag])?;
    if !made.status.success() {
        return Ok(Outcome::Fails(reason(&made)));
    }
    // Stripped, the program has the names of the symbols that it exports and no others.
    let program = fs::read(rustc.folder.join("capsule_trial"))?;
    let name = FUNCTION.as_bytes();
    if program.windows(name.len()).any(|bytes| bytes == name) {
        return Ok(Outcome::Works);
    }
    let text = "it ignores `--export-dynamic-symbol` with a pattern, so extension modules would not \
                find the C API";
    Ok(Outcome::Fails(text.to_owned()))
}

/// The compiler, with the target, the flags and the linker of the package.
struct Rustc<'a> {
    environment: &'a Environment,
    folder: PathBuf,
}

impl<'a> Rustc<'a> {
    fn new(environment: &'a Environment) -> io::Result<Self> {
        let out = environment.path("OUT_DIR").ok_or_else(|| {
            let text = "OUT_DIR is not set, so this is not a build script";
            io::Error::new(io::ErrorKind::NotFound, text)
        })?;
        let folder = out.join("rustpython-capsule-build");
        fs::create_dir_all(&folder)?;
        Ok(Self {
            environment,
            folder,
        })
    }

    fn compile(&self, name: &str, kind: &str, source: &str, more: &[&str]) -> io::Result<Output> {
        let file = self.folder.join(name).with_extension("rs");
        fs::write(&file, source)?;
        let mut command = Command::new(self.environment.path("RUSTC").unwrap_or("rustc".into()));
        command
            .arg(&file)
            .args(["--edition=2024", "--crate-name", name, "--crate-type", kind])
            .args(self.environment.rustc_flags())
            .args(["--cap-lints=allow", "--color=never", "-Ccodegen-units=1"])
            .args(["-Cdebuginfo=0", "-Cstrip=symbols"])
            .arg(with_path("-L", &self.folder))
            .arg(with_path("--out-dir=", &self.folder));
        if kind == "bin" {
            command.args(["--extern", "capsule_trial_library"]);
        }
        if let Some(target) = self.environment.get("TARGET") {
            command.args(["--target", target]);
        }
        if let Some(linker) = self.environment.path("RUSTC_LINKER") {
            command.arg(with_path("-Clinker=", &linker));
        }
        command.args(more).output()
    }
}

fn with_path(option: &str, path: &Path) -> OsString {
    let mut argument = OsString::from(option);
    argument.push(path);
    argument
}

/// What went wrong, in one line: the first line of rustc's output and its last note, which has the
/// linker's own message.
fn reason(output: &Output) -> String {
    let text = String::from_utf8_lossy(&output.stderr);
    let first = text.lines().next().unwrap_or_default();
    let note = text.rsplit_once("= note: ").map_or("", |(_, note)| note);
    let note = note.lines().map(str::trim);
    let lines = std::iter::once(first).chain(note.take_while(|line| !line.is_empty()));
    let lines: Vec<&str> = lines.collect();
    lines.join("; ")
}

#[cfg(all(test, target_os = "linux"))]
mod tests {
    use super::*;

    /// The outcome for these arguments, with the linker of this machine.
    fn outcome(name: &str, arguments: &str, flags: &str) -> Outcome {
        let folder = format!("rustpython-capsule-build-{name}-{}", std::process::id());
        let folder = std::env::temp_dir().join(folder);
        let environment = Environment::with(&[
            ("CARGO_ENCODED_RUSTFLAGS", flags),
            ("OUT_DIR", &folder.display().to_string()),
        ]);
        let outcome = run(&environment, arguments);
        let _ = fs::remove_dir_all(folder);
        outcome
    }

    #[test]
    fn the_arguments_work_here() {
        let outcome = outcome("works", ARGUMENTS, "");
        assert!(matches!(outcome, Outcome::Works), "{outcome:?}");
    }

    #[test]
    fn the_linker_says_what_it_rejects() {
        let duplicate = "-Wl,--export-dynamic-symbol=Py*";
        let Outcome::Fails(reason) = outcome("refuses", duplicate, "") else {
            panic!("two definitions were accepted");
        };
        assert!(reason.contains(FUNCTION), "{reason}");
        assert!(!reason.contains('\n'), "{reason}");
        let Outcome::Fails(reason) = outcome("unknown", "-Wl,--there-is-no-such-option", "") else {
            panic!("an unknown option was accepted");
        };
        assert!(reason.contains("there-is-no-such-option"), "{reason}");
    }

    #[test]
    fn a_linker_that_exports_nothing_fails() {
        let Outcome::Fails(reason) = outcome("hides", "-Wl,-z,muldefs", "") else {
            panic!("a program without exported symbols was accepted");
        };
        assert!(
            reason.starts_with("it ignores `--export-dynamic-symbol`"),
            "{reason}"
        );
    }

    #[test]
    fn nothing_is_known_without_a_program_to_compare_with() {
        let outcome = outcome("missing", ARGUMENTS, "-Clinker=/there/is/no/linker");
        let Outcome::Unknown(reason) = outcome else {
            panic!("{outcome:?}");
        };
        assert!(reason.contains("/there/is/no/linker"), "{reason}");
    }
}
