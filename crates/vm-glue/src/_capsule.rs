//! The builtin module `_capsule`, at both access levels. The submodule `look` has what both have.

use rustpython_vm::builtins::PyModuleDef;
use rustpython_vm::{Context, pymodule};

pub(crate) fn open(ctx: &Context) -> &'static PyModuleDef {
    _capsule::module_def(ctx)
}

pub(crate) fn sealed(ctx: &Context) -> &'static PyModuleDef {
    _capsule_sealed::module_def(ctx)
}

/// What both levels have.
#[pymodule(sub)]
mod look {
    use rustpython_capsule::{DestructorKind, Operation, PyCapsule, PyCapsuleError};
    use rustpython_derive::{pystruct_sequence, pystruct_sequence_data};
    use rustpython_vm::builtins::PyTypeRef;
    use rustpython_vm::class::PyClassImpl;
    use rustpython_vm::types::PyStructSequence;
    use rustpython_vm::warn::warn;
    use rustpython_vm::{PyObjectRef, PyPayload, PyRef, PyResult, VirtualMachine, pyclass};

    use crate::convert::{Name, name_to_python};
    use crate::describe;
    use crate::import;

    #[pystruct_sequence_data]
    pub(super) struct CapsuleInfoData {
        pub(super) name: PyObjectRef,
        pub(super) pointer: Option<usize>,
        pub(super) context: Option<usize>,
        pub(super) destructor: Option<&'static str>,
        pub(super) owner: Option<PyObjectRef>,
        pub(super) library: Option<String>,
        pub(super) symbol: Option<String>,
    }

    /// The result of describe().
    #[pyattr]
    #[pystruct_sequence(name = "CapsuleInfo", module = "_capsule", data = "CapsuleInfoData")]
    pub(super) struct PyCapsuleInfo;

    /// Immutable, since all interpreters of the process share the class.
    #[pyclass(with(PyStructSequence), flags(IMMUTABLETYPE))]
    impl PyCapsuleInfo {}

    impl CapsuleInfoData {
        /// The fields that both levels report. Addresses and the owner are not among them.
        pub(super) fn of(capsule: &PyCapsule, vm: &VirtualMachine) -> PyResult<Self> {
            let place = describe::place_of(capsule.any_pointer());
            Ok(Self {
                name: name_to_python(capsule.name(), vm)?,
                pointer: None,
                context: None,
                destructor: match capsule.destructor_kind() {
                    DestructorKind::C => Some("c"),
                    DestructorKind::Rust => Some("rust"),
                    DestructorKind::Python => Some("python"),
                    _ => None,
                },
                owner: None,
                library: place.library,
                symbol: place.symbol,
            })
        }
    }

    /// The class of capsules, which is also types.CapsuleType.
    #[pyattr(name = "PyCapsule")]
    fn capsule_class(vm: &VirtualMachine) -> PyTypeRef {
        PyCapsule::class(&vm.ctx).to_owned()
    }

    #[pyattr(name = "PyCapsuleError")]
    fn error_class(_vm: &VirtualMachine) -> PyTypeRef {
        PyCapsuleError::make_static_type()
    }

    /// Return the capsule's name, or None if it has none.
    ///
    /// Bytes that are not UTF-8 are returned as surrogates (surrogateescape).
    #[pyfunction]
    fn get_name(capsule: PyObjectRef, vm: &VirtualMachine) -> PyResult {
        let capsule =
            PyCapsule::of(&capsule).map_err(|error| error.to_exception(Operation::GetName, vm))?;
        name_to_python(capsule.name(), vm)
    }

    /// Return whether the object is a capsule with that name; False for all other objects.
    #[pyfunction]
    fn is_valid(capsule: PyObjectRef, name: Name) -> bool {
        PyCapsule::of(&capsule).is_ok_and(|capsule| capsule.is_valid(name.as_deref()))
    }

