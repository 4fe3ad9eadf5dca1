//! Tells the linker what it must know of a program that has the C API in it: of functions that two
//! crates define, to take the first, which is ours.

fn main() {
    println!("cargo:rerun-if-changed=build.rs");
    println!("cargo:rustc-link-arg-bins=-Wl,-z,muldefs");
}
