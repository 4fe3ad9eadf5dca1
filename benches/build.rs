//! Compiles the clock that the rows in Rust are timed by, which is the one of the rows in C; and
//! tells the linker what it must know of a program that has the C API in it: to export it to the
//! libraries that it loads, and, of functions that two crates define, to take the first, which is
//! ours.

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
