//! `methodobject.h`: C functions as Python functions. Each call goes out with nothing pending, so
//! that C code that is called inside an `except` block does not take the exception that is being
//! handled for its own; and what it answers is held against what it raised.

use core::ffi::c_char;
use core::ptr::null_mut;
use std::collections::HashMap;
use std::sync::{LazyLock, Mutex, PoisonError};

use rustpython_capi::methodobject::{PyMethodDef as CMethodDef, PyMethodPointer};
use rustpython_capi::object::PyTypeObject;
use rustpython_vm::builtins::{PyBaseExceptionRef, PyModule, PyStr, PyType};
use rustpython_vm::function::{Callee, FuncArgs, ItemDoc, PyMethodDef, PyMethodFlags};
use rustpython_vm::{AsObject, PyObject, PyObjectRef, PyResult, VirtualMachine};

use crate::boundary::{
    Inconsistency, borrowed, call_c, checked_result, enter, new_reference, owned, utf8_argument,
};

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

/// A C function and how it takes its arguments.
#[derive(Clone, Copy, Debug)]
enum Function {
    NoArgs(CFunction),
    One(CFunction),
    Tuple(CFunction),
    TupleAndDict(WithKeywords),
    Array(Fast),
    ArrayAndNames(FastWithKeywords),
}

/// Everything that a function object is made of.
#[derive(Clone, Copy, Debug)]
struct Method {
    name: &'static str,
    /// What messages call it.
    full_name: &'static str,
    doc: Option<&'static str>,
    function: Function,
    /// Whether the first argument is the object that the function is bound to.
    bound: bool,
}

/// What tells methods apart: names, doc, the function's address and kind, whether it is bound.
type Key = (
    &'static str,
    &'static str,
    Option<&'static str>,
    usize,
    usize,
    bool,
);

/// The VM never frees a function's definition, so each is made once.
static DEFINITIONS: LazyLock<Mutex<HashMap<Key, &'static PyMethodDef, ahash::RandomState>>> =
    LazyLock::new(Mutex::default);

/// A function object for a C function, bound to `zelf`.
///
/// # Errors
/// SystemError for a definition with no name, or flags that name no way to take arguments;
/// UnicodeDecodeError.
///
/// # Safety
/// `definition` is one that C code has filled in: strings are NUL-terminated or NULL, and the
/// function is what the flags say.
pub(crate) unsafe fn new_function(
    definition: &CMethodDef,
    zelf: Option<PyObjectRef>,
    module: Option<PyObjectRef>,
    vm: &VirtualMachine,
) -> PyResult {
    let flags = PyMethodFlags::from_bits_retain(definition.ml_flags.cast_unsigned());
    let zelf = zelf.filter(|_| !flags.contains(PyMethodFlags::STATIC));
    // SAFETY: passed on from the caller.
    let name = unsafe { interned(definition.ml_name, vm) }?;
    let Some(name) = name else {
        return Err(vm.new_system_error("a method definition has no name"));
    };
    // SAFETY: passed on from the caller.
    let doc = unsafe { interned(definition.ml_doc, vm) }?;
    // SAFETY: passed on from the caller.
    let function = unsafe { Function::of(definition.ml_meth, flags) };
    let Some(function) = function else {
        return Err(vm.new_system_error(format!("{name}() method: bad call flags")));
    };
    let method = Method {
        name,
        full_name: full_name(name, zelf.as_deref(), module.as_deref(), vm),
        doc: doc.filter(|doc| !doc.is_empty()),
        function,
        bound: zelf.is_some(),
    };
    let function: PyObjectRef = match zelf {
        Some(zelf) => method
            .definition()
            .build_bound_function(&vm.ctx, zelf)
            .into(),
        None => method.definition().build_function(&vm.ctx).into(),
    };
    if let Some(module) = module {
        function.set_attr("__module__", module, vm)?;
    }
    Ok(function)
}

/// A string of C's as one that is kept for ever, once for each text; `None` for NULL.
///
/// # Safety
/// `string` is NULL or a NUL-terminated string.
unsafe fn interned(string: *const c_char, vm: &VirtualMachine) -> PyResult<Option<&'static str>> {
    if string.is_null() {
        return Ok(None);
    }
    // SAFETY: passed on from the caller, and not NULL.
    let text = unsafe { utf8_argument(string, vm) }?;
    Ok(Some(vm.ctx.intern_str(text).as_str()))
}

impl Method {
    fn key(self) -> Key {
        let (kind, address) = match self.function {
            Function::NoArgs(f) => (0, f as usize),
            Function::One(f) => (1, f as usize),
            Function::Tuple(f) => (2, f as usize),
            Function::TupleAndDict(f) => (3, f as usize),
            Function::Array(f) => (4, f as usize),
            Function::ArrayAndNames(f) => (5, f as usize),
        };
        (
            self.name,
            self.full_name,
            self.doc,
            address,
            kind,
            self.bound,
        )
    }

