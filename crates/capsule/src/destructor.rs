//! The three kinds of destructor, and the C function that stands for those that are not C. When
//! one runs is decided in `last_rites`; what it may leave behind is dealt with in `firewall`.

use core::fmt;

use rustpython_vm::{AsObject, Py, PyObject, PyObjectRef, VirtualMachine};

use crate::attach;
use crate::class::as_capsule;
use crate::doors::{self, InterpreterId};
use crate::error::CapsuleError;
use crate::memory::try_box;
use crate::{PyCapsule, firewall};

/// A destructor as C knows it: called once with the dying capsule, which it does not own.
pub type CDestructor = unsafe extern "C" fn(capsule: *mut PyObject);

/// A destructor as an address; NULL is none.
#[inline]
pub(crate) fn as_address(destructor: Option<CDestructor>) -> *mut () {
    destructor.map_or(core::ptr::null_mut(), |function| function as *mut ())
}

/// The destructor at an address.
///
/// # Safety
/// `address` comes from [`as_address`].
#[inline]
pub(crate) unsafe fn from_address(address: *mut ()) -> Option<CDestructor> {
    // SAFETY:
    // - layout: a function pointer and its `Option` have the size of a data pointer on every
    //   platform that RustPython runs on, and NULL is `None`.
    // - validity: passed on from the caller.
    unsafe { core::mem::transmute::<*mut (), Option<CDestructor>>(address) }
}

/// A destructor written in Rust: called once with the dying capsule.
pub(crate) type RustDestructor = Box<dyn FnOnce(&Py<PyCapsule>) + Send>;

/// What runs when a capsule dies: nothing, a C function, a Rust closure or a Python callable.
///
/// Whichever it is, it runs at most once, on the thread that drops the last reference (but a Python
/// callable on another, where that thread is at its very end), and every accessor works inside it.
/// What it leaves behind (an exception, a panic) goes to `sys.unraisablehook` with the capsule; an
/// exception that was pending before is kept.
pub struct Destructor(Result<Kind, CapsuleError>);

enum Kind {
    None,
    C(CDestructor),
    Closure(Closure),
}

/// A destructor that C cannot express; the capsule owns it.
pub(crate) enum Closure {
    /// `None` once it has begun to run.
    Rust(Option<RustDestructor>),
    Python {
        callable: PyObjectRef,
        home: InterpreterId,
    },
}

/// Which kind of [`Destructor`] a capsule has.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum DestructorKind {
    /// Nothing runs.
    None,
    /// A C function.
    C,
    /// A Rust closure.
    Rust,
    /// A Python callable.
    Python,
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
    /// interpreter asks `rustpython_vm::vm::thread::try_with_current_vm` for it. A panic is
    /// contained. Where there is no memory to keep it in, the closure is dropped, and building the
    /// capsule, or setting the destructor, tells.
    #[must_use]
    pub fn rust(closure: impl FnOnce(&Py<PyCapsule>) + Send + 'static) -> Self {
        let kept = try_box(closure).map(|closure| closure as RustDestructor);
        Self(kept.map(|closure| Kind::Closure(Closure::Rust(Some(closure)))))
    }

    /// A Python callable, which will be called with the capsule in the interpreter of `vm`, also
    /// where the last reference is dropped on a thread that has no interpreter. Once that
    /// interpreter is finalised it can no longer be called, and is dropped instead.
    ///
    /// The first in an interpreter has the VM make a thread state for it, which ends the process
    /// where there is no memory; the others need none.
    #[must_use]
    pub fn python(callable: PyObjectRef, vm: &VirtualMachine) -> Self {
        Self(Ok(Kind::Closure(Closure::Python {
            callable,
            home: doors::home_of(vm),
        })))
    }

    /// The C function that a capsule with this destructor shows to C.
    pub(crate) fn c_function(&self) -> Option<CDestructor> {
        match self.0 {
            Ok(Kind::C(function)) => Some(function),
            Ok(Kind::Closure(_)) => Some(RUN_CLOSURE),
            Ok(Kind::None) | Err(_) => None,
        }
    }

    /// What the capsule has to own for it.
    ///
    /// # Errors
    /// [`CapsuleError::OutOfMemory`], if there was none for the closure.
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

impl Closure {
    /// Drops the closure that `capsule` had a moment ago. The collector may be looking at a callable
    /// of it, which it does while no thread is in an interpreter; so a callable goes inside one.
    pub(crate) fn end(self, capsule: &PyObject) {
        let shown = Some(capsule);
        firewall::contain(shown, || match self {
            Self::Rust(closure) => drop(closure),
            Self::Python { callable, home } => {
                attach::with_home(home, |_| firewall::contain(shown, || drop(callable)));
            }
        });
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

/// The one address that stands for "the capsule owns a closure". A `static`, because a function's
/// own address need not be the same everywhere it is taken.
pub(crate) static RUN_CLOSURE: CDestructor = run_closure;

/// C may read this destructor from one capsule, keep it and put it back; on a capsule that owns no
/// closure, or no longer, it does nothing.
unsafe extern "C" fn run_closure(capsule: *mut PyObject) {
    // SAFETY: a destructor is called with an object that lives for the call.
    let Some(capsule) = (unsafe { capsule.as_ref() }) else {
        return;
    };
    let Some(capsule) = as_capsule(capsule) else {
        return;
    };
    let shown = Some(capsule.as_object());
    match capsule.closure_to_run() {
        None => {}
        Some(Closure::Rust(closure)) => firewall::contain(shown, || {
            if let Some(closure) = closure {
                closure(capsule);
            }
        }),
        Some(Closure::Python { callable, home }) => firewall::contain(shown, move || {
            attach::with_home(home, |vm| {
                firewall::contain(shown, || {
                    if let Err(exception) = callable.call((capsule.to_owned(),), vm) {
                        firewall::report(exception, shown, vm);
                    }
                });
            });
            drop(callable);
        }),
    }
}
