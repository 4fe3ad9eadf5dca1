//! The one call that an embedder makes, and what became of it.

use rustpython_vm::{InterpreterBuilder, VirtualMachine};

use crate::{_capsule, replace};

/// What Python code may do with capsules.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Access {
    /// Everything that `_capsule` offers. Python code that can do this can crash the process, as
    /// it can with `ctypes`.
    Open,
    /// Look, check and import; not make a capsule, change one, or read an address. `ctypes` and
    /// shared libraries cannot be loaded. For scripts that are not trusted.
    Sealed,
}

/// The level of the interpreter of `vm`; `None` where it was made without capsules.
#[must_use]
pub fn access(vm: &VirtualMachine) -> Option<Access> {
    let definition = *vm.state.module_defs.get("_capsule")?;
    let is = |other| core::ptr::eq(definition, other);
    if is(_capsule::open(&vm.ctx)) {
        Some(Access::Open)
    } else if is(_capsule::sealed(&vm.ctx)) {
        Some(Access::Sealed)
    } else {
        None
    }
}

/// Adds capsules to an interpreter in the making.
pub trait CapsuleBuilderExt {
    /// Registers `_capsule` and makes `types.CapsuleType` this project's class, in the interpreter
    /// and in all sub-interpreters that it makes.
    #[must_use]
    fn with_capsules(self, access: Access) -> Self;
}

impl CapsuleBuilderExt for InterpreterBuilder {
    fn with_capsules(self, access: Access) -> Self {
        let ctx = self.ctx.clone();
        let mut definitions = Vec::from_iter(replace::always(&ctx));
        match access {
            Access::Open => definitions.push(_capsule::open(&ctx)),
            Access::Sealed => {
                definitions.push(_capsule::sealed(&ctx));
                definitions.extend(replace::when_sealed(&ctx));
            }
        }
        let builder = self.add_native_modules(&definitions);
        match access {
            Access::Open => builder,
            Access::Sealed => builder.init_hook(replace::seal),
        }
    }
}
