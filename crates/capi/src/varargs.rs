//! The arguments of C functions with variable arguments. `varargs.c` defines these functions and
//! reads the arguments; the functions of this crate that it calls are in the files of their headers.

use core::ffi::{c_double, c_int, c_long, c_longlong, c_void};
use core::marker::{PhantomData, PhantomPinned};
use core::ptr::NonNull;

use rustpython_vm::PyObject;

/// The variable arguments of a call, which are read in order. It is a pointer to the `Arguments` of
/// `varargs.c`, and valid until the C function returns.
#[derive(Debug)]
#[repr(transparent)]
pub(crate) struct Arguments(NonNull<List>);

#[derive(Debug)]
#[repr(C)]
struct List {
    _opaque: [u8; 0],
    _marker: PhantomData<(*mut u8, PhantomPinned)>,
}

unsafe extern "C" {
    fn rustpython_capsule_next_int(arguments: NonNull<List>) -> c_int;
    fn rustpython_capsule_next_long(arguments: NonNull<List>) -> c_long;
    fn rustpython_capsule_next_long_long(arguments: NonNull<List>) -> c_longlong;
    fn rustpython_capsule_next_ssize(arguments: NonNull<List>) -> isize;
    fn rustpython_capsule_next_double(arguments: NonNull<List>) -> c_double;
    fn rustpython_capsule_next_pointer(arguments: NonNull<List>) -> *mut c_void;
}

impl Arguments {
    /// The next argument, an `int` or of a type that C converts to `int` here; an `unsigned int` has
    /// the same bits.
    ///
    /// # Safety
    /// There is another argument, and it has this type.
    pub(crate) unsafe fn int(&mut self) -> c_int {
        // SAFETY: the list is valid by the type's invariant; the caller promises the type.
        unsafe { rustpython_capsule_next_int(self.0) }
    }

    /// The next argument, a `long`; an `unsigned long` has the same bits.
    ///
    /// # Safety
    /// There is another argument, and it has this type.
    pub(crate) unsafe fn long(&mut self) -> c_long {
        // SAFETY: as in `int`.
        unsafe { rustpython_capsule_next_long(self.0) }
    }

    /// The next argument, a `long long`, which has the size of `intmax_t`; an `unsigned long long`
    /// has the same bits.
    ///
    /// # Safety
    /// There is another argument, and it has this type.
    pub(crate) unsafe fn long_long(&mut self) -> c_longlong {
        // SAFETY: as in `int`.
        unsafe { rustpython_capsule_next_long_long(self.0) }
    }

    /// The next argument, a `Py_ssize_t` or `ptrdiff_t`; a `size_t` has the same bits.
    ///
    /// # Safety
    /// There is another argument, and it has this type.
    pub(crate) unsafe fn ssize(&mut self) -> isize {
        // SAFETY: as in `int`.
        unsafe { rustpython_capsule_next_ssize(self.0) }
    }

    /// The next argument, a `double` or `float`.
    ///
    /// # Safety
    /// There is another argument, and it has this type.
    pub(crate) unsafe fn double(&mut self) -> c_double {
        // SAFETY: as in `int`.
        unsafe { rustpython_capsule_next_double(self.0) }
    }

    /// The next argument, a pointer of any type.
    ///
    /// # Safety
    /// There is another argument, and it has this type.
    pub(crate) unsafe fn pointer(&mut self) -> *mut c_void {
        // SAFETY: as in `int`.
        unsafe { rustpython_capsule_next_pointer(self.0) }
    }

    /// The next argument, an object or NULL.
    ///
    /// # Safety
    /// There is another argument, and it has this type.
    pub(crate) unsafe fn object(&mut self) -> *mut PyObject {
        // SAFETY: the caller promises that it is a pointer.
        unsafe { self.pointer() }.cast()
    }
}
