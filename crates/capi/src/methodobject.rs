//! `methodobject.h`: C functions as Python functions. Each call starts with no exception pending,
//! so that C code that is called in an `except` block does not mistake the exception that is being
//! handled for its own. After the call, result and exception are checked against each other.

use core::ffi::c_char;
use core::ptr::null_mut;

use rustpython_capi::methodobject::{PyMethodDef as CMethodDef, PyMethodPointer};
use rustpython_capi::object::PyTypeObject;
use rustpython_vm::builtins::{PyBaseExceptionRef, PyModule, PyStr, PyType};
use rustpython_vm::function::{Callee, FuncArgs, ItemDoc, PyMethodDef, PyMethodFlags};
use rustpython_vm::{AsObject, PyObject, PyObjectRef, PyResult, VirtualMachine};

use crate::boundary::{
    Inconsistency, borrowed, call_c, checked_result, enter, new_reference, owned, utf8_argument,
};
use crate::function_definitions::{Key, definition};

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

/// A C function and the way in which it takes its arguments.
#[derive(Clone, Copy, Debug)]
enum Function {
    NoArgs(CFunction),
    One(CFunction),
    Tuple(CFunction),
    TupleAndDict(WithKeywords),
    Array(Fast),
    ArrayAndNames(FastWithKeywords),
}

/// The properties of a function object.
#[derive(Clone, Copy, Debug)]
struct Method {
    name: &'static str,
    /// The name in error messages.
    full_name: &'static str,
    /// Empty if there is none.
    doc: &'static str,
    function: Function,
    /// Whether the function object is bound to an object, which the VM passes as the first
    /// argument.
    bound: bool,
}

/// A function object for a C function, bound to `zelf`.
///
/// # Errors
/// SystemError if the definition has no name or NULL for a function, or if its flags are not valid;
/// UnicodeDecodeError for a name or docstring that is not UTF-8.
///
/// # Safety
/// The strings of the definition are NULL or NUL-terminated, and its function is NULL or takes its
/// arguments as the flags say, whenever it is called.
pub(crate) unsafe fn new_function(
    definition: &CMethodDef,
    zelf: Option<PyObjectRef>,
    module: Option<PyObjectRef>,
    vm: &VirtualMachine,
) -> PyResult {
    let flags = PyMethodFlags::from_bits_retain(definition.ml_flags.cast_unsigned());
    let zelf = zelf.filter(|_| !flags.contains(PyMethodFlags::STATIC));
    // SAFETY: the strings of the definition are NULL or NUL-terminated, by the contract of this
    // function.
    let name = unsafe { interned(definition.ml_name, vm) }?;
    let Some(name) = name else {
        return Err(vm.new_system_error("a method definition has no name"));
    };
    // SAFETY: the strings of the definition are NULL or NUL-terminated, by the contract of this
    // function.
    let doc = unsafe { interned(definition.ml_doc, vm) }?;
    // SAFETY: the function is as the flags say, by the contract of this function.
    let function = unsafe { Function::of(definition.ml_meth, flags) };
    let Some(function) = function else {
        return Err(vm.new_system_error(format!("{name}() method: bad call flags")));
    };
    let method = Method {
        name,
        full_name: full_name(name, zelf.as_deref(), module.as_deref(), vm),
        doc: doc.unwrap_or_default(),
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

/// Interns a string from C, which makes it live forever; `None` for NULL.
///
/// # Safety
/// `string` is NULL or a NUL-terminated string.
unsafe fn interned(string: *const c_char, vm: &VirtualMachine) -> PyResult<Option<&'static str>> {
    if string.is_null() {
        return Ok(None);
    }
    // SAFETY: `string` is not NULL, so it is a NUL-terminated string.
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
        Key {
            name: self.name,
            full_name: self.full_name,
            doc: self.doc,
            address,
            kind,
            bound: self.bound,
        }
    }

    fn definition(self) -> &'static PyMethodDef {
        definition(self.key(), || {
            let doc = if self.doc.is_empty() {
                ItemDoc::NONE
            } else {
                ItemDoc::static_text(self.doc)
            };
            let empty = PyMethodFlags::empty();
            let template = PyMethodDef::new_raw_const(self.name, placeholder, empty, doc);
            let call = move |vm: &VirtualMachine, args: FuncArgs, _: Callee| self.call(args, vm);
            PyMethodDef {
                func: Box::leak(Box::new(call)),
                ..template
            }
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

/// The function of the template of all definitions.
fn placeholder(_: &VirtualMachine, _: FuncArgs, _: Callee) -> PyResult {
    unreachable!("each definition replaces this function")
}

/// The name of a function in error messages: its module, its class and its own name. The class is
/// that of the object that the function is bound to, or that object if it is a class itself.
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
    /// `None` if the flags are not valid, or if the pointer is NULL.
    ///
    /// # Safety
    /// `pointer` is NULL, or a function that takes its arguments as `flags` say.
    unsafe fn of(pointer: PyMethodPointer, flags: PyMethodFlags) -> Option<Self> {
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
        } else {
            return None;
        })
    }

    fn takes_keywords(self) -> bool {
        matches!(self, Self::TupleAndDict(_) | Self::ArrayAndNames(_))
    }

    /// The reason why the function cannot be called with these arguments; `None` if it can.
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

    /// Calls the function. Returns its result and the exception that it raised.
    fn call(
        self,
        zelf: *mut PyObject,
        mut args: FuncArgs,
        vm: &VirtualMachine,
    ) -> PyResult<(*mut PyObject, Option<PyBaseExceptionRef>)> {
        let given = args.args.len().cast_signed();
        Ok(match self {
            // SAFETY: by the contract of `of` the function takes these arguments, which live for
            // the call.
            Self::NoArgs(f) => call_c(vm, || unsafe { f(zelf, null_mut()) }),
            // SAFETY: as for `NoArgs`.
            Self::One(f) => call_c(vm, || unsafe { f(zelf, borrowed(&args.args[0])) }),
            Self::Tuple(f) => {
                let tuple = vm.ctx.new_tuple(args.args);
                // SAFETY: as for `NoArgs`; the tuple is dropped after the call.
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
                // SAFETY: as for `NoArgs`; tuple and dict are dropped after the call.
                call_c(vm, || unsafe {
                    f(zelf, borrowed(tuple.as_object()), dict_address)
                })
            }
            Self::Array(f) => {
                let array = addresses(&args.args);
                // SAFETY: as for `NoArgs`; the array has `given` elements.
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
                // SAFETY: as for `NoArgs`; the array has `given` elements and one for each name.
                call_c(vm, || unsafe { f(zelf, array, given, names_address) })
            }
        })
    }
}

