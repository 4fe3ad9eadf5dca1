//! Adding capsules to an interpreter, and the access level of an interpreter.

use rustpython_vm::{InterpreterBuilder, VirtualMachine};

use crate::{_capsule, replace};

/// What Python code may do with capsules.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Access {
    /// All of `_capsule`. Python code can crash the process with it, as with `ctypes`.
    Open,
    /// For untrusted scripts: they can describe, check and import capsules, but not make or change
    /// one, nor read an address. They cannot load `ctypes` or shared libraries.
    Sealed,
}

/// The access level of the interpreter of `vm`; `None` if it was made without capsules.
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

/// Adds capsules to an interpreter that is being built.
pub trait CapsuleBuilderExt {
    /// Registers `_capsule` and makes `types.CapsuleType` the class of these capsules, in the
    /// interpreter and in all its sub-interpreters.
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
