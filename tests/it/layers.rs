//! The crates of the workspace depend on one another in one direction only, and so do the files
//! inside each crate.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};

use libtest_mimic::{Failed, Trial};
use toml::Table;

use crate::interpreter::trial;

/// The crates, each of which may depend only on those before it.
const CRATES: [&str; 5] = [
    "rustpython-capsule-build",
    "rustpython-capsule",
    "rustpython-capsule-glue",
    "rustpython-capsule-capi",
    "capsule-python",
];

/// The files of `crates/capsule`, from the lowest layer to the highest. A file may use those of its
/// own layer and of lower ones.
const CAPSULE_LAYERS: [&[&str]; 8] = [
    &[
        "error",
        "name",
        "sync",
        "lock",
        "alloc",
        "ffi_types",
        "object_header",
        "value",
    ],
    &["fields"],
    &["foreign_threads", "thread", "callback_guard"],
    &["owned", "payload"],
    &["finalize"],
    &["class"],
    &[
        "destructor",
        "ffi",
        "accessors",
        "builder",
        "claimable",
        "handle",
        "named",
        "typed",
        "exceptions",
        "prelude",
    ],
    &["lib"],
];

/// The directories of all crates, with those outside the workspace.
const ROOTS: [&str; 17] = [
    "crates/build/src",
    "crates/capsule/src",
    "crates/vm-glue/src",
    "crates/capi/src",
    "crates/host/src",
    "benches/src/ours",
    "benches/src/speed",
    "benches/pyo3/src",
    "examples/embedding/src",
    "examples/extensions/pyo3_module/src",
    "fuzz/src",
    "tests/it",
    "tests/models/src",
    "tests/pyo3/src",
    "tests/pyo3/classes/src",
    "tools/cargo-py/src",
    "tools/cargo-wheels/src",
];

/// Which files each file of a crate uses. Both are named by their path as a module.
type Uses = BTreeMap<String, BTreeSet<String>>;

pub(crate) fn trials() -> Vec<Trial> {
    let mut trials = vec![
        trial(
            "layers::the-check-finds-a-dependency-on-a-later-crate",
            || {
                let manifest = "[package]\nname = 'rustpython-capsule'\n\
                            [target.'cfg(unix)'.build-dependencies]\nrustpython-capsule-glue = '1'";
                expect(&later_crates(manifest)?, &["rustpython-capsule-glue"])
            },
        ),
        trial("layers::the-check-finds-a-circle-of-three-files", || {
            let uses = sample(&[
                ("a", "use krate::b::B;"),
                ("b", "fn f() { krate::c::g() }"),
                ("c", "use krate::{\n    a::A,\n    d,\n};"),
                ("d", "// krate::a is not used here"),
                ("e", "use krate::a::A;"),
            ]);
            expect(&circles(&uses), &["a", "b", "c"])
        }),
        trial(
            "layers::the-check-finds-a-child-that-uses-its-parent",
            || {
                let uses = sample(&[
                    ("lib", "mod a; pub use a::A;"),
                    ("a", "mod b; mod c; fn f() { b::g(); c::h() }"),
                    ("a::b", "use super::f;"),
                    ("a::c", "fn h() {}\nmod inner {\n    use super::h;\n}"),
                ]);
                expect(&circles(&uses), &["a", "a::b"])
            },
        ),
        trial("layers::the-check-finds-a-use-of-a-higher-layer", || {
            let uses = sample(&[
                ("fields", "use krate::{finalize::run, lock::Lock};"),
                ("finalize", ""),
                ("lock", ""),
            ]);
            expect(&upward(&uses, &CAPSULE_LAYERS), &["fields uses finalize"])
        }),
        trial("layers::capsule-files-use-no-higher-layer", || {
            let uses = files_of(&workspace().join("crates/capsule/src"))?;
            let placed: BTreeSet<_> = CAPSULE_LAYERS.into_iter().flatten().copied().collect();
            let present: BTreeSet<_> = uses.keys().map(String::as_str).collect();
            if placed != present {
                return Err(format!("files {present:?}, but layers of {placed:?}").into());
            }
            expect(&upward(&uses, &CAPSULE_LAYERS), &[])
        }),
    ];
    for name in ["build", "capsule", "vm-glue", "capi", "host"] {
        let manifest = workspace().join("crates").join(name).join("Cargo.toml");
        trials.push(trial(
            format!("layers::{name}-depends-on-no-later-crate"),
            move || expect(&later_crates(&fs::read_to_string(manifest)?)?, &[]),
        ));
    }
    trials.extend(ROOTS.map(|root| {
        let name = root.replace('/', "-");
        trial(
            format!("layers::{name}-has-no-circle-of-files"),
            move || expect(&circles(&files_of(&workspace().join(root))?), &[]),
        )
    }));
    trials
}