    /// Import the capsule that a dotted name leads to, and return it.
    #[pyfunction]
    fn import_capsule(name: Name, vm: &VirtualMachine) -> PyResult<PyRef<PyCapsule>> {
        import::import_capsule(&name.required(vm)?, vm)
    }

    /// Deprecated: use import_capsule().
    #[pyfunction]
    fn load(name: Name, vm: &VirtualMachine) -> PyResult<PyRef<PyCapsule>> {
        let text = "_capsule.load() is deprecated; use _capsule.import_capsule()";
        let category = vm.ctx.exceptions.deprecation_warning.to_owned();
        warn(vm.ctx.new_str(text).into(), Some(category), 1, None, vm)?;
        import_capsule(name, vm)
    }
}

/// Capsules: native pointers with a name, through which native modules share their APIs.
///
/// A capsule made here carries any number as its pointer. What it means is up to the code
/// that knows the name.
#[pymodule(with(look))]
mod _capsule {
    use core::ptr::NonNull;
    use std::borrow::Cow;

    use rustpython_capsule::{CapsuleError, Destructor, Operation, PyCapsule};
    use rustpython_vm::convert::ToPyObject;
    use rustpython_vm::{
        AsObject, FromArgs, Py, PyObject, PyObjectRef, PyRef, PyResult, VirtualMachine,
    };

    use super::look::CapsuleInfoData;
    use crate::convert::{Address, Name};
    use crate::import;

    #[derive(FromArgs)]
    struct NewArgs {
        #[pyarg(any)]
        pointer: Address,
        #[pyarg(any, default, py_default = "None")]
        name: Name,
        #[pyarg(any, default, py_default = "None")]
        destructor: Option<PyObjectRef>,
        #[pyarg(named, default, py_default = "0")]
        context: Address,
        #[pyarg(named, default, py_default = "None")]
        owner: Option<PyObjectRef>,
    }

    /// Make a capsule around a pointer, an int other than 0.
    ///
    /// The name is a str or bytes, or None for a capsule without one. The destructor is called
    /// with the capsule when it is destroyed. The context is a second address, for the maker's
    /// own use. The owner is an object that the capsule keeps alive.
    #[pyfunction]
    fn new(args: NewArgs, vm: &VirtualMachine) -> PyResult<PyRef<PyCapsule>> {
        let pointer = NonNull::new(args.pointer.as_pointer())
            .ok_or_else(|| CapsuleError::NullPointer.to_exception(Operation::New, vm))?;
        let mut builder = PyCapsule::builder(pointer)
            .context(args.context.as_pointer())
            .destructor(destructor(args.destructor, vm)?);
        if let Some(name) = args.name.0 {
            builder = builder.name(name);
        }
        if let Some(owner) = args.owner {
            builder = builder.owner(owner);
        }
        builder
            .try_build(&vm.ctx)
            .map_err(|error| error.to_exception(Operation::New, vm))
    }

    fn destructor(callable: Option<PyObjectRef>, vm: &VirtualMachine) -> PyResult<Destructor> {
        match callable {
            None => Ok(Destructor::none()),
            Some(callable) if callable.is_callable() => Ok(Destructor::python(callable, vm)),
            Some(other) => {
                let class = other.class().name().to_string();
                Err(vm.new_type_error(format!("destructor must be callable or None, not {class}")))
            }
        }
    }

