//! The calling conventions of C functions: the `METH_…` flags of a definition, and how a function
//! gets its arguments. What Python code sees of such a function is in `method_definition`.

use core::ptr::null_mut;

use rustpython_capi::methodobject::PyMethodPointer;
use rustpython_vm::builtins::{PyBaseExceptionRef, PyType};
use rustpython_vm::function::{FuncArgs, PyMethodFlags};
use rustpython_vm::{AsObject, Py, PyObject, PyObjectRef, PyResult, VirtualMachine};

use crate::boundary::{SyncPtr, borrowed, call_c};

type CFunction = unsafe extern "C" fn(*mut PyObject, *mut PyObject) -> *mut PyObject;
type WithKeywords =
    unsafe extern "C" fn(*mut PyObject, *mut PyObject, *mut PyObject) -> *mut PyObject;
type Fast = unsafe extern "C" fn(*mut PyObject, *const *mut PyObject, isize) -> *mut PyObject;
type FastWithKeywords = unsafe extern "C" fn(
    *mut PyObject,
    *const *mut PyObject,
    isize,
    *mut PyObject,
) -> *mut PyObject;
type CMethod = unsafe extern "C" fn(
    *mut PyObject,
    *mut Py<PyType>,
    *const *mut PyObject,
    usize,
    *mut PyObject,
) -> *mut PyObject;

/// A C function and the way in which it takes its arguments.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Function {
    NoArgs(CFunction),
    One(CFunction),
    Tuple(CFunction),
    TupleAndDict(WithKeywords),
    Array(Fast),
    ArrayAndNames(FastWithKeywords),
    /// It also gets the class that defines it.
    ClassArrayAndNames(CMethod, DefiningClass),
}

/// The address of the class that defines a method. The class may be gone.
#[derive(Clone, Copy, Debug)]
pub(crate) struct DefiningClass(SyncPtr);

impl DefiningClass {
    pub(crate) fn address(self) -> usize {
        self.0.0.addr()
    }

    /// Whether `class` is this class or derived from it. If it is, this class is alive.
    pub(crate) fn is_base_of(self, class: &Py<PyType>) -> bool {
        let bases = class.mro.read();
        bases
            .iter()
            .any(|base| core::ptr::from_ref::<Py<PyType>>(base).addr() == self.address())
    }
}

impl Function {
    /// `None` if the flags are not valid, or if the pointer is NULL. `METH_METHOD` is valid only
    /// with a class.
    ///
    /// # Safety
    /// `pointer` is NULL, or a function that takes its arguments as `flags` say. `class` lives
    /// whenever the function is called.
    pub(crate) unsafe fn of(
        pointer: PyMethodPointer,
        flags: PyMethodFlags,
        class: Option<&Py<PyType>>,
    ) -> Option<Self> {
        type Flags = PyMethodFlags;
        // SAFETY: pointers to data and to functions have one size, and every bit pattern is a
        // pointer.
        let address = unsafe { core::mem::transmute::<PyMethodPointer, *const ()>(pointer) };
        if address.is_null() {
            return None;
        }
        let kind = flags.difference(Flags::STATIC | Flags::CLASS | Flags::COEXIST);
        Some(if kind == Flags::NOARGS {
            // SAFETY: METH_NOARGS has this field of the union.
            Self::NoArgs(unsafe { pointer.PyCFunction })
        } else if kind == Flags::O {
            // SAFETY: METH_O has this field.
            Self::One(unsafe { pointer.PyCFunction })
        } else if kind == Flags::VARARGS {
            // SAFETY: METH_VARARGS has this field.
            Self::Tuple(unsafe { pointer.PyCFunction })
        } else if kind == Flags::VARARGS | Flags::KEYWORDS {
            // SAFETY: METH_VARARGS | METH_KEYWORDS has this field.
            Self::TupleAndDict(unsafe { pointer.PyCFunctionWithKeywords })
        } else if kind == Flags::FASTCALL {
            // SAFETY: METH_FASTCALL has this field.
            Self::Array(unsafe { pointer.PyCFunctionFast })
        } else if kind == Flags::FASTCALL | Flags::KEYWORDS {
            // SAFETY: METH_FASTCALL | METH_KEYWORDS has this field.
            Self::ArrayAndNames(unsafe { pointer.PyCFunctionFastWithKeywords })
        } else if kind == Flags::METHOD | Flags::FASTCALL | Flags::KEYWORDS {
            let class = DefiningClass(SyncPtr(core::ptr::from_ref(class?).cast_mut().cast()));
            // SAFETY: with these flags it is such a function, by the contract of this function.
            let method = unsafe { core::mem::transmute::<*const (), CMethod>(address) };
            Self::ClassArrayAndNames(method, class)
        } else {
            return None;
        })
    }

