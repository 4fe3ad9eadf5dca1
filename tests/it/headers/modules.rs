//! The macros and inline functions of `Python.h`, in modules compiled as C and as C++.

use libtest_mimic::Trial;

use super::compilers::{Folder, Language, check, source, trial_in};

pub(super) fn trials() -> Vec<Trial> {
    let languages = [Language::C, Language::Cpp].into_iter();
    let trials = languages.map(|language| {
        let name = format!(
            "headers::macros-and-inline-functions-work::{}",
            language.name()
        );
        trial_in(language, name, |compiler| {
            let folder = Folder::new();
            folder.module(compiler, &source("everyday.c"), "everyday")?;
            check(&folder.run(include_str!("everyday.py")), "collected")
        })
    });
    trials.collect()
}
