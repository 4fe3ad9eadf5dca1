//! Making a class from its description.

use core::ffi::CStr;

use rustpython_capsule::__private::register;
use rustpython_vm::builtins::{PyTuple, PyType, PyTypeRef};
use rustpython_vm::class::add_operators;
use rustpython_vm::function::ItemDoc;
use rustpython_vm::types::{PyTypeFlags, PyTypeSlots};
use rustpython_vm::{AsObject, Context, Py, PyObjectRef, PyResult, VirtualMachine};

use crate::class_layout::{best_base, is_immutable, set_base};
use crate::class_methods::add_methods;
use crate::getset::add_getset;
use crate::members::{PyMemberDef, add_members};
use crate::shared_names::empty_dispatchers;
use crate::slot_functions::{add_async_methods, add_new, add_release_method, fill};
use crate::slot_ids::*;
use crate::slot_names::names_of;
use crate::type_record::{Content, DATA_ALIGN, TypeRecord, native_base};
use crate::type_spec::{BasicSize, Functions, TypeSpec};
use crate::vtable::keep;

const MANAGED_WEAKREF: u64 = 1 << 3;
const MANAGED_DICT: u64 = 1 << 4;
const IMMUTABLETYPE: u64 = 1 << 8;
/// `Py_RELATIVE_OFFSET`, a flag of members.
const RELATIVE_OFFSET: i32 = 8;
/// SEQUENCE, MAPPING, DISALLOW_INSTANTIATION, BASETYPE and METHOD_DESCRIPTOR: the flags that have
/// the same bits in the VM and may be given for a class.
const SHARED_WITH_VM: u64 = 0x4e0 | 1 << 17;

/// Makes a class.
///
/// # Errors
/// TypeError if the bases do not fit together or may not be bases; SystemError for a description
/// that contradicts itself; the errors of the definitions of methods, members and getters.
///
/// # Safety
/// The functions and definitions of the description are as their slots demand, and valid as long as
/// the class.
pub(crate) unsafe fn new_type(spec: TypeSpec, vm: &VirtualMachine) -> PyResult<PyTypeRef> {
    let bases = bases(&spec, vm)?;
    let base = best_base(&bases, vm)?;
    check_immutability(&spec, &bases, vm)?;
    let metaclass = metaclass(&spec, &bases, vm)?;
    let parent = TypeRecord::nearest(&base);
    let offset = parent.map_or(0, TypeRecord::data_size);
    let size = own_size(&spec, &base, vm)?;
    // SAFETY: the definitions are as the caller promises.
    let special = unsafe { SpecialMembers::read(&spec) };

    let (module_name, name) = match spec.name.rsplit_once('.') {
        Some((module, name)) => (Some(module), name),
        None => (None, spec.name.as_str()),
    };
    let full_name = vm.ctx.intern_str(spec.name.as_str()).as_str();
    let mut slots = PyTypeSlots::new(full_name, flags(&spec, special));
    slots.doc = doc_with_signature(name, &spec, vm);
    slots.itemsize = if spec.itemsize > 0 {
        spec.itemsize
    } else {
        base.slots.itemsize
    };
    // The VM makes instances over its own classes only if the size is unchanged.
    slots.basicsize = base.slots.basicsize;
    if native_base(&base).is(vm.ctx.types.object_type) {
        slots.basicsize += size;
    }
    slots.member_count = base.slots.member_count;
    let class = PyType::new_heap(name, bases, Default::default(), slots, metaclass, &vm.ctx)
        .map_err(|text| vm.new_type_error(text))?;
    set_base(&class, base.clone(), vm);
    let set = |name: &str, value: PyObjectRef| class.set_attr(vm.ctx.intern_str(name), value);
    if let Some(module_name) = module_name {
        set("__module__", vm.ctx.new_str(module_name).into());
    }

    let content = Content {
        own: spec
            .functions
            .iter()
            .enumerate()
            .filter(|(_, function)| !function.is_null())
            .fold(0, |own, (id, _)| own | 1 << id),
        functions: inherited_functions(&spec, parent),
        level: parent.map_or(0, |parent| parent.content.level + 1),
        offset,
        size,
        itemsize: spec.itemsize,
        vectorcall: special
            .vectorcall
            .filter(|offset| offset.saturating_add(size_of::<usize>()) <= size),
        flags: spec.flags,
        token: spec.token.unwrap_or_default(),
        module: spec.module.clone(),
        interpreter: register(vm),
    };
    TypeRecord::attach(&class, parent, content, vm)?;
    // SAFETY: the class lives as long as its descriptors, which keep it.
    let fixed = unsafe { &*core::ptr::from_ref::<Py<PyType>>(&*class) };
    if let Some(record) = TypeRecord::of(fixed) {
        fill(record);
        add_slot_wrappers(fixed, record, vm);
        add_async_methods(fixed, record, vm)?;
        add_release_method(fixed, record, vm)?;
    }
    add_new(fixed, vm);
    // SAFETY: the definitions are as the caller promises.
    unsafe { add_definitions(fixed, &spec, vm) }?;
    let doc = vm.ctx.intern_str("__doc__");
    if !class.attributes.contains(doc) {
        let value = match &spec.doc {
            Some(text) => vm.ctx.new_str(doc_body(name, text)).into(),
            None => vm.ctx.none(),
        };
        class.set_attr(doc, value);
    }
    keep_class_with_wrappers(fixed, vm)?;
    if spec.flags & IMMUTABLETYPE != 0 {
        class.slots.flags.insert(PyTypeFlags::IMMUTABLETYPE);
    }
    Ok(class)
}