    pub(crate) fn address(self) -> usize {
        match self {
            Self::NoArgs(f) | Self::One(f) | Self::Tuple(f) => f as usize,
            Self::TupleAndDict(f) => f as usize,
            Self::Array(f) => f as usize,
            Self::ArrayAndNames(f) => f as usize,
            Self::ClassArrayAndNames(f, _) => f as usize,
        }
    }

    /// The class that the function gets as its defining class.
    pub(crate) fn defining_class(self) -> Option<DefiningClass> {
        match self {
            Self::ClassArrayAndNames(_, class) => Some(class),
            _ => None,
        }
    }

    /// The flags of the convention, as the VM's own methods have them.
    pub(crate) fn flags(self) -> PyMethodFlags {
        type Flags = PyMethodFlags;
        match self {
            Self::NoArgs(_) => Flags::NOARGS,
            Self::One(_) => Flags::O,
            Self::Tuple(_) => Flags::VARARGS,
            Self::TupleAndDict(_) => Flags::VARARGS | Flags::KEYWORDS,
            Self::Array(_) => Flags::FASTCALL,
            Self::ArrayAndNames(_) | Self::ClassArrayAndNames(..) => {
                Flags::FASTCALL | Flags::KEYWORDS
            }
        }
    }

    #[inline]
    pub(crate) fn takes_keywords(self) -> bool {
        self.flags().contains(PyMethodFlags::KEYWORDS)
    }

    /// The reason why the function cannot be called with these arguments, of which the first
    /// `skipped` do not count; `None` if it can.
    #[inline]
    pub(crate) fn problem_with(self, args: &FuncArgs, skipped: usize) -> Option<String> {
        let given = args.args.len() - skipped;
        if !self.takes_keywords() && !args.kwargs.is_empty() {
            return Some("takes no keyword arguments".to_owned());
        }
        match self {
            Self::NoArgs(_) if given != 0 => Some(format!("takes no arguments ({given} given)")),
            Self::One(_) if given != 1 => {
                Some(format!("takes exactly one argument ({given} given)"))
            }
            _ => None,
        }
    }

    /// Calls the function. Returns its result and the exception that it raised. With `has_self` the
    /// first argument is passed as `self`; else NULL is. [`problem_with`](Self::problem_with) has
    /// found no problem with the arguments.
    ///
    /// # Errors
    /// Those of making a tuple or a dict of the arguments.
    #[inline]
    pub(crate) fn call(
        self,
        has_self: bool,
        mut args: FuncArgs,
        vm: &VirtualMachine,
    ) -> PyResult<(*mut PyObject, Option<PyBaseExceptionRef>)> {
        let skipped = usize::from(has_self);
        let zelf = if has_self {
            borrowed(&args.args[0])
        } else {
            null_mut()
        };
        let given = args.args.len() - skipped;
        Ok(match self {
            // SAFETY: by the contract of `of` the function takes these arguments, which live for
            // the call.
            Self::NoArgs(f) => call_c(vm, || unsafe { f(zelf, null_mut()) }),
            Self::One(f) => {
                let argument = borrowed(&args.args[skipped]);
                // SAFETY: as for `NoArgs`.
                call_c(vm, || unsafe { f(zelf, argument) })
            }
            Self::Tuple(f) => {
                let tuple = vm.ctx.new_tuple(args.args.split_off(skipped));
                // SAFETY: as for `NoArgs`; the tuple is dropped after the call.
                call_c(vm, || unsafe { f(zelf, borrowed(tuple.as_object())) })
            }
            Self::TupleAndDict(f) => {
                let tuple = vm.ctx.new_tuple(args.args.split_off(skipped));
                let dict = if args.kwargs.is_empty() {
                    None
                } else {
                    let dict = vm.ctx.new_dict();
                    for (name, value) in args.kwargs {
                        dict.set_item(&*name, value, vm)?;
                    }
                    Some(dict)
                };
                let dict_address = dict
                    .as_ref()
                    .map_or(null_mut(), |d| borrowed(d.as_object()));
                // SAFETY: as for `NoArgs`; tuple and dict are dropped after the call.
                call_c(vm, || unsafe {
                    f(zelf, borrowed(tuple.as_object()), dict_address)
                })
            }
            Self::Array(f) => {
                let array = addresses(&args.args[skipped..]);
                // SAFETY: as for `NoArgs`; the array has `given` elements.
                call_c(vm, || unsafe { f(zelf, array, given.cast_signed()) })
            }
            Self::ArrayAndNames(_) | Self::ClassArrayAndNames(..) => {
                let names = append_keywords(&mut args, vm);
                let array = addresses(&args.args[skipped..]);
                let names = names.as_deref().map_or(null_mut(), borrowed);
                // SAFETY: as for `NoArgs`; the array has `given` elements and one for each name.
                unsafe { self.call_array(zelf, array, given, names, vm) }
            }
        })
    }

