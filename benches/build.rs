//! Compiles the clock of the rows in C, which also times the rows in Rust. Passes the linker the
//! arguments for a program that contains the C API: export its functions to loaded libraries, and
//! use the first definition, ours, of functions that two crates define.

fn main() {
    println!("cargo:rerun-if-changed=build.rs");
    println!("cargo:rerun-if-changed=c/clock.c");
    println!("cargo:rerun-if-changed=c/clock.h");
    cc::Build::new()
        .std("c11")
        .define("_GNU_SOURCE", "1")
        .file("c/clock.c")
        .compile("capsule_benches_clock");
    if std::env::var("CARGO_CFG_TARGET_OS").is_ok_and(|system| system == "linux") {
        println!(
            "cargo:rustc-link-arg-bins=-Wl,--export-dynamic-symbol=Py*,--export-dynamic-symbol=_Py*,-z,muldefs"
        );
    }
}
