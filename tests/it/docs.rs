//! The documentation agrees with itself and with the workspace: links, the index of the pages, the
//! names of tests and of differences, the `Cargo.toml` of an embedder.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use libtest_mimic::{Failed, Trial};
use toml::Table;

use crate::interpreter::trial;

/// `tests` are all other tests, which the documentation names.
pub(crate) fn trials(tests: &[Trial]) -> Vec<Trial> {
    let names: Vec<String> = tests.iter().map(|test| test.name().to_owned()).collect();
    vec![
        trial("docs::the-check-finds-a-broken-link", check_finds),
        trial("docs::links-lead-to-files-and-headings", links_resolve),
        trial("docs::each-page-is-in-its-index-once", index),
        trial("docs::the-first-command-comes-within-two-screens", screens),
        trial("docs::each-difference-is-explained", differences),
        // Some tests exist only where there is a C compiler.
        trial("docs::the-tests-that-are-named-exist", move || {
            tests_exist(&names)
        })
        .with_ignored_flag(!cfg!(c_compiler)),
        trial("docs::an-embedders-manifest-resolves", manifests),
    ]
}

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("..")
}

fn read(path: &str) -> Result<String, Failed> {
    let text = fs::read_to_string(root().join(path));
    Ok(text.map_err(|error| format!("{path}: {error}"))?)
}

/// All pages of the workspace that users read.
fn pages() -> Result<Vec<String>, Failed> {
    let mut pages = Vec::new();
    for folder in ["", "docs/", "docs/design/", "fuzz/"] {
        for entry in fs::read_dir(root().join(folder))? {
            let name = entry?.file_name().to_string_lossy().into_owned();
            if name.ends_with(".md") {
                pages.push(format!("{folder}{name}"));
            }
        }
    }
    Ok(pages)
}

/// The text of a page without its blocks of code.
fn prose(text: &str) -> String {
    text.split("\n```")
        .step_by(2)
        .collect::<Vec<_>>()
        .join("\n")
}

/// The targets of the links of a page, without those on other sites.
fn links(text: &str) -> Vec<String> {
    prose(text)
        .split("](")
        .skip(1)
        .filter_map(|rest| rest.split(')').next())
        .filter(|target| !target.contains("://"))
        .map(str::to_owned)
        .collect()
}

/// The anchors of a page: its headings, in the form in which a link names them, and its `id`s.
fn anchors(text: &str) -> Vec<String> {
    let prose = prose(text);
    let headings = prose.lines().filter(|line| line.starts_with('#'));
    let mut anchors: Vec<String> = headings
        .map(|line| line.trim_start_matches('#').trim().to_lowercase())
        .map(|heading| {
            let kept = |character: &char| character.is_alphanumeric() || " -_".contains(*character);
            let kept: String = heading.chars().filter(kept).collect();
            kept.replace(' ', "-")
        })
        .collect();
    let ids = prose.split("<a id=\"").skip(1);
    anchors.extend(
        ids.filter_map(|rest| rest.split('"').next())
            .map(str::to_owned),
    );
    anchors
}

/// # Errors
/// The link leads nowhere.
fn resolve(page: &str, link: &str) -> Result<(), Failed> {
    let (file, anchor) = link.split_once('#').unwrap_or((link, ""));
    let target = match file {
        "" => root().join(page),
        file => root().join(page).parent().unwrap_or(&root()).join(file),
    };
    let broken = || Failed::from(format!("{page} links to {link}, which is not there"));
    if anchor.is_empty() {
        return target.exists().then_some(()).ok_or_else(broken);
    }
    let text = fs::read_to_string(target).map_err(|_| broken())?;
    let found = anchors(&text).iter().any(|known| known == anchor);
    found.then_some(()).ok_or_else(broken)
}