    /// Calls a function that takes keywords. The first of `args` is passed as `self`; the first `count`
    /// are positional, and the others belong to `names`. Returns its result and the exception that it
    /// raised.
    ///
    /// # Errors
    /// Those of making a dict of the arguments.
    #[inline]
    pub(crate) fn call_with_names(
        self,
        mut args: Vec<PyObjectRef>,
        count: usize,
        names: &[PyObjectRef],
        vm: &VirtualMachine,
    ) -> PyResult<(*mut PyObject, Option<PyBaseExceptionRef>)> {
        let zelf = borrowed(&args[0]);
        if let Self::TupleAndDict(f) = self {
            let dict = vm.ctx.new_dict();
            for (name, value) in names.iter().zip(args.drain(count..)) {
                dict.set_item(&**name, value, vm)?;
            }
            let tuple = vm.ctx.new_tuple(args.split_off(1));
            // SAFETY: by the contract of `of` the function takes these arguments, which live for the
            // call.
            return Ok(call_c(vm, || unsafe {
                f(
                    zelf,
                    borrowed(tuple.as_object()),
                    borrowed(dict.as_object()),
                )
            }));
        }
        let names = vm.ctx.new_tuple(names.to_vec());
        let array = addresses(&args[1..]);
        // SAFETY: as above; the array has an element for each positional argument and each name.
        Ok(unsafe { self.call_array(zelf, array, count - 1, borrowed(names.as_object()), vm) })
    }

    /// Calls a function that takes an array and a tuple of names.
    ///
    /// # Safety
    /// The array has `given` elements, and one for each name. All arguments live for the call.
    unsafe fn call_array(
        self,
        zelf: *mut PyObject,
        array: *const *mut PyObject,
        given: usize,
        names: *mut PyObject,
        vm: &VirtualMachine,
    ) -> (*mut PyObject, Option<PyBaseExceptionRef>) {
        match self {
            Self::ArrayAndNames(f) => {
                let given = given.cast_signed();
                // SAFETY: by the contract of `of` the function takes these arguments.
                call_c(vm, || unsafe { f(zelf, array, given, names) })
            }
            Self::ClassArrayAndNames(f, class) => {
                let class = class.0.0.cast();
                // SAFETY: as above; the class lives, by the contract of `of`.
                call_c(vm, || unsafe { f(zelf, class, array, given, names) })
            }
            // The others take no names, and are not called.
            _ => (null_mut(), None),
        }
    }
}

/// Moves the values of the keyword arguments to the end of the positional ones. Returns a tuple of
/// their names; `None` if there are none.
fn append_keywords(args: &mut FuncArgs, vm: &VirtualMachine) -> Option<PyObjectRef> {
    if args.kwargs.is_empty() {
        return None;
    }
    let mut names: Vec<PyObjectRef> = Vec::with_capacity(args.kwargs.len());
    for (name, value) in core::mem::take(&mut args.kwargs) {
        names.push(vm.ctx.new_str(name).into());
        args.args.push(value);
    }
    Some(vm.ctx.new_tuple(names).into())
}

/// The references as a C array: a `PyObjectRef` is an address.
fn addresses(objects: &[PyObjectRef]) -> *const *mut PyObject {
    const { assert!(size_of::<PyObjectRef>() == size_of::<*mut PyObject>()) };
    objects.as_ptr().cast()
}
