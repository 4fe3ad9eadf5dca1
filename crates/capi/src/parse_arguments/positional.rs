//! `PyArg_ParseTuple` and `PyArg_Parse`: converting the items of a tuple, or a single object.

use rustpython_vm::builtins::PyTuple;
use rustpython_vm::{PyObject, PyResult, VirtualMachine};

use super::parser::{End, Parser};
use crate::varargs::Arguments;

/// How many arguments a format takes.
struct Counts {
    min: usize,
    max: usize,
}

/// Converts the items of a tuple.
///
/// # Errors
/// Those of the units; TypeError for another number of items; SystemError for a format that is wrong.
///
/// # Safety
/// The arguments fit the format.
pub(super) unsafe fn parse_tuple(
    tuple: &PyObject,
    format: &[u8],
    arguments: Arguments,
    vm: &VirtualMachine,
) -> PyResult<()> {
    let end = End::of(format);
    let counts = count(format, vm)?;
    let tuple = tuple.downcast_ref::<PyTuple>().ok_or_else(|| {
        vm.new_system_error("new style getargs format but argument is not a tuple")
    })?;
    let given = tuple.len();
    if given < counts.min || given > counts.max {
        return Err(vm.new_type_error(end.message.clone().unwrap_or_else(|| {
            let (how, limit) = match () {
                () if counts.min == counts.max => ("exactly", counts.max),
                () if given < counts.min => ("at least", counts.min),
                () => ("at most", counts.max),
            };
            let plural = if limit == 1 { "" } else { "s" };
            let function = end.function();
            format!("{function} takes {how} {limit} argument{plural} ({given} given)")
        })));
    }
    let mut parser = Parser {
        rest: format,
        arguments,
        undo: Vec::new(),
        vm,
    };
    for (index, item) in tuple.iter().enumerate() {
        parser.skips(b'|');
        // SAFETY: the caller promises arguments that fit.
        if let Err(problem) = unsafe { parser.unit(Some(item)) } {
            // SAFETY: the variables are still there, and their values were not used.
            unsafe { parser.undo() };
            return Err(problem.into_exception(index + 1, &end, vm));
        }
    }
    match parser.rest.first() {
        None | Some(b'(' | b'|' | b':' | b';') => Ok(()),
        Some(byte) if byte.is_ascii_alphabetic() => Ok(()),
        Some(_) => {
            // SAFETY: the variables are still there, and their values were not used.
            unsafe { parser.undo() };
            let format = String::from_utf8_lossy(format);
            Err(vm.new_system_error(format!("bad format string: {format}")))
        }
    }
}

/// Converts one object; `None` stands for NULL.
///
/// # Errors
/// As for [`parse_tuple`].
///
/// # Safety
/// The arguments fit the format.
pub(super) unsafe fn parse_one(
    object: Option<&PyObject>,
    format: &[u8],
    arguments: Arguments,
    vm: &VirtualMachine,
) -> PyResult<()> {
    let end = End::of(format);
    let counts = count(format, vm)?;
    if counts.max == 0 {
        return match object {
            None => Ok(()),
            Some(_) => {
                let text = format!("{} takes no arguments", end.function());
                Err(vm.new_type_error(text))
            }
        };
    }
    if (counts.min, counts.max) != (1, 1) {
        return Err(vm.new_system_error("old style getargs format uses new features"));
    }
    let Some(object) = object else {
        let text = format!("{} takes at least one argument", end.function());
        return Err(vm.new_type_error(text));
    };
    let mut parser = Parser {
        rest: format,
        arguments,
        undo: Vec::new(),
        vm,
    };
    // SAFETY: the caller promises arguments that fit.
    unsafe { parser.unit(Some(object)) }.map_err(|problem| {
        // SAFETY: the variables are still there, and their values were not used.
        unsafe { parser.undo() };
        problem.into_exception_of_one(&end, vm)
    })
}

/// # Errors
/// SystemError if the parentheses do not match.
fn count(format: &[u8], vm: &VirtualMachine) -> PyResult<Counts> {
    let (mut min, mut max, mut depth) = (None, 0, 0_usize);
    for byte in format {
        match byte {
            b'(' => {
                max += usize::from(depth == 0);
                depth += 1;
            }
            b')' => {
                depth = depth
                    .checked_sub(1)
                    .ok_or_else(|| vm.new_system_error("excess ')' in getargs format"))?;
            }
            b':' | b';' => break,
            b'|' if depth == 0 => min = Some(max),
            b'e' => {}
            byte if depth == 0 && byte.is_ascii_alphabetic() => max += 1,
            _ => {}
        }
    }
    if depth > 0 {
        return Err(vm.new_system_error("missing ')' in getargs format"));
    }
    let min = min.unwrap_or(max);
    Ok(Counts { min, max })
}