fn check_finds() -> Result<(), Failed> {
    let text = "# A `b`: c\n[x](no.md) [y](#a-b-c)\n```text\n[z](code)\n```\n<a id=\"d\"></a>";
    if links(text) != ["no.md", "#a-b-c"] || anchors(text) != ["a-b-c", "d"] {
        return Err(format!("{:?} {:?}", links(text), anchors(text)).into());
    }
    let good = resolve("docs/README.md", "../README.md#start");
    match (good, resolve("docs/README.md", "../README.md#no")) {
        (Ok(()), Err(_)) => Ok(()),
        other => Err(format!("{other:?}").into()),
    }
}

fn links_resolve() -> Result<(), Failed> {
    for page in pages()? {
        for link in links(&read(&page)?) {
            resolve(&page, &link)?;
        }
    }
    Ok(())
}

/// How often a page links to a file or to a place in it.
fn count(page: &str, file: &str) -> Result<usize, Failed> {
    let links = links(&read(page)?);
    let files = links.iter().filter_map(|link| link.split('#').next());
    Ok(files.filter(|link| *link == file).count())
}

fn index() -> Result<(), Failed> {
    for page in pages()? {
        let Some((folder, name)) = page.rsplit_once('/') else {
            continue;
        };
        if name == "README.md" || !folder.starts_with("docs") {
            continue;
        }
        let times = count(&format!("{folder}/README.md"), name)?;
        if times != 1 {
            return Err(format!("{folder}/README.md links to {name} {times} times").into());
        }
        if count("README.md", &page)? > 1 {
            return Err(format!("README.md links to {page} more than once").into());
        }
    }
    match (
        count("README.md", "docs/README.md")?,
        count("docs/README.md", "design/README.md")?,
    ) {
        (1, 1) => Ok(()),
        other => Err(format!("links to the two indices: {other:?}").into()),
    }
}

/// Two screens of 45 lines of 100 columns.
fn screens() -> Result<(), Failed> {
    let readme = read("README.md")?;
    let (before, _) = readme
        .split_once("\n$ cargo py ")
        .ok_or("no first command")?;
    let lines = before
        .lines()
        .map(|line| line.chars().count().div_ceil(100).max(1));
    let lines: usize = lines.sum();
    if lines <= 90 {
        Ok(())
    } else {
        Err(format!("{lines} lines").into())
    }
}

fn differences() -> Result<(), Failed> {
    let folder = root().join("tests/it/differential");
    let names = fs::read_dir(folder)?
        .filter_map(|entry| fs::read_to_string(entry.ok()?.path()).ok())
        .find_map(|source| variants(&source))
        .ok_or("the type cannot be read")?;
    for page in ["docs/differences.md", "docs/conformance.md"] {
        let text = read(page)?;
        for name in &names {
            if !text.contains(&format!("`{name}`")) {
                return Err(format!("{page} does not have {name}").into());
            }
        }
    }
    Ok(())
}

/// The names of the differences, if the source text defines their type.
fn variants(source: &str) -> Option<Vec<String>> {
    let (before, after) = source.split_once("\n    PendingHidden,\n")?;
    let before = before.rsplit_once("enum ")?.1;
    let after = after.split_once("\n}")?.0;
    let names = before.lines().skip(1).chain(after.lines());
    let names = names.filter_map(|line| line.trim().strip_suffix(','));
    let names = names.filter(|name| name.chars().all(char::is_alphanumeric));
    let names: Vec<String> = names.map(str::to_owned).collect();
    (names.len() >= 15).then_some(names)
}

/// The spans of code in a text.
fn spans(text: &str) -> impl Iterator<Item = &str> {
    text.split('`').skip(1).step_by(2)
}

/// In the tables of a page whose last column has this title, the cells of that column.
fn last_column(text: &str, title: &str) -> String {
    let mut inside = false;
    let mut cells = String::new();
    for line in text.lines() {
        let cell = line
            .strip_suffix(" |")
            .and_then(|line| line.rsplit_once("| "));
        let Some((_, cell)) = cell else {
            inside = false;
            continue;
        };
        if inside {
            cells.push_str(cell);
        }
        inside |= cell == title;
    }
    cells
}

