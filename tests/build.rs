//! Compiles the C code that the tests call, where there is a compiler; and tells the linker what it
//! must know of a program that has the C API in it: to export it to the libraries that it loads,
//! and, of functions that two crates define, to take the first, which is ours.

use std::path::Path;

/// Read by `tests/it`: without it, what needs C code is left out.
const HAS_C: &str = "c_compiler";

const FILES: [&str; 10] = [
    "rows.c",
    "alone/harness.c",
    "alone/accessors.c",
    "alone/exceptions.c",
    "alone/destructors.c",
    "alone/imports.c",
    "alone/collector.c",
    "alone/threads.c",
    "alone/stress.c",
    "alone/table.c",
];

fn main() {
    println!("cargo:rerun-if-changed=build.rs");
    println!("cargo:rerun-if-changed=c");
    println!("cargo:rerun-if-changed=../crates/capi/include");
    println!("cargo:rustc-check-cfg=cfg({HAS_C})");
    // For the tests of what must not compile.
    let rustc = std::env::var("RUSTC").unwrap_or_else(|_| "rustc".to_owned());
    println!("cargo:rustc-env=CAPSULE_TESTS_RUSTC={rustc}");
    if std::env::var("CARGO_CFG_TARGET_OS").is_ok_and(|system| system == "linux") {
        println!(
            "cargo:rustc-link-arg-tests=-Wl,--export-dynamic-symbol=Py*,--export-dynamic-symbol=_Py*,-z,muldefs"
        );
    }
    compile();
}

/// The tests link the library themselves, so that it comes before the crates with the C API.
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
