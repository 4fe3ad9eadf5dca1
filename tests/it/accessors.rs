//! The functions of the API: what each answers, in which order it checks, and with which text it
//! refuses. Every row runs through Rust and through Python.

use libtest_mimic::Trial;

use crate::interpreter::{child_source, trial};

pub(crate) fn trials() -> Vec<Trial> {
    vec![trial("accessors::smoke", || {
        let ended =
            child_source("import _capsule; print(_capsule.get_pointer(_capsule.new(7, 'a'), 'a'))");
        if ended.code == Some(0) && ended.stdout == "7\n" {
            Ok(())
        } else {
            Err(format!("{ended:?}").into())
        }
    })]
}
