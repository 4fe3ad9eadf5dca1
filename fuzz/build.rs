//! Sets the linker arguments of programs with the C API.

fn main() {
    rustpython_capsule_build::link_args();
}