fn tests_exist(tests: &[String]) -> Result<(), Failed> {
    let mut wanted = Vec::new();
    let is_name = |span: &&str| {
        span.chars()
            .all(|c| c.is_ascii_lowercase() || "-:".contains(c))
    };
    let safety = prose(&read("docs/safety.md")?);
    let in_safety = spans(&safety)
        .filter(is_name)
        .filter(|span| span.contains("::"));
    wanted.extend(in_safety.map(str::to_owned));
    let sealed = read("docs/sealed.md")?;
    let in_prose = prose(&sealed);
    let in_prose = spans(&in_prose).filter(|span| span.starts_with("sealed::") && is_name(span));
    wanted.extend(in_prose.map(str::to_owned));
    let sealed = last_column(&sealed, "tests `sealed::…`");
    let in_sealed = spans(&sealed).map(|span| span.trim_end_matches('…'));
    wanted.extend(in_sealed.map(|span| format!("sealed::{span}")));
    let conformance = last_column(&read("docs/conformance.md")?, "tests");
    wanted.extend(spans(&conformance).map(|span| format!("{span}::")));
    if wanted.len() < 60 {
        return Err(format!("the pages cannot be read: {wanted:?}").into());
    }
    for name in wanted {
        if !tests.iter().any(|test| test.starts_with(&name)) {
            return Err(format!("there is no test {name}").into());
        }
    }
    Ok(())
}

/// The pages that show a manifest, each in a package beside a checkout.
fn manifests() -> Result<(), Failed> {
    let readme = toml_block("README.md")?;
    let profile = readme.split_once("[profile.dev]").ok_or("no profile")?.1;
    let embedding = toml_block("docs/embedding.md")?;
    let whole = format!("{embedding}\n[profile.dev]{profile}");
    manifest(&readme)?;
    manifest(&whole)
}

fn toml_block(page: &str) -> Result<String, Failed> {
    let text = read(page)?;
    let (_, block) = text.split_once("\n```toml\n").ok_or("no such block")?;
    Ok(block.split("```").next().unwrap_or_default().to_owned())
}

/// # Errors
/// The manifest differs from those of the workspace, or Cargo does not resolve it.
fn manifest(block: &str) -> Result<(), Failed> {
    let shown: Table = block.parse()?;
    let ours: Table = read("Cargo.toml")?.parse()?;
    for (name, dependency) in shown["dependencies"].as_table().ok_or("no table")? {
        let same = dependency == &ours["workspace"]["dependencies"][name];
        if !same && dependency.get("path").is_none() {
            return Err(format!("{name} is not as in the workspace").into());
        }
    }
    let (shown, ours) = (&shown["profile"]["dev"], &ours["profile"]["dev"]);
    let profiles = [
        (shown, ours),
        (&shown["package"]["*"], &ours["package"]["*"]),
    ];
    for (shown, ours) in profiles {
        for (key, value) in shown.as_table().ok_or("no profile")? {
            if key != "package" && ours.get(key) != Some(value) {
                return Err(format!("{key} of the profile is not as in the workspace").into());
            }
        }
    }
    let folder = tempfile::tempdir()?;
    let crates = root().canonicalize()?.join("crates");
    let block = block.replace("../rustpython-capsules/crates", &crates.to_string_lossy());
    let package = "[package]\nname = \"embedder\"\nversion = \"0.1.0\"\nedition = \"2024\"\n";
    let text = format!("{package}{block}\n[workspace]\n");
    fs::write(folder.path().join("Cargo.toml"), text)?;
    fs::create_dir(folder.path().join("src"))?;
    fs::write(folder.path().join("src/main.rs"), "fn main() {}\n")?;
    fs::copy(root().join("Cargo.lock"), folder.path().join("Cargo.lock"))?;
    let cargo = std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into());
    let output = Command::new(cargo)
        .args(["tree", "--offline", "--quiet"])
        .current_dir(folder.path())
        .output()?;
    if output.status.success() {
        Ok(())
    } else {
        Err(String::from_utf8_lossy(&output.stderr).into_owned().into())
    }
}
