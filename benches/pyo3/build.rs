//! Compiles the clock of the rows in C, which also times these rows.

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
