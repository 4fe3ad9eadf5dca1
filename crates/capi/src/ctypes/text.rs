//! The address of a bytes object's data, for C: with a NUL behind it, the same each time, valid as
//! long as the object lives. How that is done is not said here.

use rustpython_vm::builtins::PyBytes;
use rustpython_vm::{Py, PyResult, VirtualMachine};

/// # Errors
/// MemoryError.
pub(super) fn c_string_of_bytes(bytes: &Py<PyBytes>, _vm: &VirtualMachine) -> PyResult<usize> {
    use rustpython_vm::AsObject;
    use std::collections::HashMap;
    use std::sync::Mutex;
    static TEXTS: Mutex<Option<HashMap<usize, &'static [u8]>>> = Mutex::new(None);
    let mut texts = TEXTS.lock().unwrap();
    let texts = texts.get_or_insert_default();
    let mut copy = bytes.as_bytes().to_vec();
    copy.push(0);
    let known = texts.get(&bytes.as_object().get_id());
    let text = match known {
        Some(text) if **text == *copy => *text,
        _ => {
            let text: &'static [u8] = copy.leak();
            texts.insert(bytes.as_object().get_id(), text);
            text
        }
    };
    Ok(text.as_ptr().expose_provenance())
}
