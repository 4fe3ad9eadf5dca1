//! The list of wheels, `wheels.toml`.

use std::path::{Path, PathBuf};

use toml::{Table, Value};

use crate::command::Failure;

/// The folder of this package.
pub(crate) fn folder() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

#[derive(Debug)]
pub(crate) struct List {
    pub(crate) wheels: Vec<Wheel>,
    /// The distributions of pytest, `NAME==VERSION`.
    pub(crate) pytest: Vec<String>,
}

#[derive(Debug)]
pub(crate) struct Wheel {
    pub(crate) name: String,
    pub(crate) version: String,
    pub(crate) module: String,
    pub(crate) with: Vec<String>,
    pub(crate) with_cpython: Vec<String>,
    pub(crate) note: Option<String>,
    pub(crate) suite: Option<Suite>,
}

/// The tests in the source distribution of a library.
#[derive(Debug)]
pub(crate) struct Suite {
    /// Files, or folders whose files named `test_*.py` are run.
    pub(crate) tests: Vec<String>,
    pub(crate) with: Vec<String>,
    /// A part of a test's name, and why such a test fails here.
    pub(crate) failures: Vec<(String, String)>,
}

impl List {
    pub(crate) fn read() -> Result<Self, Failure> {
        let text = std::fs::read_to_string(folder().join("wheels.toml"))?;
        parse(&text).map_err(|error| format!("wheels.toml: {error}").into())
    }

    /// Keeps the wheels whose name contains one of these; all if there are none.
    pub(crate) fn keep(&mut self, names: &[String]) -> Result<(), Failure> {
        if !names.is_empty() {
            let wanted = |wheel: &Wheel| names.iter().any(|name| wheel.name.contains(name));
            self.wheels.retain(wanted);
        }
        if self.wheels.is_empty() {
            return Err(format!("no wheel is named {}", names.join(" or ")).into());
        }
        Ok(())
    }
}

impl Wheel {
    /// `NAME==VERSION`, as pip wants it.
    pub(crate) fn requirement(&self) -> String {
        format!("{}=={}", self.name, self.version)
    }

    pub(crate) fn probe(&self) -> PathBuf {
        folder().join("probes").join(format!("{}.py", self.name))
    }

    /// The folder with modules that take the place of others; it need not exist.
    pub(crate) fn stand_ins(&self) -> PathBuf {
        folder().join("stand_ins").join(&self.name)
    }
}

fn parse(text: &str) -> Result<List, String> {
    let table: Table = text.parse().map_err(|error| format!("{error}"))?;
    let wheels = table.get("wheel").and_then(Value::as_array);
    let wheels = wheels.ok_or("there is no wheel")?.iter();
    let wheels = wheels.map(|value| wheel(value.as_table().ok_or("a wheel is a table")?));
    let pytest = table.get("pytest").and_then(Value::as_table);
    Ok(List {
        wheels: wheels.collect::<Result<_, String>>()?,
        pytest: texts(pytest.ok_or("there is no pytest")?, "with")?,
    })
}

fn wheel(table: &Table) -> Result<Wheel, String> {
    let keys = [
        "name",
        "version",
        "module",
        "with",
        "with-cpython",
        "note",
        "suite",
    ];
    known(table, &keys)?;
    let suite = table.get("suite").and_then(Value::as_table);
    Ok(Wheel {
        name: text(table, "name")?,
        version: text(table, "version")?,
        module: text(table, "module")?,
        with: texts(table, "with")?,
        with_cpython: texts(table, "with-cpython")?,
        note: table
            .contains_key("note")
            .then(|| text(table, "note"))
            .transpose()?,
        suite: suite.map(parse_suite).transpose()?,
    })
}

fn parse_suite(table: &Table) -> Result<Suite, String> {
    known(table, &["tests", "with", "failures"])?;
    let failures = table.get("failures").and_then(Value::as_table);
    let failures = failures.into_iter().flatten().map(|(test, why)| {
        let why = why.as_str().ok_or_else(|| format!("{test}: not a text"))?;
        Ok((test.clone(), why.to_owned()))
    });
    Ok(Suite {
        tests: texts(table, "tests")?,
        with: texts(table, "with")?,
        failures: failures.collect::<Result<_, String>>()?,
    })
}

/// Fails if the table has another key.
fn known(table: &Table, keys: &[&str]) -> Result<(), String> {
    let other = table.keys().find(|key| !keys.contains(&key.as_str()));
    other.map_or(Ok(()), |key| Err(format!("unknown key: {key}")))
}

fn text(table: &Table, key: &str) -> Result<String, String> {
    let text = table.get(key).and_then(Value::as_str);
    text.map(str::to_owned)
        .ok_or_else(|| format!("no text for {key}"))
}

/// The texts of an array; none if the key is missing.
fn texts(table: &Table, key: &str) -> Result<Vec<String>, String> {
    let Some(value) = table.get(key) else {
        return Ok(Vec::new());
    };
    let texts = value.as_array().and_then(|values| {
        let texts = values.iter().map(|value| value.as_str().map(str::to_owned));
        texts.collect()
    });
    texts.ok_or_else(|| format!("{key} is not an array of texts"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_wheel_has_a_probe_and_exact_versions() {
        let list = List::read().expect("the list can be read");
        for wheel in &list.wheels {
            assert!(wheel.probe().is_file(), "{}", wheel.name);
            let suite = wheel.suite.iter().flat_map(|suite| &suite.with);
            let others = wheel.with.iter().chain(&wheel.with_cpython).chain(suite);
            for requirement in others.chain(&list.pytest) {
                assert!(requirement.contains("=="), "{requirement}");
            }
        }
    }

    #[test]
    fn every_probe_and_stand_in_belongs_to_a_wheel() {
        let list = List::read().expect("the list can be read");
        for part in ["probes", "stand_ins"] {
            for entry in std::fs::read_dir(folder().join(part)).expect("the folder exists") {
                let path = entry.expect("it can be read").path();
                let name = path.file_stem().unwrap_or_default().to_string_lossy();
                let known = list.wheels.iter().any(|wheel| *wheel.name == *name);
                assert!(known, "{}", path.display());
            }
        }
    }

    #[test]
    fn mistakes_in_the_list_are_told() {
        let rows = [
            ("", "there is no wheel"),
            ("wheel = [5]\n[pytest]", "a wheel is a table"),
            ("[[wheel]]\nname = 'a'\n[pytest]", "no text for version"),
            ("[[wheel]]\nnmae = 'a'\n[pytest]", "unknown key: nmae"),
            (
                "[[wheel]]\nname = 'a'\nversion = '1'\nmodule = 'a'\nwith = 'b'\n[pytest]",
                "with is not an array of texts",
            ),
            (
                "[[wheel]]\nname = 'a'\nversion = '1'\nmodule = 'a'\n",
                "there is no pytest",
            ),
        ];
        for (text, expected) in rows {
            assert_eq!(parse(text).expect_err(text), expected);
        }
    }
}
