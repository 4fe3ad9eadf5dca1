//! Compiles the clock that the rows in Rust are timed by, which is the one of the rows in C; and sets
//! the linker arguments that programs with the C API need.

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
