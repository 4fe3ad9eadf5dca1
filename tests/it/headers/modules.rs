//! Macros and inline functions of `Python.h` do what they say, in modules that are compiled as C and
//! as C++.

use libtest_mimic::Trial;

use super::compilers::{Language, Workshop, judge, source, trial_in};

pub(super) fn trials() -> Vec<Trial> {
    let languages = [Language::C, Language::Cpp].into_iter();
    let trials = languages.map(|language| {
        let name = format!("headers::macros-do-what-they-say::{}", language.name());
        trial_in(language, name, |compiler| {
            let workshop = Workshop::new();
            workshop.module(compiler, &source("everyday.c"), "everyday")?;
            judge(&workshop.run(include_str!("everyday.py")), "collected")
        })
    });
    trials.collect()
}