    fn checked<'a>(
        object: &'a PyObject,
        operation: Operation,
        vm: &VirtualMachine,
    ) -> PyResult<&'a Py<PyCapsule>> {
        PyCapsule::of(object).map_err(|error| error.to_exception(operation, vm))
    }

    /// Return the pointer as an int, if the capsule has that name.
    #[pyfunction]
    fn get_pointer(capsule: PyObjectRef, name: Name, vm: &VirtualMachine) -> PyResult<usize> {
        PyCapsule::of(&capsule)
            .and_then(|capsule| capsule.pointer(name.as_deref()))
            .map(|pointer| pointer.as_ptr().expose_provenance())
            .map_err(|error| error.to_exception(Operation::GetPointer, vm))
    }

    /// Return the context as an int, or 0 if none was set.
    #[pyfunction]
    fn get_context(capsule: PyObjectRef, vm: &VirtualMachine) -> PyResult<usize> {
        let capsule = checked(&capsule, Operation::GetContext, vm)?;
        Ok(capsule.context().expose_provenance())
    }

    /// Return the destructor: a callable, the address of a native function, or None.
    #[pyfunction]
    fn get_destructor(capsule: PyObjectRef, vm: &VirtualMachine) -> PyResult {
        let capsule = checked(&capsule, Operation::GetDestructor, vm)?;
        Ok(
            match (capsule.python_destructor(), capsule.c_destructor()) {
                (Some(callable), _) => callable,
                (None, Some(function)) => (function as usize).to_pyobject(vm),
                (None, None) => vm.ctx.none(),
            },
        )
    }

    /// Replace the pointer, which may not be 0.
    #[pyfunction]
    fn set_pointer(capsule: PyObjectRef, pointer: Address, vm: &VirtualMachine) -> PyResult<()> {
        let set = |capsule: &Py<PyCapsule>| {
            let pointer = NonNull::new(pointer.as_pointer()).ok_or(CapsuleError::NullPointer)?;
            capsule.set_pointer(pointer);
            Ok(())
        };
        PyCapsule::of(&capsule)
            .and_then(set)
            .map_err(|error| error.to_exception(Operation::SetPointer, vm))
    }

    /// Replace the name. The memory of the old name stays valid as long as the capsule lives.
    #[pyfunction]
    fn set_name(capsule: PyObjectRef, name: Name, vm: &VirtualMachine) -> PyResult<()> {
        let capsule = checked(&capsule, Operation::SetName, vm)?;
        capsule
            .try_set_name(name.0.map(Cow::Owned))
            .map_err(|error| error.to_exception(Operation::SetName, vm))
    }

    /// Replace the context.
    #[pyfunction]
    fn set_context(capsule: PyObjectRef, context: Address, vm: &VirtualMachine) -> PyResult<()> {
        let capsule = checked(&capsule, Operation::SetContext, vm)?;
        capsule.set_context(context.as_pointer());
        Ok(())
    }

    /// Replace the destructor by a callable that takes the capsule, or None. The old one does not
    /// run.
    #[pyfunction]
    fn set_destructor(
        capsule: PyObjectRef,
        destructor: Option<PyObjectRef>,
        vm: &VirtualMachine,
    ) -> PyResult<()> {
        let capsule = checked(&capsule, Operation::SetDestructor, vm)?;
        capsule
            .try_set_destructor(self::destructor(destructor, vm)?)
            .map_err(|error| error.to_exception(Operation::SetDestructor, vm))
    }

    /// Check the name, replace it and return the pointer, all as one step.
    ///
    /// Of several threads that claim one capsule under one name, exactly one succeeds.
    #[pyfunction]
    fn claim(
        capsule: PyObjectRef,
        name: Name,
        new_name: Name,
        vm: &VirtualMachine,
    ) -> PyResult<usize> {
        PyCapsule::of(&capsule)
            .and_then(|capsule| capsule.claim(name.as_deref(), new_name.0.map(Cow::Owned)))
            .map(|pointer| pointer.as_ptr().expose_provenance())
            .map_err(|error| error.to_exception(Operation::Claim, vm))
    }

    /// Import the capsule that a dotted name leads to, and return its pointer as an int.
    ///
    /// Nothing keeps the capsule alive; import_capsule() returns the capsule itself.
    #[pyfunction]
    fn import_(name: Name, vm: &VirtualMachine) -> PyResult<usize> {
        let handle = import::import(&name.required(vm)?, vm)?;
        Ok(handle.pointer().as_ptr().expose_provenance())
    }

    /// Describe a capsule: name, pointer, context, kind of destructor, owner, and the shared
    /// library and symbol that the pointer points into.
    #[pyfunction]
    fn describe(capsule: PyObjectRef, vm: &VirtualMachine) -> PyResult<CapsuleInfoData> {
        let capsule = checked(&capsule, Operation::Describe, vm)?;
        Ok(CapsuleInfoData {
            pointer: Some(capsule.any_pointer().as_ptr().expose_provenance()),
            context: Some(capsule.context().expose_provenance()),
            owner: capsule.owner(),
            ..CapsuleInfoData::of(capsule, vm)?
        })
    }
}

