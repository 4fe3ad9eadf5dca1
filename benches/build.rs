//! Compiles the clock of the rows in C, which also times the rows in Rust, and sets the linker
//! arguments of programs with the C API.

fn main() {
    println!("cargo:rerun-if-changed=c/clock.c");
    println!("cargo:rerun-if-changed=c/clock.h");
    cc::Build::new()
        .std("c11")
        .define("_GNU_SOURCE", "1")
        .file("c/clock.c")
        .compile("capsule_benches_clock");
    rustpython_capsule_build::link_args();
}
