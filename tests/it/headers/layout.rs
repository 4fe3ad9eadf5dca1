//! The structs that C and Rust share have the same layout in both.

use core::mem::offset_of;
use std::process::Command;

use libtest_mimic::{Failed, Trial};
use rustpython_capi::methodobject::PyMethodDef;
use rustpython_capsule_capi::modsupport::PyABIInfo;
use rustpython_capsule_capi::pybuffer::PyBufferView;
use rustpython_capsule_capi::slots::PySlot;
use rustpython_capsule_glue::{ApiHeader, api_table};

use super::compilers::{Compiler, Folder, Headers, Language, run, source, trial_in};

api_table! {
    /// The table of `layout.c`: each byte of the two numbers, 0x01020304 and 0x05060708, differs.
    unsafe struct MathApi = c"mathlib._C_API", version 16909060.84281096 {
        twice: extern "C" fn(i64) -> i64,
    }
}

pub(super) fn trials() -> Vec<Trial> {
    let languages = [Language::C, Language::Cpp].into_iter();
    let trials = languages.map(|language| {
        let name = format!("headers::layout-is-the-same-in-rust::{}", language.name());
        trial_in(language, name, same_layout)
    });
    trials.collect()
}

fn same_layout(compiler: Compiler) -> Result<(), Failed> {
    let folder = Folder::new();
    // The program uses nothing that needs an interpreter, so symbols may stay unresolved.
    let arguments = ["-Wl,--unresolved-symbols=ignore-all"];
    let program = folder.compile(
        compiler,
        Headers::Ours,
        &source("layout.c"),
        &arguments,
        "layout",
    )?;
    let printed = run(&mut Command::new(program))?;
    let line = |name: &str, size: usize, rest: &[usize]| {
        let numbers = [size].into_iter().chain(rest.iter().copied());
        let numbers = numbers.map(|number| format!(" {number}"));
        format!("{name}{}\n", numbers.collect::<String>())
    };
    let mut expected = line(
        "PyMethodDef",
        size_of::<PyMethodDef>(),
        &[
            offset_of!(PyMethodDef, ml_name),
            offset_of!(PyMethodDef, ml_meth),
            offset_of!(PyMethodDef, ml_flags),
            offset_of!(PyMethodDef, ml_doc),
        ],
    );
    expected += &line(
        "PySlot",
        size_of::<PySlot>(),
        &[
            offset_of!(PySlot, id),
            offset_of!(PySlot, flags),
            offset_of!(PySlot, reserved),
            offset_of!(PySlot, value),
        ],
    );
    expected += &line(
        "PyABIInfo",
        size_of::<PyABIInfo>(),
        &[
            offset_of!(PyABIInfo, abiinfo_major_version),
            offset_of!(PyABIInfo, abiinfo_minor_version),
            offset_of!(PyABIInfo, flags),
            offset_of!(PyABIInfo, build_version),
            offset_of!(PyABIInfo, abi_version),
        ],
    );
    expected += &line(
        "Py_buffer",
        size_of::<PyBufferView>(),
        &[
            offset_of!(PyBufferView, buf),
            offset_of!(PyBufferView, obj),
            offset_of!(PyBufferView, len),
            offset_of!(PyBufferView, itemsize),
            offset_of!(PyBufferView, readonly),
            offset_of!(PyBufferView, ndim),
            offset_of!(PyBufferView, format),
            offset_of!(PyBufferView, shape),
            offset_of!(PyBufferView, strides),
            offset_of!(PyBufferView, suboffsets),
            offset_of!(PyBufferView, internal),
        ],
    );
    expected += &line(
        "PyCapsuleApi_Header",
        size_of::<ApiHeader<MathApi>>(),
        &header_bytes(),
    );
    if printed == expected {
        Ok(())
    } else {
        Err(format!("{printed}in Rust:\n{expected}").into())
    }
}

/// The bytes of the same header that `layout.c` makes.
fn header_bytes() -> Vec<usize> {
    let header = ApiHeader::<MathApi>::with_features(0x1112_1314_1516_1718);
    let address = core::ptr::from_ref(&header).cast::<u8>();
    // SAFETY: the slice covers one `ApiHeader`, which has no padding: its fields have 8, 4, 4, 8
    // and 8 bytes, so all of its bytes are initialized.
    let bytes = unsafe { core::slice::from_raw_parts(address, size_of::<ApiHeader<MathApi>>()) };
    bytes.iter().map(|byte| usize::from(*byte)).collect()
}