/// The references as a C array: a `PyObjectRef` is an address.
fn addresses(objects: &[PyObjectRef]) -> *const *mut PyObject {
    const { assert!(size_of::<PyObjectRef>() == size_of::<*mut PyObject>()) };
    objects.as_ptr().cast()
}

/// A new function object for a C function, bound to `zelf` unless it is NULL; `module` becomes its
/// `__module__`. A new reference, or NULL with an exception.
///
/// # Safety
/// `definition` is NULL or a valid definition; `zelf` is NULL or an object; `module` is NULL or the
/// name of a module.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn PyCFunction_NewEx(
    definition: *mut CMethodDef,
    zelf: *mut PyObject,
    module: *mut PyObject,
) -> *mut PyObject {
    enter(|vm| {
        // SAFETY: `definition` is NULL or a definition, which the caller keeps for the call.
        let Some(definition) = (unsafe { definition.as_ref() }) else {
            return Err(vm.new_system_error("PyCFunction_NewEx: NULL instead of a definition"));
        };
        // SAFETY: `zelf` is NULL or an object, which the caller keeps alive.
        let zelf = unsafe { zelf.as_ref() }.map(ToOwned::to_owned);
        // SAFETY: `module` is NULL or an object, which the caller keeps alive.
        let module = unsafe { module.as_ref() }.map(ToOwned::to_owned);
        // SAFETY: the caller promises a valid definition.
        unsafe { new_function(definition, zelf, module, vm) }.map(new_reference)
    })
}

/// A new function object without a module; see [`PyCFunction_NewEx`].
///
/// # Safety
/// As for [`PyCFunction_NewEx`].
#[unsafe(no_mangle)]
pub unsafe extern "C" fn PyCFunction_New(
    definition: *mut CMethodDef,
    zelf: *mut PyObject,
) -> *mut PyObject {
    // SAFETY: it makes the same demands as this function, and takes NULL for `module`.
    unsafe { PyCFunction_NewEx(definition, zelf, null_mut()) }
}

/// A new function object; see [`PyCFunction_NewEx`]. The class is ignored. `METH_METHOD`, for
/// functions that get their defining class as an argument, is not supported: it is a SystemError.
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
    // SAFETY: it makes the same demands as this function.
    unsafe { PyCFunction_NewEx(definition, zelf, module) }
}
