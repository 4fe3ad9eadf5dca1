//! Compiles the C functions with variable arguments, which stable Rust can call but not define.

const SOURCE: &str = "src/varargs.c";

fn main() {
    println!("cargo::rerun-if-changed={SOURCE}");
    println!("cargo::rerun-if-changed=include");
    let compiled = cc::Build::new()
        .std("c11")
        .extra_warnings(true)
        .include("include")
        .file(SOURCE)
        // No Rust code calls these functions, so the linker would leave them out.
        .link_lib_modifier("+whole-archive")
        .try_compile("rustpython_capsule_varargs");
    if let Err(error) = compiled {
        println!(
            "cargo::error=rustpython-capsule-capi contains a file of C code and needs a C compiler, \
             such as the one that rustc calls to link programs: {error}"
        );
    }
}
