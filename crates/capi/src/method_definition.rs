//! C functions as the VM's functions and methods: their arguments are checked, the call starts with
//! no exception pending, and the result is checked against the exception. C code that is called in
//! an `except` block therefore does not mistake the exception that is being handled for its own.

use core::ffi::{c_char, c_int};

use rustpython_capi::methodobject::PyMethodDef as CMethodDef;
use rustpython_vm::builtins::{PyBaseExceptionRef, PyType};
use rustpython_vm::function::{Callee, FuncArgs, ItemDoc, PyMethodDef, PyMethodFlags};
use rustpython_vm::{AsObject, Py, PyObjectRef, PyResult, VirtualMachine};

use crate::boundary::{Inconsistency, checked_result, owned, utf8_argument};
use crate::calling_convention::{DefiningClass, Function};
use crate::class_attributes::full_name as class_name;
use crate::function_definitions::{Key, Receiver, definition};

/// The end of the message about too many nested calls.
const RECURSION: &str = "while calling a C function";

/// A C function, and what Python code sees of it.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Method {
    pub(crate) name: &'static str,
    /// The name in messages about arguments.
    pub(crate) full_name: &'static str,
    /// The class of a method, with its module; empty for a function.
    pub(crate) owner: &'static str,
    /// Empty if there is none.
    doc: &'static str,
    flags: c_int,
    function: Function,
    receiver: Receiver,
}

impl Method {
    /// Reads a definition. The full name is the name, and there is no owner.
    ///
    /// # Errors
    /// SystemError if the definition has no name or NULL for a function, or if its flags are not
    /// valid, or if it has METH_METHOD and there is no class; UnicodeDecodeError for a name or
    /// docstring that is not UTF-8.
    ///
    /// # Safety
    /// The strings of the definition are NULL or NUL-terminated, and its function is NULL or takes
    /// its arguments as the flags say, whenever it is called. `class` lives whenever the function is
    /// called with a receiver that is `Bound`.
    pub(crate) unsafe fn read(
        definition: &CMethodDef,
        receiver: Receiver,
        class: Option<&Py<PyType>>,
        vm: &VirtualMachine,
    ) -> PyResult<Self> {
        let flags = PyMethodFlags::from_bits_retain(definition.ml_flags.cast_unsigned());
        // SAFETY: the strings of the definition are NULL or NUL-terminated, by the contract of this
        // function.
        let name = unsafe { interned(definition.ml_name, vm) }?;
        let Some(name) = name else {
            return Err(vm.new_system_error("a method definition has no name"));
        };
        // SAFETY: as for the name.
        let doc = unsafe { interned(definition.ml_doc, vm) }?;
        // SAFETY: the function is as the flags say, by the contract of this function, and `call`
        // checks that the class lives.
        let function = unsafe { Function::of(definition.ml_meth, flags, class) };
        let Some(function) = function else {
            return Err(vm.new_system_error(format!("{name}() method: bad call flags")));
        };
        Ok(Self {
            name,
            full_name: name,
            owner: "",
            doc: doc.unwrap_or_default(),
            flags: definition.ml_flags,
            function,
            receiver,
        })
    }

    fn key(self) -> Key {
        let class = self.function.defining_class();
        Key {
            name: self.name,
            full_name: self.full_name,
            owner: self.owner,
            doc: self.doc,
            address: self.function.address(),
            flags: self.flags,
            receiver: self.receiver,
            class: class.map_or(0, DefiningClass::address),
        }
    }