/// The base classes, at least one.
fn bases(spec: &TypeSpec, vm: &VirtualMachine) -> PyResult<Vec<PyTypeRef>> {
    let given = match &spec.bases {
        None => Vec::new(),
        Some(bases) => match bases.downcast_ref::<PyTuple>() {
            Some(tuple) => tuple.as_slice().to_vec(),
            None => vec![bases.clone()],
        },
    };
    let bases = if given.is_empty() {
        vec![vm.ctx.types.object_type.to_owned().into()]
    } else {
        given
    };
    bases
        .into_iter()
        .map(|base| {
            base.downcast::<PyType>()
                .map_err(|_| vm.new_type_error("bases must be types"))
        })
        .collect()
}

/// # Errors
/// TypeError if the class is immutable and a base is not.
fn check_immutability(spec: &TypeSpec, bases: &[PyTypeRef], vm: &VirtualMachine) -> PyResult<()> {
    if spec.flags & IMMUTABLETYPE == 0 {
        return Ok(());
    }
    match bases.iter().find(|base| !is_immutable(base)) {
        None => Ok(()),
        Some(base) => Err(vm.new_type_error(format!(
            "Creating immutable type {} from mutable base {}",
            spec.name,
            base.name()
        ))),
    }
}

/// The metaclass: the given one, or the most derived of those of the bases.
fn metaclass(spec: &TypeSpec, bases: &[PyTypeRef], vm: &VirtualMachine) -> PyResult<PyTypeRef> {
    let type_type = vm.ctx.types.type_type;
    let mut winner = match &spec.metaclass {
        Some(metaclass) if !metaclass.fast_issubclass(type_type) => {
            let text = format!(
                "Metaclass '{}' is not a subclass of 'type'.",
                metaclass.name()
            );
            return Err(vm.new_type_error(text));
        }
        Some(metaclass) => metaclass.clone(),
        None => type_type.to_owned(),
    };
    for base in bases {
        let other = base.class();
        if winner.fast_issubclass(other) {
            continue;
        }
        if !other.fast_issubclass(&winner) {
            return Err(vm.new_type_error(
                "metaclass conflict: the metaclass of a derived class must be a (non-strict) \
                 subclass of the metaclasses of all its bases",
            ));
        }
        winner = other.to_owned();
    }
    if spec.metaclass.is_some()
        && TypeRecord::nearest(&winner).is_none_or(|record| !record.function(TP_NEW).is_null())
        && !winner.is(type_type)
        && winner.attributes.contains(vm.ctx.intern_str("__new__"))
    {
        return Err(vm.new_type_error("Metaclasses with custom tp_new are not supported."));
    }
    Ok(winner)
}

/// The size of the data that a class adds.
///
/// # Errors
/// SystemError if the description names a size that is neither relative nor that of the base.
fn own_size(spec: &TypeSpec, base: &Py<PyType>, vm: &VirtualMachine) -> PyResult<usize> {
    let size = match spec.basicsize {
        BasicSize::Inherited => 0,
        BasicSize::Absolute(size) if size == base.slots.basicsize => 0,
        BasicSize::Absolute(size) => {
            return Err(vm.new_system_error(format!(
                "type {}: the size of an instance ({size}) depends on the layout of objects, which \
                 is not known to C code here; use a negative basicsize, or Py_tp_extra_basicsize",
                spec.name
            )));
        }
        BasicSize::Extra(size) => size,
    };
    size.checked_next_multiple_of(DATA_ALIGN)
        .filter(|size| isize::try_from(*size).is_ok())
        .ok_or_else(|| vm.new_system_error(format!("type {}: basicsize is too big", spec.name)))
}

/// What C code says with members of special names.
#[derive(Clone, Copy, Debug, Default)]
struct SpecialMembers {
    has_dict: bool,
    has_weakrefs: bool,
    /// Where the data of the class has a function that calls an instance.
    vectorcall: Option<usize>,
}

impl SpecialMembers {
    /// # Safety
    /// The members of the description are NULL or an array that ends with one without a name.
    unsafe fn read(spec: &TypeSpec) -> Self {
        let mut found = Self::default();
        let mut member = spec.function(TP_MEMBERS).cast::<PyMemberDef>().cast_const();
        while !member.is_null() {
            // SAFETY: the array ends with a member without a name, which is not reached yet.
            let definition = unsafe { &*member };
            if definition.name.is_null() {
                break;
            }
            // SAFETY: the name is a NUL-terminated string.
            let name = unsafe { CStr::from_ptr(definition.name) };
            found.has_dict |= name == c"__dictoffset__";
            found.has_weakrefs |= name == c"__weaklistoffset__";
            if name == c"__vectorcalloffset__" && definition.flags & RELATIVE_OFFSET != 0 {
                found.vectorcall = usize::try_from(definition.offset).ok();
            }
            member = member.wrapping_add(1);
        }
        found
    }
}

