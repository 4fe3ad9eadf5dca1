//! The destructors that a capsule can be given. `finalize` decides when one runs; `callback_guard`
//! handles its exceptions and panics.

use core::fmt;

use rustpython_vm::{Py, PyObject, PyObjectRef, VirtualMachine};

use crate::alloc::try_box;
use crate::error::CapsuleError;
use crate::ffi_types::CDestructor;
use crate::finalize::RUN_CLOSURE;
use crate::foreign_threads::register;
use crate::owned::{Closure, RustDestructor};
use crate::payload::{PyCapsule, as_capsule};

/// What runs when a capsule is destroyed: nothing, a C function, a Rust closure or a Python callable.
///
/// It runs at most once, on the thread that drops the last reference; a Python callable runs on
/// another thread if that one is exiting. Every accessor works inside it. An exception that it leaves
/// pending, or a panic, goes to `sys.unraisablehook` with the capsule; an exception that was pending
/// before is kept.
pub struct Destructor(Result<Kind, CapsuleError>);

enum Kind {
    None,
    C(CDestructor),
    Closure(Closure),
}

impl Destructor {
    /// No destructor.
    #[must_use]
    pub fn none() -> Self {
        Self(Ok(Kind::None))
    }

    /// A C function.
    ///
    /// # Safety
    /// `function` may be called once with a capsule that has it as its destructor, on any thread,
    /// attached to an interpreter or not, and does not unwind.
    #[must_use]
    pub unsafe fn c(function: CDestructor) -> Self {
        Self(Ok(Kind::C(function)))
    }

    /// A Rust closure. It runs on whatever thread drops the last reference; one that needs the
    /// interpreter gets it from `rustpython_vm::vm::thread::try_with_current_vm`. A panic is
    /// caught. If there is no memory for the closure, it is dropped, and building the capsule, or
    /// setting the destructor, fails.
    #[must_use]
    pub fn rust(closure: impl FnOnce(&Py<PyCapsule>) + Send + 'static) -> Self {
        let boxed = try_box(move |object: &PyObject| {
            if let Some(capsule) = as_capsule(object) {
                closure(capsule);
            }
        });
        let boxed = boxed.map(|boxed| boxed as RustDestructor);
        Self(boxed.map(|boxed| Kind::Closure(Closure::Rust(Some(boxed)))))
    }

    /// A Python callable. It is called with the capsule in the interpreter of `vm`, even if the
    /// last reference is dropped on a thread that belongs to no interpreter. Once that interpreter
    /// is finalized the callable cannot be called, and is dropped instead.
    ///
    /// The first one in an interpreter makes the VM create a thread state, which aborts the process
    /// if there is no memory. The others allocate nothing.
    #[must_use]
    pub fn python(callable: PyObjectRef, vm: &VirtualMachine) -> Self {
        Self(Ok(Kind::Closure(Closure::Python {
            callable,
            interpreter_id: register(vm),
        })))
    }

    /// The C function that a capsule with this destructor has.
    pub(crate) fn c_function(&self) -> Option<CDestructor> {
        match self.0 {
            Ok(Kind::C(function)) => Some(function),
            Ok(Kind::Closure(_)) => Some(RUN_CLOSURE),
            Ok(Kind::None) | Err(_) => None,
        }
    }

    /// The closure that the capsule has to own, if it is one.
    ///
    /// # Errors
    /// [`CapsuleError::OutOfMemory`], if there was no memory for the closure.
    pub(crate) fn into_closure(self) -> Result<Option<Closure>, CapsuleError> {
        Ok(match self.0? {
            Kind::Closure(closure) => Some(closure),
            Kind::None | Kind::C(_) => None,
        })
    }
}

impl Default for Destructor {
    fn default() -> Self {
        Self::none()
    }
}

impl fmt::Debug for Destructor {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self.0 {
            Ok(Kind::None) => "Destructor::None",
            Ok(Kind::C(_)) => "Destructor::C",
            Ok(Kind::Closure(Closure::Rust(_))) => "Destructor::Rust",
            Ok(Kind::Closure(Closure::Python { .. })) => "Destructor::Python",
            Err(_) => "Destructor without memory",
        })
    }
}
