//! The models of the field protocol, in every order of their threads: `tests/models`, which is a
//! workspace of its own.

use libtest_mimic::{Completion, Trial};

use crate::extensions::building::{cargo, is_available, root, succeed};

pub(crate) fn trials() -> Vec<Trial> {
    vec![Trial::ignorable_test("models::all-orders-hold", || {
        if !is_available("tests/models") {
            return Ok(Completion::ignored_with(
                "left out, the model checker is not here and cannot be had",
            ));
        }
        let target = concat!(env!("CARGO_TARGET_TMPDIR"), "/models");
        let mut test = cargo();
        test.args(["test", "--quiet", "--locked", "--", "--nocapture"]);
        test.current_dir(root().join("tests/models"));
        test.env("CARGO_TARGET_DIR", target);
        let printed = succeed(&mut test)?.stdout;
        print!("{}", String::from_utf8_lossy(&printed));
        Ok(Completion::Completed)
    })]
}
