//! What the linker must know of a program that has the C API in it: to export it to the libraries
//! that it loads, and, of functions that two crates define, to take the first, which is ours.

fn main() {
    println!("cargo:rerun-if-changed=build.rs");
    if std::env::var("CARGO_CFG_TARGET_OS").is_ok_and(|system| system == "linux") {
        println!(
            "cargo:rustc-link-arg-bins=-Wl,--export-dynamic-symbol=Py*,--export-dynamic-symbol=_Py*,-z,muldefs"
        );
    }
}
