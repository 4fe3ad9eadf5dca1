//! Finds out whether link-time optimization is on. Cargo does not pass this to build scripts, so this
//! reads the places where it can be turned on, in Cargo's order of precedence.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use toml::de::{DeTable, DeValue};

use crate::environment::Environment;

/// The result of the search.
pub(crate) struct Found {
    /// The setting that turns link-time optimization on, and where it is.
    pub(crate) setting: Option<String>,
    /// Instructions that run the build script again when a place that was read changes.
    pub(crate) rerun: Vec<String>,
}

pub(crate) fn find(environment: &Environment) -> Found {
    let mut rerun = Vec::new();
    let setting = in_flags(environment).or_else(|| in_profiles(environment, &mut rerun));
    Found { setting, rerun }
}

fn in_flags(environment: &Environment) -> Option<String> {
    let mut setting = None;
    let mut flags = environment.rustc_flags();
    while let Some(flag) = flags.next() {
        let option = match flag {
            "-C" | "--codegen" => flags.next().unwrap_or_default(),
            _ => match flag.strip_prefix("-C").or(flag.strip_prefix("--codegen=")) {
                Some(option) => option,
                None => continue,
            },
        };
        let (name, value) = option.split_once('=').unwrap_or((option, "yes"));
        // The last one takes effect.
        match name {
            "lto" | "linker-plugin-lto" if is_off(value) => setting = None,
            "lto" | "linker-plugin-lto" => {
                setting = Some(format!("`-C{option}` in the flags of rustc"));
            }
            _ => {}
        }
    }
    setting
}