/// What the files with these names and sources use. `krate` stands for `crate`, so that the check
/// finds no paths in this file.
fn sample(sources: &[(&str, &str)]) -> Uses {
    let names: Vec<_> = sources.iter().map(|(name, _)| *name).collect();
    let uses = |(name, text): &(&str, &str)| uses_of(name, &text.replace("krate", "crate"), &names);
    sources.iter().map(uses).collect()
}

fn expect(found: &[String], expected: &[&str]) -> Result<(), Failed> {
    if found == expected {
        Ok(())
    } else {
        Err(format!("found {found:?}, expected {expected:?}").into())
    }
}

fn workspace() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("..")
}

/// The crates that a manifest depends on and that do not come before it.
fn later_crates(manifest: &str) -> Result<Vec<String>, Failed> {
    let manifest: Table = manifest.parse()?;
    let name = manifest["package"]["name"].as_str().unwrap_or_default();
    let Some(own) = CRATES.iter().position(|known| *known == name) else {
        return Err(format!("{name} has no place in the order of crates").into());
    };
    let mut dependencies = Vec::new();
    collect_dependencies(&manifest, &mut dependencies);
    let later = CRATES[own..].iter().map(ToString::to_string);
    Ok(later.filter(|name| dependencies.contains(name)).collect())
}

/// The keys of all dependency tables, wherever they are in a manifest.
fn collect_dependencies(table: &Table, dependencies: &mut Vec<String>) {
    for (key, value) in table {
        let Some(inner) = value.as_table() else {
            continue;
        };
        if key.ends_with("dependencies") {
            dependencies.extend(inner.keys().cloned());
        } else {
            collect_dependencies(inner, dependencies);
        }
    }
}

/// What each file below a directory uses. The root of the crate, `lib.rs` or `main.rs`, is `lib`.
fn files_of(directory: &Path) -> Result<Uses, Failed> {
    let mut sources = BTreeMap::new();
    collect_sources(directory, "", &mut sources)?;
    let names: Vec<_> = sources.keys().map(String::as_str).collect();
    Ok(sources
        .iter()
        .map(|(name, text)| uses_of(name, text, &names))
        .collect())
}

fn collect_sources(
    directory: &Path,
    parent: &str,
    sources: &mut BTreeMap<String, String>,
) -> Result<(), Failed> {
    for entry in fs::read_dir(directory)? {
        let path = entry?.path();
        let stem = path.file_stem().unwrap_or_default().to_string_lossy();
        if path.is_dir() {
            collect_sources(&path, &format!("{parent}{stem}::"), sources)?;
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            let name = match stem.as_ref() {
                "main" if parent.is_empty() => "lib".to_owned(),
                "mod" => parent.trim_end_matches("::").to_owned(),
                stem => format!("{parent}{stem}"),
            };
            sources.insert(name, fs::read_to_string(&path)?);
        }
    }
    Ok(())
}

