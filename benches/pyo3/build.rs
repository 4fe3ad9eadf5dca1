//! Compiles the clock that the rows are timed by, which is the one of the rows in C.

fn main() {
    println!("cargo:rerun-if-changed=build.rs");
    println!("cargo:rerun-if-changed=../c/clock.c");
    println!("cargo:rerun-if-changed=../c/clock.h");
    cc::Build::new()
        .std("c11")
        .define("_GNU_SOURCE", "1")
        .file("../c/clock.c")
        .compile("speed_clock");
}
