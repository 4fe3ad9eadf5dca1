//! Sets the linker arguments that programs with the C API need.

fn main() {
    rustpython_capsule_build::link_args();
}