    fn definition(self) -> &'static PyMethodDef {
        let mut definitions = DEFINITIONS.lock().unwrap_or_else(PoisonError::into_inner);
        definitions.entry(self.key()).or_insert_with(|| {
            let doc = self.doc.map_or(ItemDoc::NONE, ItemDoc::static_text);
            let empty = PyMethodFlags::empty();
            let template = PyMethodDef::new_raw_const(self.name, placeholder, empty, doc);
            let call = move |vm: &VirtualMachine, args: FuncArgs, _: Callee| self.call(args, vm);
            Box::leak(Box::new(PyMethodDef {
                func: Box::leak(Box::new(call)),
                ..template
            }))
        })
    }

    fn call(self, mut args: FuncArgs, vm: &VirtualMachine) -> PyResult {
        let zelf = if self.bound {
            args.take_positional()
        } else {
            None
        };
        if let Some(problem) = self.function.problem_with(&args) {
            return Err(vm.new_type_error(format!("{}() {problem}", self.full_name)));
        }
        let zelf_address = zelf.as_deref().map_or(null_mut(), borrowed);
        let (answer, raised) = vm.with_recursion("while calling a C function", || {
            self.function.call(zelf_address, args, vm)
        })?;
        let contradiction = |disagreement| {
            let what = match disagreement {
                Inconsistency::FailedSilently => "NULL without setting an exception",
                Inconsistency::RaisedUnreported => "a result with an exception set",
            };
            format!("<built-in function {}> returned {what}", self.name)
        };
        // SAFETY: functions return a new reference or NULL.
        checked_result(unsafe { owned(answer) }, raised, contradiction, vm)
    }
}

fn placeholder(_: &VirtualMachine, _: FuncArgs, _: Callee) -> PyResult {
    unreachable!("another stands in its place in every definition")
}

/// A function's name for messages, with what it is a part of before it: the module that it was made
/// for, the class of the object or the class that it is bound to.
fn full_name(
    name: &str,
    zelf: Option<&PyObject>,
    module: Option<&PyObject>,
    vm: &VirtualMachine,
) -> &'static str {
    let owner = zelf.filter(|zelf| zelf.downcast_ref::<PyModule>().is_none());
    let class = owner.map(|owner| owner.downcast_ref::<PyType>().unwrap_or(owner.class()));
    let module = module.and_then(|module| module.downcast_ref::<PyStr>());
    let mut full = String::new();
    if let Some(module) = module {
        full += &format!("{module}.");
    }
    if let Some(class) = class {
        full += &format!("{}.", class.name());
    }
    vm.ctx.intern_str(full + name).as_str()
}

impl Function {
    /// `None` where the flags name no way to take arguments.
    ///
    /// # Safety
    /// `pointer` is a function that takes its arguments as `flags` say, or NULL.
    unsafe fn of(pointer: PyMethodPointer, flags: PyMethodFlags) -> Option<Self> {
        type Flags = PyMethodFlags;
        // SAFETY: a pointer to data and one to a function are alike, and any bits are one.
        let address = unsafe { core::mem::transmute::<PyMethodPointer, *const ()>(pointer) };
        if address.is_null() {
            return None;
        }
        let kind = flags.difference(Flags::STATIC | Flags::CLASS | Flags::COEXIST);
        Some(if kind == Flags::NOARGS {
            // SAFETY: the flags say that it is this one of the union.
            Self::NoArgs(unsafe { pointer.PyCFunction })
        } else if kind == Flags::O {
            // SAFETY: as above.
            Self::One(unsafe { pointer.PyCFunction })
        } else if kind == Flags::VARARGS {
            // SAFETY: as above.
            Self::Tuple(unsafe { pointer.PyCFunction })
        } else if kind == Flags::VARARGS | Flags::KEYWORDS {
            // SAFETY: as above.
            Self::TupleAndDict(unsafe { pointer.PyCFunctionWithKeywords })
        } else if kind == Flags::FASTCALL {
            // SAFETY: as above.
            Self::Array(unsafe { pointer.PyCFunctionFast })
        } else if kind == Flags::FASTCALL | Flags::KEYWORDS {
            // SAFETY: as above.
            Self::ArrayAndNames(unsafe { pointer.PyCFunctionFastWithKeywords })
        } else {
            return None;
        })
    }

    fn takes_keywords(self) -> bool {
        matches!(self, Self::TupleAndDict(_) | Self::ArrayAndNames(_))
    }

