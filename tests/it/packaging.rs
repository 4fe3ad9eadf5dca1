//! The crates can be published, and the build crate stops builds that cannot work.

use std::fs;
use std::path::{Path, PathBuf};

use libtest_mimic::{Failed, Trial};
use toml::{Table, Value};

use crate::extensions::building::{cargo, root};
use crate::interpreter::trial;

pub(crate) fn trials() -> Vec<Trial> {
    let mut trials = vec![
        trial("packaging::only-the-crates-are-published", private_packages),
        trial(
            "packaging::crates-depend-on-the-same-version-of-one-another",
            sibling_versions,
        ),
        trial(
            "packaging::link-time-optimization-stops-a-build",
            link_time_optimization,
        ),
    ];
    for folder in crates() {
        let name = folder.file_name().unwrap_or_default().to_string_lossy();
        let manifest = folder.join("Cargo.toml");
        trials.push(trial(
            format!("packaging::{name}-says-what-registries-show"),
            move || described(&manifest),
        ));
        trials.push(trial(
            format!("packaging::{name}-has-a-licence-a-readme-and-its-headers"),
            move || packaged(&folder),
        ));
    }
    trials
}

/// The folders of the crates that are published.
fn crates() -> Vec<PathBuf> {
    let folders =
        fs::read_dir(root().join("crates")).expect("the workspace has a folder of crates");
    let folders = folders.map(|entry| entry.expect("a folder can be listed").path());
    let mut folders: Vec<_> = folders
        .filter(|folder| folder.join("Cargo.toml").exists())
        .collect();
    folders.sort();
    folders
}

fn read(manifest: &Path) -> Result<Table, Failed> {
    Ok(fs::read_to_string(manifest)?.parse()?)
}

/// The limits are those of the public registry.
fn described(manifest: &Path) -> Result<(), Failed> {
    let manifest = read(manifest)?;
    let package = &manifest["package"];
    let text = package["description"].as_str().unwrap_or_default();
    if text.is_empty() || text.ends_with('.') {
        return Err(format!("the description is {text:?}").into());
    }
    for (key, most) in [("keywords", 5), ("categories", 5)] {
        let values = package.get(key).and_then(Value::as_array);
        let values = values.ok_or_else(|| format!("{key} are missing"))?;
        let are_short = values
            .iter()
            .all(|value| value.as_str().is_some_and(|value| !value.is_empty()));
        if values.is_empty() || values.len() > most || !are_short {
            return Err(format!("{key} are {values:?}").into());
        }
    }
    for key in ["version", "edition", "rust-version", "license"] {
        let inherits = package.get(key).and_then(|value| value.get("workspace"));
        if inherits.and_then(Value::as_bool) != Some(true) {
            return Err(format!("{key} is not that of the workspace").into());
        }
    }
    let targets = package
        .get("metadata")
        .and_then(|metadata| metadata.get("docs"));
    if targets.and_then(|docs| docs.get("rs")).is_none() {
        return Err("the manifest names no target for docs.rs".into());
    }
    if package.get("publish").is_some() {
        return Err("publishing is restricted".into());
    }
    Ok(())
}

/// Reads the manifest that Cargo puts into the package.
fn packaged(folder: &Path) -> Result<(), Failed> {
    let listed = cargo()
        .args([
            "package",
            "--list",
            "--locked",
            "--offline",
            "--allow-dirty",
        ])
        .arg("--manifest-path")
        .arg(folder.join("Cargo.toml"))
        .output()?;
    if !listed.status.success() {
        return Err(String::from_utf8_lossy(&listed.stderr).into_owned().into());
    }
    let listed = String::from_utf8(listed.stdout)?;
    let mut expected = vec!["LICENSE".to_owned(), "README.md".to_owned()];
    for headers in ["include", "include/rustpython"] {
        let Ok(entries) = fs::read_dir(folder.join(headers)) else {
            continue;
        };
        for entry in entries {
            let entry = entry?;
            if entry.file_type()?.is_file() {
                expected.push(format!("{headers}/{}", entry.file_name().to_string_lossy()));
            }
        }
    }
    for file in expected {
        if !listed.lines().any(|line| line == file) {
            return Err(format!("{file} is missing among\n{listed}").into());
        }
    }
    let licence = fs::read_to_string(folder.join("LICENSE"))?;
    if licence != fs::read_to_string(root().join("LICENSE"))? {
        return Err("LICENSE differs from that of the workspace".into());
    }
    Ok(())
}

fn private_packages() -> Result<(), Failed> {
    let workspace = read(&root().join("Cargo.toml"))?;
    let members = workspace["workspace"]["members"].as_array();
    for member in members.into_iter().flatten().filter_map(Value::as_str) {
        let manifest = read(&root().join(member).join("Cargo.toml"))?;
        let publish = manifest["package"].get("publish").and_then(Value::as_bool);
        if member.starts_with("crates/") != (publish != Some(false)) {
            return Err(format!("{member}: publish is {publish:?}").into());
        }
    }
    Ok(())
}

fn sibling_versions() -> Result<(), Failed> {
    let manifest = read(&root().join("Cargo.toml"))?;
    let workspace = &manifest["workspace"];
    let version = workspace["package"]["version"].as_str();
    let version = version.map(|version| format!("={version}"));
    for folder in crates() {
        let crate_manifest = read(&folder.join("Cargo.toml"))?;
        let name = crate_manifest["package"]["name"]
            .as_str()
            .unwrap_or_default();
        let used = workspace["dependencies"].get(name);
        let used = used.ok_or_else(|| format!("{name} is no dependency of the workspace"))?;
        if used.get("version").and_then(Value::as_str) != version.as_deref() {
            return Err(format!("{name} is used as {used:?}, not as version {version:?}").into());
        }
    }
    Ok(())
}

/// A package with the build crate, as an embedder has it, in a folder of its own.
fn link_time_optimization() -> Result<(), Failed> {
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join("link_args");
    fs::create_dir_all(folder.join("src"))?;
    let build_crate = root().join("crates/build");
    let manifest = |lto: &str| {
        format!(
            "[package]\nname = 'program'\nversion = '0.0.0'\nedition = '2024'\n\
             [build-dependencies]\nrustpython-capsule-build.path = '{}'\n\
             [profile.dev]\nlto = {lto}\n[workspace]\n",
            build_crate.display()
        )
    };
    fs::write(
        folder.join("build.rs"),
        "fn main() { rustpython_capsule_build::link_args(); }",
    )?;
    fs::write(folder.join("src/main.rs"), "fn main() {}")?;
    for (lto, expected) in [
        ("'fat'", Some("`lto` is fat in `[profile.dev]` of")),
        ("'off'", None),
        ("'thin'", Some("`lto` is thin in `[profile.dev]` of")),
    ] {
        fs::write(folder.join("Cargo.toml"), manifest(lto))?;
        fs::copy(root().join("Cargo.lock"), folder.join("Cargo.lock"))?;
        let built = cargo()
            .args(["build", "--quiet", "--offline"])
            .current_dir(&folder)
            .env("CARGO_TARGET_DIR", folder.join("target"))
            .env_remove("CARGO_PROFILE_DEV_LTO")
            .output()?;
        let printed = String::from_utf8_lossy(&built.stderr);
        let is_right = match expected {
            None => built.status.success(),
            Some(text) => !built.status.success() && printed.contains(text),
        };
        if !is_right {
            return Err(format!("lto = {lto}: {}\n{printed}", built.status).into());
        }
    }
    Ok(())
}
