//! The rooms of the workspace depend on one another in one direction only.

use std::fs;
use std::path::{Path, PathBuf};

use libtest_mimic::{Failed, Trial};
use toml::Table;

use crate::interpreter::trial;

/// The rooms, each of which may use only those before it.
const ORDER: [&str; 4] = [
    "rustpython-capsule",
    "rustpython-capsule-glue",
    "rustpython-capsule-capi",
    "capsule-python",
];

pub(crate) fn trials() -> Vec<Trial> {
    let mut trials = vec![trial("rooms::the-check-finds-an-arrow-to-the-left", || {
        let manifest = "[package]\nname = 'rustpython-capsule'\n\
                        [target.'cfg(unix)'.build-dependencies]\nrustpython-capsule-glue = '1'";
        match arrows_to_the_left(manifest)?.as_slice() {
            ["rustpython-capsule-glue"] => Ok(()),
            other => Err(format!("{other:?}").into()),
        }
    })];
    for manifest in manifests() {
        let room = manifest.parent().and_then(Path::file_name);
        let room = room.unwrap_or_default().to_string_lossy().into_owned();
        trials.push(trial(
            format!("rooms::{room}-depends-on-no-later-room"),
            move || {
                let left = arrows_to_the_left(&fs::read_to_string(manifest)?)?;
                if left.is_empty() {
                    Ok(())
                } else {
                    Err(format!("depends on {left:?}").into())
                }
            },
        ));
    }
    trials
}

fn manifests() -> Vec<PathBuf> {
    let crates = Path::new(env!("CARGO_MANIFEST_DIR")).join("../crates");
    let mut manifests: Vec<_> = fs::read_dir(crates)
        .expect("the workspace has a folder of crates")
        .map(|entry| {
            entry
                .expect("a folder can be listed")
                .path()
                .join("Cargo.toml")
        })
        .filter(|manifest| manifest.exists())
        .collect();
    manifests.sort();
    manifests
}

/// The rooms that a manifest depends on and that do not come before it.
fn arrows_to_the_left(manifest: &str) -> Result<Vec<&'static str>, Failed> {
    let manifest: Table = manifest.parse()?;
    let name = manifest["package"]["name"].as_str().unwrap_or_default();
    let own = ORDER.iter().position(|room| *room == name);
    let own = own.ok_or_else(|| format!("{name} has no place in the order of rooms"))?;
    let mut used = Vec::new();
    collect_dependencies(&manifest, &mut used);
    Ok(ORDER[own..]
        .iter()
        .filter(|room| used.iter().any(|used| used == *room))
        .copied()
        .collect())
}

/// The keys of all dependency tables, wherever in a manifest they stand.
fn collect_dependencies(table: &Table, used: &mut Vec<String>) {
    for (key, value) in table {
        let Some(inner) = value.as_table() else {
            continue;
        };
        if key.ends_with("dependencies") {
            used.extend(inner.keys().cloned());
        } else {
            collect_dependencies(inner, used);
        }
    }
}
