//! Passes the linker the argument for a program that contains the C API: use the first definition,
//! ours, of functions that two crates define.

fn main() {
    println!("cargo:rerun-if-changed=build.rs");
    println!("cargo:rustc-link-arg-bins=-Wl,-z,muldefs");
}