fn flags(spec: &TypeSpec, special: SpecialMembers) -> PyTypeFlags {
    let mut flags = PyTypeFlags::from_bits_retain(spec.flags & SHARED_WITH_VM);
    flags.insert(PyTypeFlags::HEAPTYPE);
    if spec.flags & MANAGED_DICT != 0 || special.has_dict {
        flags.insert(PyTypeFlags::HAS_DICT);
        flags.insert(PyTypeFlags::MANAGED_DICT);
    }
    if spec.flags & MANAGED_WEAKREF != 0 || special.has_weakrefs {
        flags.insert(PyTypeFlags::HAS_WEAKREF);
        flags.insert(PyTypeFlags::MANAGED_WEAKREF);
    }
    flags
}

/// The functions of the class, and those that it inherits from classes from C.
fn inherited_functions(spec: &TypeSpec, parent: Option<&TypeRecord>) -> Functions {
    /// These belong to one class.
    const NOT_INHERITED: [SlotId; 6] =
        [TP_BASE, TP_BASES, TP_DOC, TP_METHODS, TP_MEMBERS, TP_GETSET];
    let mut functions = spec.functions;
    let Some(parent) = parent else {
        return functions;
    };
    let has = |id: SlotId| !spec.function(id).is_null();
    // Comparison and hash belong together, as do traversing and clearing.
    let compares = has(TP_RICHCOMPARE) || has(TP_HASH);
    let traverses = has(TP_TRAVERSE) || has(TP_CLEAR);
    for (id, function) in functions.iter_mut().enumerate() {
        let id = id as SlotId;
        let inherits = match id {
            TP_RICHCOMPARE | TP_HASH => !compares,
            TP_TRAVERSE | TP_CLEAR => !traverses,
            TP_VECTORCALL => false,
            _ => !NOT_INHERITED.contains(&id),
        };
        if function.is_null() && inherits {
            *function = parent.function(id);
        }
    }
    functions
}

/// Adds the wrappers of the slots that the class has functions of its own for.
fn add_slot_wrappers(class: &'static Py<PyType>, record: &TypeRecord, vm: &VirtualMachine) {
    let ctx = &vm.ctx;
    if record.is_own(TP_RICHCOMPARE) && !record.is_own(TP_HASH) {
        class
            .slots
            .hash
            .store(Some(rustpython_vm::types::hash_not_implemented));
        class.set_attr(ctx.intern_str("__hash__"), ctx.none());
    }
    let before = class.attributes.interned_names(ctx);
    empty_dispatchers(class, record);
    add_operators(class, ctx, &[]);
    let own: Vec<&str> = (0..SLOT_COUNT as SlotId)
        .filter(|id| record.is_own(*id))
        .flat_map(|id| names_of(id).iter().copied())
        .collect();
    for name in class.attributes.interned_names(ctx) {
        if !own.contains(&name.as_str()) && !before.contains(&name) {
            class.attributes.remove(name);
        }
    }
    class.modified();
}

/// Adds methods, members and getters.
///
/// # Safety
/// The definitions are as their slots demand.
unsafe fn add_definitions(
    class: &'static Py<PyType>,
    spec: &TypeSpec,
    vm: &VirtualMachine,
) -> PyResult<()> {
    let array = |id: SlotId| spec.function(id).cast_const();
    // SAFETY: the caller promises an array of definitions, or NULL.
    unsafe { add_methods(class, array(TP_METHODS).cast(), vm) }?;
    // SAFETY: as above.
    unsafe { add_members(class, array(TP_MEMBERS).cast(), vm) }?;
    // SAFETY: as above.
    unsafe { add_getset(class, array(TP_GETSET).cast(), vm) }
}

/// The docstring of a class if it begins with a signature, which `__text_signature__` shows.
fn doc_with_signature(name: &str, spec: &TypeSpec, vm: &VirtualMachine) -> ItemDoc {
    match &spec.doc {
        Some(text) if doc_body(name, text) != text => {
            ItemDoc::static_text(vm.ctx.intern_str(text.as_str()).as_str())
        }
        _ => ItemDoc::NONE,
    }
}

/// A docstring without its signature, which `__text_signature__` shows.
fn doc_body<'a>(name: &str, text: &'a str) -> &'a str {
    let signature = text
        .strip_prefix(name)
        .filter(|rest| rest.starts_with('('))
        .and_then(|rest| rest.split_once(")\n--\n\n"));
    signature.map_or(text, |(_, body)| body)
}

/// Makes the descriptors of slot functions keep their class. The VM's own do not.
fn keep_class_with_wrappers(class: &'static Py<PyType>, vm: &VirtualMachine) -> PyResult<()> {
    let ctx: &Context = &vm.ctx;
    for (_, value) in class.attributes.entries() {
        if value.class().is(ctx.types.wrapper_descriptor_type) {
            keep(&value, class.to_owned().into(), vm)?;
        }
    }
    Ok(())
}