    /// Why the function cannot be called with these arguments.
    fn problem_with(self, args: &FuncArgs) -> Option<String> {
        if !self.takes_keywords() && !args.kwargs.is_empty() {
            return Some("takes no keyword arguments".to_owned());
        }
        match (self, args.args.len()) {
            (Self::NoArgs(_), given @ 1..) => Some(format!("takes no arguments ({given} given)")),
            (Self::One(_), given) if given != 1 => {
                Some(format!("takes exactly one argument ({given} given)"))
            }
            _ => None,
        }
    }

    /// The function's answer, and the exception that it raised.
    fn call(
        self,
        zelf: *mut PyObject,
        mut args: FuncArgs,
        vm: &VirtualMachine,
    ) -> PyResult<(*mut PyObject, Option<PyBaseExceptionRef>)> {
        let given = args.args.len().cast_signed();
        Ok(match self {
            // SAFETY: it takes this, see `of`; what it is given lives for the call. So below.
            Self::NoArgs(f) => call_c(vm, || unsafe { f(zelf, null_mut()) }),
            // SAFETY: as above.
            Self::One(f) => call_c(vm, || unsafe { f(zelf, borrowed(&args.args[0])) }),
            Self::Tuple(f) => {
                let tuple = vm.ctx.new_tuple(args.args);
                // SAFETY: as above.
                call_c(vm, || unsafe { f(zelf, borrowed(tuple.as_object())) })
            }
            Self::TupleAndDict(f) => {
                let tuple = vm.ctx.new_tuple(args.args);
                let dict = vm.ctx.new_dict();
                for (name, value) in args.kwargs {
                    dict.set_item(&*name, value, vm)?;
                }
                let dict = (!dict.is_empty()).then_some(dict);
                let dict_address = dict
                    .as_ref()
                    .map_or(null_mut(), |d| borrowed(d.as_object()));
                // SAFETY: as above.
                call_c(vm, || unsafe {
                    f(zelf, borrowed(tuple.as_object()), dict_address)
                })
            }
            Self::Array(f) => {
                let array = addresses(&args.args);
                // SAFETY: as above.
                call_c(vm, || unsafe { f(zelf, array, given) })
            }
            Self::ArrayAndNames(f) => {
                let (names, values): (Vec<_>, Vec<_>) = args.kwargs.into_iter().unzip();
                let names: Vec<PyObjectRef> = names
                    .into_iter()
                    .map(|name| vm.ctx.new_str(name).into())
                    .collect();
                let names = (!names.is_empty()).then(|| vm.ctx.new_tuple(names));
                let names_address = names
                    .as_ref()
                    .map_or(null_mut(), |n| borrowed(n.as_object()));
                args.args.extend(values);
                let array = addresses(&args.args);
                // SAFETY: as above.
                call_c(vm, || unsafe { f(zelf, array, given, names_address) })
            }
        })
    }
}

/// References as the array of addresses that they are.
fn addresses(objects: &[PyObjectRef]) -> *const *mut PyObject {
    const { assert!(size_of::<PyObjectRef>() == size_of::<*mut PyObject>()) };
    objects.as_ptr().cast()
}

/// # Safety
/// `definition` and `zelf` as CPython's manual says; `module` is the name of a module or NULL.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn PyCFunction_NewEx(
    definition: *mut CMethodDef,
    zelf: *mut PyObject,
    module: *mut PyObject,
) -> *mut PyObject {
    enter(|vm| {
        // SAFETY: a definition of the caller's, or NULL.
        let Some(definition) = (unsafe { definition.as_ref() }) else {
            return Err(vm.new_system_error("PyCFunction_NewEx: NULL instead of a definition"));
        };
        // SAFETY: an object of the caller's, or NULL.
        let zelf = unsafe { zelf.as_ref() }.map(ToOwned::to_owned);
        // SAFETY: an object of the caller's, or NULL.
        let module = unsafe { module.as_ref() }.map(ToOwned::to_owned);
        // SAFETY: passed on from the caller.
        unsafe { new_function(definition, zelf, module, vm) }.map(new_reference)
    })
}

/// # Safety
/// As for [`PyCFunction_NewEx`].
#[unsafe(no_mangle)]
pub unsafe extern "C" fn PyCFunction_New(
    definition: *mut CMethodDef,
    zelf: *mut PyObject,
) -> *mut PyObject {
    // SAFETY: passed on from the caller.
    unsafe { PyCFunction_NewEx(definition, zelf, null_mut()) }
}

/// Functions that are told the class which defines them (`METH_METHOD`) cannot be made: their flags
/// are refused.
///
/// # Safety
/// As for [`PyCFunction_NewEx`].
#[unsafe(no_mangle)]
pub unsafe extern "C" fn PyCMethod_New(
    definition: *mut CMethodDef,
    zelf: *mut PyObject,
    module: *mut PyObject,
    _class: *mut PyTypeObject,
) -> *mut PyObject {
    // SAFETY: passed on from the caller.
    unsafe { PyCFunction_NewEx(definition, zelf, module) }
}
