//! Compiles the C functions with variable arguments, which stable Rust can call but not define.

const SOURCE: &str = "src/varargs.c";

fn main() {
    println!("cargo::rerun-if-changed={SOURCE}");
    println!("cargo::rerun-if-changed=include");
    let compiled = cc::Build::new()
        .cargo_metadata(false)
        .std("c11")
        .warnings(true)
        .extra_warnings(true)
        .include("include")
        .file(SOURCE)
        .try_compile("rustpython_capsule_varargs");
    if let Err(error) = compiled {
        println!(
            "cargo::error=rustpython-capsule-capi contains a file of C code and needs a C compiler, \
             such as the one that rustc calls to link programs: {error}"
        );
        return;
    }
    let folder = std::env::var("OUT_DIR").unwrap_or_default();
    println!("cargo::rustc-link-search=native={folder}");
    // No Rust code calls these functions, so the linker would leave them out.
    println!("cargo::rustc-link-lib=static:+whole-archive=rustpython_capsule_varargs");
}
