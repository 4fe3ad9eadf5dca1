//! Runs `tests/models`, a workspace of its own: models of the field protocol under loom, which
//! tries every interleaving of their threads.

use libtest_mimic::{Completion, Trial};

use crate::extensions::building::{cargo, is_available, root, succeed};

pub(crate) fn trials() -> Vec<Trial> {
    vec![Trial::ignorable_test(
        "models::hold-in-every-interleaving",
        || {
            if !is_available("tests/models") {
                return Ok(Completion::ignored_with(
                    "skipped, loom is not here and cannot be downloaded",
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
        },
    )]
}
