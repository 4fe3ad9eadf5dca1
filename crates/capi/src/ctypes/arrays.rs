//! Elements of arrays that are not numbers: structures, pointers, functions, objects, strings and
//! arrays. The VM reads most of them as numbers, and stores the addresses of copies of strings.

use rustpython_vm::builtins::{PyBytes, PySlice, PyType, PyTypeRef};
use rustpython_vm::function::FuncArgs;
use rustpython_vm::protocol::{PyMapping, PySequence};
use rustpython_vm::{AsObject, PyObject, PyObjectRef, PyResult, VirtualMachine};

use super::arguments::type_code;
use super::memory::{
    address_of, address_of_bytes, keep, length_of, pointer_at, pointer_in, write_pointer,
};
use super::original::original;
use super::values::object_at;
use super::views::{is_view, keep_in_root, view};

/// `class * length`: makes an array class, with the slots of this file unless its elements are
/// numbers.
pub(super) fn multiply(class: &PyObject, length: &PyObject, vm: &VirtualMachine) -> PyResult {
    let original = original();
    let of_arrays = class.fast_isinstance(original.array.class());
    let multiply = if of_arrays {
        original.multiply_arrays
    } else {
        original.multiply
    };
    let array = multiply(class, length, vm)?;
    let number = class.downcast_ref::<PyType>().is_some_and(|class| {
        class.fast_issubclass(original.simple)
            && !type_code(class, vm).is_some_and(|code| "zZO".contains(code))
    });
    if let Some(array) = array.downcast_ref::<PyType>()
        && !number
    {
        array.slots.new.store(Some(new));
        array.slots.init.store(Some(init));
        array.slots.as_mapping.subscript.store(Some(subscript));
        array
            .slots
            .as_mapping
            .ass_subscript
            .store(Some(assign_subscript));
        array.slots.as_sequence.item.store(Some(item));
        array.slots.as_sequence.ass_item.store(Some(assign_item));
    }
    Ok(array)
}

/// A new array of zeros, which `init` fills.
fn new(class: PyTypeRef, _args: FuncArgs, vm: &VirtualMachine) -> PyResult {
    (original().new_array)(class, FuncArgs::default(), vm)
}

fn init(array: &PyObject, args: FuncArgs, vm: &VirtualMachine) -> PyResult<()> {
    for (index, value) in args.args.into_iter().enumerate() {
        Element::at(array, index.cast_signed(), vm)?.set(value, vm)?;
    }
    Ok(())
}

fn subscript(array: PyMapping<'_>, index: &PyObject, vm: &VirtualMachine) -> PyResult {
    let array = array.obj;
    if let Some(indices) = indices(index, array.length(vm)?, vm)? {
        let elements = indices
            .into_iter()
            .map(|index| Element::at(array, index, vm)?.get(vm));
        return Ok(vm.ctx.new_list(elements.collect::<PyResult<_>>()?).into());
    }
    Element::at(array, index.try_index(vm)?.try_to_primitive(vm)?, vm)?.get(vm)
}

fn assign_subscript(
    array: PyMapping<'_>,
    index: &PyObject,
    value: Option<PyObjectRef>,
    vm: &VirtualMachine,
) -> PyResult<()> {
    let array = array.obj;
    let value = value.ok_or_else(|| vm.new_type_error("Array does not support item deletion"))?;
    if let Some(indices) = indices(index, array.length(vm)?, vm)? {
        let values: Vec<PyObjectRef> = value.try_to_value(vm)?;
        if values.len() != indices.len() {
            return Err(vm.new_value_error("Can only assign sequence of same size"));
        }
        let mut pairs = indices.into_iter().zip(values);
        return pairs.try_for_each(|(index, value)| Element::at(array, index, vm)?.set(value, vm));
    }
    Element::at(array, index.try_index(vm)?.try_to_primitive(vm)?, vm)?.set(value, vm)
}

fn item(array: PySequence<'_>, index: isize, vm: &VirtualMachine) -> PyResult {
    Element::at(array.obj, index, vm)?.get(vm)
}