/// The profile's setting, from the first place that has one for the profile, or else for the profile
/// that it inherits from.
fn in_profiles(environment: &Environment, rerun: &mut Vec<String>) -> Option<String> {
    let mut profile = profile(environment)?;
    let files: Vec<(PathBuf, String)> = files(environment)
        .into_iter()
        .filter_map(|file| {
            let text = fs::read_to_string(&file).ok()?;
            rerun.push(format!("rerun-if-changed={}", file.display()));
            Some((file, text))
        })
        .collect();
    // Cargo itself reports a file that it cannot parse.
    let tables: Vec<(&Path, DeTable<'_>)> = files
        .iter()
        .filter_map(|(file, text)| {
            let table = DeTable::parse(text).ok()?;
            Some((file.as_path(), table.into_inner()))
        })
        .collect();
    // Bounded: Cargo itself reports profiles that inherit from each other in a circle.
    for _ in 0..16 {
        let variable = variable(&profile);
        rerun.push(format!("rerun-if-env-changed={variable}"));
        if let Some(value) = environment.get(&variable) {
            return (!is_off(value)).then(|| format!("`{variable}={value}`"));
        }
        for (file, table) in &tables {
            if let Some(value) = value_in(table, &profile, "lto") {
                let file = file.display();
                return (!is_off(&value))
                    .then(|| format!("`lto` is {value} in `[profile.{profile}]` of {file}"));
            }
        }
        let mut parents = tables.iter();
        profile = parents.find_map(|(_, table)| value_in(table, &profile, "inherits"))?;
    }
    None
}

/// The profile's name, which is that of the folder in which Cargo puts what it builds, except that
/// `dev` has `debug`.
fn profile(environment: &Environment) -> Option<String> {
    let folder = environment.path("OUT_DIR")?;
    let mut folders = folder.ancestors().skip(1);
    let above = folders.find(|above| above.ends_with("build"))?.parent()?;
    let name = above.file_name()?.to_str()?;
    Some(if name == "debug" { "dev" } else { name }.to_owned())
}

/// The variable that overrides a profile's setting.
fn variable(profile: &str) -> String {
    let name = profile.to_uppercase().replace('-', "_");
    format!("CARGO_PROFILE_{name}_LTO")
}

/// Files with profiles, those first that override others.
fn files(environment: &Environment) -> Vec<PathBuf> {
    let mut folders = Vec::new();
    if let Some(package) = environment.path("CARGO_MANIFEST_DIR") {
        let above = package.ancestors();
        folders.extend(above.map(|folder| folder.join(".cargo")));
    }
    folders.extend(home(environment));
    let mut files: Vec<PathBuf> = folders
        .iter()
        .flat_map(|folder| ["config", "config.toml"].map(|name| folder.join(name)))
        .collect();
    files.extend(workspace_manifest(environment));
    files
}

/// Cargo's home.
fn home(environment: &Environment) -> Option<PathBuf> {
    let default = || Some(environment.path("HOME")?.join(".cargo"));
    environment.path("CARGO_HOME").or_else(default)
}

/// The manifest whose profiles Cargo uses.
fn workspace_manifest(environment: &Environment) -> Option<PathBuf> {
    let output = Command::new(environment.get("CARGO")?)
        .args(["locate-project", "--workspace", "--message-format=plain"])
        .arg("--manifest-path")
        .arg(environment.path("CARGO_MANIFEST_DIR")?.join("Cargo.toml"))
        .output()
        .ok()?;
    let path = String::from_utf8(output.stdout).ok()?;
    output.status.success().then(|| path.trim_end().into())
}

/// A setting of a profile, as text.
fn value_in(table: &DeTable<'_>, profile: &str, setting: &str) -> Option<String> {
    let profiles = table.get("profile")?.get_ref().as_table()?;
    let profile = profiles.get(profile)?.get_ref().as_table()?;
    match profile.get(setting)?.get_ref() {
        DeValue::String(text) => Some(text.to_string()),
        DeValue::Boolean(value) => Some(value.to_string()),
        _ => None,
    }
}

/// Whether Cargo or rustc takes the value for "no link-time optimization between crates".
fn is_off(value: &str) -> bool {
    matches!(value, "off" | "n" | "no" | "none" | "false" | "f" | "0")
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A folder that is removed on drop.
    struct Folder(PathBuf);

    impl Folder {
        fn new(name: &str) -> Self {
            let name = format!("rustpython-capsule-build-{name}-{}", std::process::id());
            let folder = std::env::temp_dir().join(name);
            fs::create_dir_all(folder.join(".cargo")).expect("a folder can be made");
            Self(folder)
        }

        fn write(&self, name: &str, text: &str) {
            fs::write(self.0.join(name), text).expect("a file can be written");
        }

        /// What is found for the package in the folder, built in `target/FOLDER`.
        fn find(&self, folder: &str, variables: &[(&str, &str)]) -> Found {
            let package = self.0.display().to_string();
            let out = format!("{package}/target/{folder}/build/package-0123/out");
            let mut all = vec![
                ("CARGO", env!("CARGO")),
                ("CARGO_HOME", "/there/is/no/home"),
                ("CARGO_MANIFEST_DIR", &package),
                ("OUT_DIR", &out),
            ];
            all.extend(variables);
            find(&Environment::with(&all))
        }
    }

    impl Drop for Folder {
        fn drop(&mut self) {
            let _ = fs::remove_dir_all(&self.0);
        }
    }

    #[test]
    fn flags_of_rustc() {
        let rows = [
            ("", None),
            ("-Cpanic=abort", None),
            ("-Clto", Some("`-Clto`")),
            ("-Clto=fat", Some("`-Clto=fat`")),
            ("-C lto=thin", Some("`-Clto=thin`")),
            ("--codegen=lto=yes", Some("`-Clto=yes`")),
            ("--codegen linker-plugin-lto", Some("`-Clinker-plugin-lto`")),
            ("-Clto=fat -Clto=off", None),
            ("-Clto=off -Clto=fat", Some("`-Clto=fat`")),
            ("--cfg lto", None),
            ("-C", None),
        ];
        for (flags, expected) in rows {
            let flags = flags.replace(' ', "\u{1f}");
            let environment = Environment::with(&[("CARGO_ENCODED_RUSTFLAGS", &flags)]);
            let expected = expected.map(|flag| format!("{flag} in the flags of rustc"));
            assert_eq!(find(&environment).setting, expected, "{flags}");
        }
    }

    #[test]
    fn values_of_the_setting() {
        let folder = Folder::new("values");
        let rows = [
            ("true", true),
            ("'fat'", true),
            ("'thin'", true),
            ("false", false),
            ("'off'", false),
        ];
        for (value, is_on) in rows {
            let manifest = format!("[package]\nname = 'a'\n[profile.release]\nlto = {value}\n");
            folder.write("Cargo.toml", &manifest);
            fs::create_dir_all(folder.0.join("src")).expect("a folder can be made");
            folder.write("src/lib.rs", "");
            let found = folder.find("release", &[]);
            assert_eq!(
                found.setting.is_some(),
                is_on,
                "{value}: {:?}",
                found.setting
            );
            assert_eq!(folder.find("debug", &[]).setting, None, "{value}");
        }
    }

    #[test]
    fn the_nearest_place_counts_and_is_named() {
        let folder = Folder::new("places");
        fs::create_dir_all(folder.0.join("src")).expect("a folder can be made");
        folder.write("src/lib.rs", "");
        folder.write(
            "Cargo.toml",
            "[package]\nname = 'a'\n[profile]\nrelease.lto = 'thin'\n\
             [profile.fast-one]\ninherits = 'release'\n[profile.dev]\nlto = 'fat'\n",
        );
        let manifest = folder.0.join("Cargo.toml").display().to_string();
        let setting = |place, variables: &[_]| folder.find(place, variables).setting;
        let of_release = format!("`lto` is thin in `[profile.release]` of {manifest}");
        assert_eq!(setting("release", &[]), Some(of_release.clone()));
        assert_eq!(
            setting("x86_64-unknown-linux-gnu/release", &[]),
            Some(of_release.clone())
        );
        assert_eq!(setting("fast-one", &[]), Some(of_release));
        let of_dev = format!("`lto` is fat in `[profile.dev]` of {manifest}");
        assert_eq!(setting("debug", &[]), Some(of_dev));

        let off = ("CARGO_PROFILE_RELEASE_LTO", "off");
        assert_eq!(setting("release", &[off]), None);
        assert_eq!(setting("fast-one", &[off]), None);
        let on = ("CARGO_PROFILE_FAST_ONE_LTO", "true");
        let of_variable = Some("`CARGO_PROFILE_FAST_ONE_LTO=true`".to_owned());
        assert_eq!(setting("fast-one", &[off, on]), of_variable);

        folder.write(".cargo/config.toml", "profile.release.lto = false");
        let found = folder.find("release", &[]);
        assert_eq!(found.setting, None);
        for place in [
            "changed=build.rs".to_owned(),
            format!("changed={manifest}"),
            format!("changed={}/.cargo/config.toml", folder.0.display()),
            "env-changed=CARGO_PROFILE_RELEASE_LTO".to_owned(),
        ] {
            let is_there = found.rerun.contains(&format!("rerun-if-{place}"));
            assert_eq!(is_there, !place.ends_with("build.rs"), "{place}");
        }
    }

    #[test]
    fn nothing_is_found_where_there_is_nothing_to_read() {
        let folder = Folder::new("nothing");
        let found = folder.find("release", &[]);
        assert_eq!(found.setting, None);
        assert_eq!(find(&Environment::with(&[])).setting, None);
    }
}
