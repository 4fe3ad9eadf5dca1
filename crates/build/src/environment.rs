//! The environment variables that Cargo sets for a build script. Tests make their own.

use std::collections::HashMap;
use std::env;
use std::path::PathBuf;

/// The variables of a build script.
pub(crate) struct Environment(HashMap<String, String>);

impl Environment {
    /// Those of this process, without those that are not UTF-8.
    pub(crate) fn of_process() -> Self {
        let variables = env::vars_os().filter_map(|(name, value)| {
            Some((name.into_string().ok()?, value.into_string().ok()?))
        });
        Self(variables.collect())
    }

    #[cfg(test)]
    pub(crate) fn with(variables: &[(&str, &str)]) -> Self {
        let variables = variables.iter();
        Self(
            variables
                .map(|(name, value)| ((*name).to_owned(), (*value).to_owned()))
                .collect(),
        )
    }

    pub(crate) fn get(&self, name: &str) -> Option<&str> {
        self.0.get(name).map(String::as_str)
    }

    /// The value; empty if there is none.
    pub(crate) fn text(&self, name: &str) -> &str {
        self.get(name).unwrap_or_default()
    }

    /// The value as a path; `None` if it is missing or empty.
    pub(crate) fn path(&self, name: &str) -> Option<PathBuf> {
        let value = self.get(name)?;
        (!value.is_empty()).then(|| value.into())
    }

    /// The flags of rustc from `RUSTFLAGS` and Cargo's configuration.
    pub(crate) fn rustc_flags(&self) -> impl Iterator<Item = &str> {
        let flags = self.text("CARGO_ENCODED_RUSTFLAGS").split('\u{1f}');
        flags.filter(|flag| !flag.is_empty())
    }
}