fn assign_item(
    array: PySequence<'_>,
    index: isize,
    value: Option<PyObjectRef>,
    vm: &VirtualMachine,
) -> PyResult<()> {
    let value = value.ok_or_else(|| vm.new_type_error("Array does not support item deletion"))?;
    Element::at(array.obj, index, vm)?.set(value, vm)
}

/// The indices that a slice selects of `length` elements; `None` if the object is not a slice.
fn indices(slice: &PyObject, length: usize, vm: &VirtualMachine) -> PyResult<Option<Vec<isize>>> {
    if slice.downcast_ref::<PySlice>().is_none() {
        return Ok(None);
    }
    let indices = vm.call_method(slice, "indices", (length,))?;
    let indices: Vec<PyObjectRef> = indices.try_to_value(vm)?;
    let range = vm.builtins.get_attr("range", vm)?.call(indices, vm)?;
    range.try_to_value(vm).map(Some)
}

/// An element of an array.
struct Element<'a> {
    array: &'a PyObject,
    index: usize,
    offset: usize,
    class: PyTypeRef,
    /// The type code, if the class is simple.
    code: Option<char>,
}

impl<'a> Element<'a> {
    /// The element at an index, which counts from the end if it is negative.
    ///
    /// # Errors
    /// IndexError if the index is out of range.
    fn at(array: &'a PyObject, index: isize, vm: &VirtualMachine) -> PyResult<Self> {
        let length = array.length(vm)?;
        let from_start = if index < 0 {
            index.checked_add_unsigned(length)
        } else {
            Some(index)
        };
        let index = from_start.and_then(|index| usize::try_from(index).ok());
        let Some(index) = index.filter(|index| *index < length) else {
            return Err(vm.new_index_error("invalid index"));
        };
        let class: PyTypeRef = array.get_attr("_type_", vm)?.try_into_value(vm)?;
        let simple = class.fast_issubclass(original().simple);
        let code = type_code(&class, vm).filter(|_| simple);
        let offset = index * (length_of(array, vm)? / length);
        Ok(Self {
            array,
            index,
            offset,
            class,
            code,
        })
    }

    fn get(&self, vm: &VirtualMachine) -> PyResult {
        match self.code {
            None => view(&self.class, self.array, self.offset, vm),
            Some('O') => object_at(pointer_at(self.address(vm)?), vm),
            Some(_) => (original().get_item)(
                self.array.sequence_unchecked(),
                self.index.cast_signed(),
                vm,
            ),
        }
    }

    fn set(&self, value: PyObjectRef, vm: &VirtualMachine) -> PyResult<()> {
        let address = self.address(vm)?;
        let pointer = match (self.code, value.downcast_ref::<PyBytes>()) {
            (Some('O'), _) if value.fast_isinstance(&self.class) => Some(pointer_in(&value, vm)?),
            (Some('O'), _) => Some(value.get_id()),
            (Some('z'), Some(bytes)) => Some(address_of_bytes(bytes, vm)?),
            _ => None,
        };
        if let Some(pointer) = pointer {
            write_pointer(self.array, self.offset, pointer, vm)?;
            if !is_view(self.array, vm)? {
                return keep(self.array, &format!("{:x}", self.index), value, vm);
            }
            return keep_in_root(self.array, address, value, vm);
        }
        let function = original().function;
        if self.class.fast_issubclass(function) && !value.fast_isinstance(&self.class) {
            let (wanted, given) = (self.class.name(), value.class().name());
            let text = format!("expected {wanted} instance, got {given}");
            return Err(vm.new_type_error(text));
        }
        let array = self.array.sequence_unchecked();
        (original().set_item)(array, self.index.cast_signed(), Some(value.clone()), vm)?;
        if is_view(self.array, vm)? {
            return keep_in_root(self.array, address, value, vm);
        }
        Ok(())
    }

    fn address(&self, vm: &VirtualMachine) -> PyResult<usize> {
        Ok(address_of(self.array, vm)? + self.offset)
    }
}
