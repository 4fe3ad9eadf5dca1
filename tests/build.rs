//! Compiles the C code that the tests call, if there is a compiler, and sets the linker arguments
//! that programs with the C API need.

use std::path::Path;

/// A cfg for `tests/it`. Without it, tests that need C code are skipped.
const HAS_C: &str = "c_compiler";

const FILES: [&str; 10] = [
    "rows.c",
    "suite/harness.c",
    "suite/accessors.c",
    "suite/exceptions.c",
    "suite/destructors.c",
    "suite/imports.c",
    "suite/collector.c",
    "suite/threads.c",
    "suite/stress.c",
    "suite/table.c",
];

fn main() {
    println!("cargo:rerun-if-changed=c");
    println!("cargo:rerun-if-changed=../crates/capi/include");
    println!("cargo:rustc-check-cfg=cfg({HAS_C})");
    // For the tests of code that must not compile.
    let rustc = std::env::var("RUSTC").unwrap_or_else(|_| "rustc".to_owned());
    println!("cargo:rustc-env=CAPSULE_TESTS_RUSTC={rustc}");
    rustpython_capsule_build::link_args();
    compile();
}

/// The tests link the library with an attribute, so that it comes before the crates with the C API.
fn compile() {
    let mut build = cc::Build::new();
    build
        .cargo_metadata(false)
        .std("c11")
        .extra_warnings(true)
        .warnings_into_errors(true)
        .include("../crates/capi/include")
        .include("c");
    let compiler = build
        .try_get_compiler()
        .ok()
        .and_then(|compiler| compiler.to_command().arg("--version").output().ok());
    if compiler.is_none() {
        return;
    }
    for file in FILES {
        build.file(Path::new("c").join(file));
    }
    build.compile("capsule_tests_c");
    let folder = std::env::var("OUT_DIR").unwrap_or_default();
    println!("cargo:rustc-link-search=native={folder}");
    println!("cargo:rustc-cfg={HAS_C}");
}