/// Capsules, sealed: they can be described, checked and imported, but not made, changed or read.
#[pymodule(name = "_capsule", with(look))]
mod _capsule_sealed {
    use rustpython_capsule::{Operation, PyCapsule};
    use rustpython_vm::function::FuncArgs;
    use rustpython_vm::{PyObjectRef, PyResult, VirtualMachine};

    use super::look::CapsuleInfoData;

    fn refuse(function: &str, vm: &VirtualMachine) -> PyResult {
        let text = format!("_capsule.{function}: capsules are sealed in this interpreter");
        let class = vm.ctx.exceptions.permission_error.to_owned();
        Err(vm.new_exception_msg(class, text.into()))
    }

    /// Not permitted: capsules are sealed.
    #[pyfunction]
    fn new(_args: FuncArgs, vm: &VirtualMachine) -> PyResult {
        refuse("new", vm)
    }

    /// Not permitted: capsules are sealed.
    #[pyfunction]
    fn get_pointer(_args: FuncArgs, vm: &VirtualMachine) -> PyResult {
        refuse("get_pointer", vm)
    }

    /// Not permitted: capsules are sealed.
    #[pyfunction]
    fn get_context(_args: FuncArgs, vm: &VirtualMachine) -> PyResult {
        refuse("get_context", vm)
    }

    /// Not permitted: capsules are sealed.
    #[pyfunction]
    fn get_destructor(_args: FuncArgs, vm: &VirtualMachine) -> PyResult {
        refuse("get_destructor", vm)
    }

    /// Not permitted: capsules are sealed.
    #[pyfunction]
    fn set_pointer(_args: FuncArgs, vm: &VirtualMachine) -> PyResult {
        refuse("set_pointer", vm)
    }

    /// Not permitted: capsules are sealed.
    #[pyfunction]
    fn set_name(_args: FuncArgs, vm: &VirtualMachine) -> PyResult {
        refuse("set_name", vm)
    }

    /// Not permitted: capsules are sealed.
    #[pyfunction]
    fn set_context(_args: FuncArgs, vm: &VirtualMachine) -> PyResult {
        refuse("set_context", vm)
    }

    /// Not permitted: capsules are sealed.
    #[pyfunction]
    fn set_destructor(_args: FuncArgs, vm: &VirtualMachine) -> PyResult {
        refuse("set_destructor", vm)
    }

    /// Not permitted: capsules are sealed.
    #[pyfunction]
    fn claim(_args: FuncArgs, vm: &VirtualMachine) -> PyResult {
        refuse("claim", vm)
    }

    /// Not permitted: capsules are sealed.
    #[pyfunction]
    fn import_(_args: FuncArgs, vm: &VirtualMachine) -> PyResult {
        refuse("import_", vm)
    }

    /// Describe a capsule: name, kind of destructor, and the shared library and symbol that the
    /// pointer points into.
    #[pyfunction]
    fn describe(capsule: PyObjectRef, vm: &VirtualMachine) -> PyResult<CapsuleInfoData> {
        let capsule =
            PyCapsule::of(&capsule).map_err(|error| error.to_exception(Operation::Describe, vm))?;
        CapsuleInfoData::of(capsule, vm)
    }
}