    /// The VM's definition, whose function calls the C function.
    pub(crate) fn definition(self) -> &'static PyMethodDef {
        definition(self.key(), || {
            let doc = self.doc_with_signature();
            let flags = match self.receiver {
                // The VM passes an object that a function is bound to, unless it is static.
                Receiver::Nothing => PyMethodFlags::STATIC,
                Receiver::Bound => PyMethodFlags::empty(),
                Receiver::Instance => PyMethodFlags::METHOD | self.function.flags(),
                Receiver::Class => PyMethodFlags::CLASS | self.function.flags(),
            };
            let template = PyMethodDef::new_raw_const(self.name, placeholder, flags, doc);
            let call = move |vm: &VirtualMachine, args: FuncArgs, _: Callee| self.call(args, vm);
            PyMethodDef {
                func: Box::leak(Box::new(call)),
                ..template
            }
        })
    }

    /// The docstring, which begins with a signature if one is known. `NOARGS` and `O` have one even if
    /// C code gives none, as in CPython.
    fn doc_with_signature(&self) -> ItemDoc {
        let Self {
            name,
            doc,
            receiver,
            ..
        } = self;
        let zelf = match receiver {
            Receiver::Nothing => "",
            Receiver::Bound | Receiver::Instance => "$self, ",
            Receiver::Class => "$type, ",
        };
        let has_signature = doc
            .strip_prefix(name)
            .is_some_and(|rest| rest.starts_with('(') && rest.contains(")\n--\n\n"));
        let parameters = match self.function {
            Function::NoArgs(_) if !has_signature && zelf.is_empty() => String::new(),
            Function::NoArgs(_) if !has_signature => format!("{zelf}/"),
            Function::One(_) if !has_signature => format!("{zelf}object, /"),
            _ if doc.is_empty() => return ItemDoc::NONE,
            _ => return ItemDoc::static_text(doc),
        };
        // Definitions are made once and never freed.
        let text = format!("{name}({parameters})\n--\n\n{doc}");
        ItemDoc::static_text(Box::leak(text.into_boxed_str()))
    }

    pub(crate) fn takes_keywords(&self) -> bool {
        self.function.takes_keywords()
    }

    /// Calls a function that takes keywords. The first of `args` is an instance of the class, which is
    /// passed as `self`; the first `count` are positional, and the others belong to `names`.
    ///
    /// # Errors
    /// Those of the function, and SystemError if its result contradicts the exception.
    pub(crate) fn call_with_names(
        &self,
        args: Vec<PyObjectRef>,
        count: usize,
        names: &[PyObjectRef],
        vm: &VirtualMachine,
    ) -> PyResult {
        let (answer, raised) = vm.with_recursion(RECURSION, || {
            self.function.call_with_names(args, count, names, vm)
        })?;
        // SAFETY: functions return a new reference or NULL.
        let answer = unsafe { owned(answer) };
        checked_result(answer, raised, |what| self.contradiction(what), vm)
    }

    fn call(&self, args: FuncArgs, vm: &VirtualMachine) -> PyResult {
        let has_self = self.receiver != Receiver::Nothing;
        if has_self && !self.is_receiver(&args) {
            return Err(self.wrong_receiver(&args, vm));
        }
        if let Some(problem) = self.function.problem_with(&args, usize::from(has_self)) {
            return Err(self.refused(&problem, &args, vm));
        }
        let (answer, raised) =
            vm.with_recursion(RECURSION, || self.function.call(has_self, args, vm))?;
        // SAFETY: functions return a new reference or NULL.
        let answer = unsafe { owned(answer) };
        checked_result(answer, raised, |what| self.contradiction(what), vm)
    }

    /// Whether the first argument can be passed as `self`. The VM has checked its class, but a
    /// method that the VM has bound to it keeps the object only: if the bases of its class were
    /// replaced meanwhile, the class that defines the method may be gone.
    fn is_receiver(&self, args: &FuncArgs) -> bool {
        let Some(zelf) = args.args.first() else {
            return false;
        };
        match (self.function.defining_class(), self.receiver) {
            (Some(class), Receiver::Instance) => class.is_base_of(zelf.class()),
            (Some(class), Receiver::Class) => zelf
                .downcast_ref::<PyType>()
                .is_some_and(|zelf| class.is_base_of(zelf)),
            _ => true,
        }
    }

    #[cold]
    fn refused(&self, problem: &str, args: &FuncArgs, vm: &VirtualMachine) -> PyBaseExceptionRef {
        let Self {
            name, full_name, ..
        } = self;
        let class = args
            .args
            .first()
            .and_then(|zelf| zelf.downcast_ref::<PyType>());
        let class = class.filter(|_| self.receiver == Receiver::Class);
        // As in CPython, where METH_VARARGS alone is a case of its own.
        let is_bound_varargs =
            matches!(self.function, Function::Tuple(_)) && self.receiver != Receiver::Instance;
        vm.new_type_error(if is_bound_varargs {
            format!("{name}() {problem}")
        } else if let Some(class) = class {
            format!("{}.{name}() {problem}", class.slot_name())
        } else {
            format!("{full_name}() {problem}")
        })
    }

    #[cold]
    fn wrong_receiver(&self, args: &FuncArgs, vm: &VirtualMachine) -> PyBaseExceptionRef {
        let Self {
            name,
            full_name,
            owner,
            ..
        } = self;
        vm.new_type_error(match args.args.first() {
            None => format!("unbound method {full_name}() needs an argument"),
            Some(zelf) => format!(
                "descriptor '{name}' for '{owner}' objects doesn't apply to a '{}' object",
                class_name(zelf.class(), vm)
            ),
        })
    }

    #[cold]
    fn contradiction(&self, what: Inconsistency) -> String {
        let Self { name, owner, .. } = self;
        let function = match self.receiver {
            Receiver::Instance => format!("<method '{name}' of '{owner}' objects>"),
            _ if owner.is_empty() => format!("<built-in function {name}>"),
            _ => format!("<built-in method {name} of type object>"),
        };
        let what = match what {
            Inconsistency::FailedSilently => "NULL without setting an exception",
            Inconsistency::RaisedUnreported => "a result with an exception set",
        };
        format!("{function} returned {what}")
    }
}

/// The function of the template of all definitions.
fn placeholder(_: &VirtualMachine, _: FuncArgs, _: Callee) -> PyResult {
    unreachable!("each definition replaces this function")
}

/// Interns a string from C, which makes it live forever; `None` for NULL.
///
/// # Safety
/// `string` is NULL or a NUL-terminated string.
pub(crate) unsafe fn interned(
    string: *const c_char,
    vm: &VirtualMachine,
) -> PyResult<Option<&'static str>> {
    if string.is_null() {
        return Ok(None);
    }
    // SAFETY: `string` is not NULL, so it is a NUL-terminated string.
    let text = unsafe { utf8_argument(string, vm) }?;
    Ok(Some(vm.ctx.intern_str(text).as_str()))
}