/// The files that `text`, the source of the module `name`, refers to.
fn uses_of(name: &str, text: &str, names: &[&str]) -> (String, BTreeSet<String>) {
    let (parent, own) = match name {
        "lib" => ("", String::new()),
        _ => (
            name.rsplit_once("::").map_or("", |(parent, _)| parent),
            format!("{name}::"),
        ),
    };
    let children = names.iter().filter_map(|known| known.strip_prefix(&own));
    let children: Vec<_> = children.filter(|child| !child.contains("::")).collect();
    let code = code(text);
    let mut used = BTreeSet::new();
    let mut add = |path: String| {
        let path = path.trim_start_matches("::");
        let holds = |known: &&&str| path == **known || path.starts_with(&format!("{known}::"));
        let file = names.iter().filter(holds).max_by_key(|known| known.len());
        let file = file.copied().unwrap_or("lib");
        if file != name {
            used.insert(file.to_owned());
        }
    };
    paths(&code, "crate").into_iter().for_each(&mut add);
    // The root of the crate has no parent.
    if !parent.is_empty() {
        for path in paths(&code, "super") {
            add(format!("{parent}::{path}"));
        }
    }
    for child in children {
        for path in paths(&code, child) {
            add(format!("{own}{child}::{path}"));
        }
    }
    (name.to_owned(), used)
}

/// The source text on one line, without comments. Paths in a module with a body become those of the
/// file: one `super::` less, since that is the file itself.
fn code(text: &str) -> String {
    let mut is_inner = false;
    let mut code = String::new();
    for line in text.lines() {
        let line = line.split("//").next().unwrap_or_default();
        // rustfmt indents all items of such a module.
        if line.starts_with(char::is_alphabetic) {
            is_inner = line.contains("mod ") && line.ends_with('{');
        }
        if is_inner {
            let line = line.replace("super::super::", "\0").replace("super::", "");
            code += &line.replace('\0', "super::");
        } else {
            code += line;
        }
        code.push(' ');
    }
    code
}

/// The rest of each path in the source text that begins with `root::`. A path that ends in braces is
/// returned once for each path in the braces.
fn paths(code: &str, root: &str) -> Vec<String> {
    let root = format!("{root}::");
    let starts = code.match_indices(&root).filter(|(start, _)| {
        let before = code[..*start].chars().next_back();
        // Otherwise it is the end of a longer name or path, such as `$crate::`.
        !before.is_some_and(|before| before.is_alphanumeric() || "_$:".contains(before))
    });
    starts
        .flat_map(|(start, _)| expand(&code[start + root.len()..]))
        .filter(|path| !path.is_empty())
        .collect()
}

/// The paths that begin at the start of `text`: `a::b`, or `a::{b, c::D}` as `a::b` and `a::c::D`.
fn expand(text: &str) -> Vec<String> {
    let is_path = |c: char| c.is_alphanumeric() || c == '_' || c == ':';
    let end = text.find(|c| !is_path(c)).unwrap_or(text.len());
    let (prefix, rest) = text.split_at(end);
    let Some(group) = rest.strip_prefix('{') else {
        return vec![prefix.to_owned()];
    };
    let mut depth = 0;
    let mut parts = vec![String::new()];
    for c in group.chars() {
        match c {
            '}' if depth == 0 => break,
            ',' if depth == 0 => parts.push(String::new()),
            _ => {
                depth += i32::from(c == '{') - i32::from(c == '}');
                parts.last_mut().expect("never empty").push(c);
            }
        }
    }
    let parts = parts.iter().map(|part| part.trim());
    parts
        .filter(|part| !part.is_empty())
        .flat_map(expand)
        .map(|tail| format!("{prefix}{tail}"))
        .collect()
}

/// The files that use a file of a higher layer.
fn upward(uses: &Uses, layers: &[&[&str]]) -> Vec<String> {
    let layer = |file: &str| layers.iter().position(|layer| layer.contains(&file));
    let mut found = Vec::new();
    for (file, used) in uses {
        let higher = used.iter().filter(|used| layer(used) > layer(file));
        found.extend(higher.map(|used| format!("{file} uses {used}")));
    }
    found
}

/// The files that are left after repeatedly removing those that use no other and those that no other
/// uses. Empty if there is no circle.
fn circles(uses: &Uses) -> Vec<String> {
    let mut left = uses.clone();
    loop {
        let before = left.len();
        let names: BTreeSet<_> = left.keys().cloned().collect();
        left.retain(|_, used| !used.is_disjoint(&names));
        let used: BTreeSet<_> = left.values().flatten().cloned().collect();
        left.retain(|name, _| used.contains(name));
        if left.len() == before {
            return left.into_keys().collect();
        }
    }
}
