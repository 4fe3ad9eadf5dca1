//! The rows of the tables, with their names in requests and their titles.

/// A row's name in requests, and its title.
pub(crate) type Row = (&'static str, &'static str);

pub(crate) const C_ROWS: [Row; 19] = [
    ("empty_call", "an empty function"),
    ("get_pointer", "GetPointer, same name address"),
    ("get_pointer_equal_text", "GetPointer, equal text"),
    ("get_pointer_wrong_name", "GetPointer, wrong name"),
    ("get_vouched_pointer", "GetVouchedPointer"),
    ("is_valid", "IsValid, same name address"),
    ("is_valid_equal_text", "IsValid, equal text"),
    ("get_name", "GetName"),
    ("get_context", "GetContext"),
    ("get_destructor", "GetDestructor"),
    ("set_pointer", "SetPointer"),
    ("set_name", "SetName"),
    ("set_context", "SetContext"),
    ("set_destructor", "SetDestructor"),
    ("claim", "claim"),
    ("new_free", "New and free"),
    ("new_free_destructor", "New and free, C destructor"),
    ("import_two_parts", "Import, two parts"),
    ("import_four_parts", "Import, four parts"),
];

pub(crate) const STRING_ROWS: [Row; 8] = [
    ("str_text", "text of a str, second request"),
    ("bytes_text", "text of bytes, second request"),
    ("str_new", "new str, no request"),
    ("str_new_text", "new str and its text"),
    ("bytes_new", "new bytes from C, no request"),
    ("bytes_new_text", "new bytes from C and their text"),
    ("encoded", "encode, no request"),
    ("encoded_text", "encode, and the text of the bytes"),
];

/// Measured again in processes in which another thread has run.
pub(crate) const THREADED_ROWS: [Row; 6] = [
    ("get_pointer", "GetPointer, same name address"),
    ("set_pointer", "SetPointer"),
    ("set_name", "SetName"),
    ("claim", "claim"),
    ("new_free", "New and free"),
    ("new_free_destructor", "New and free, C destructor"),
];

/// Measured on one thread and on two.
pub(crate) const THREAD_ROWS: [Row; 3] = [
    ("get_pointer", "GetPointer, one capsule"),
    ("claim", "claim, a capsule each"),
    ("new_free", "New and free"),
];

/// Measured in fresh processes, and in processes with a million other capsules.
pub(crate) const POPULATED_ROWS: [Row; 4] = [
    ("get_pointer", "GetPointer, same name address"),
    ("set_name", "SetName"),
    ("new_free", "New and free"),
    ("import_two_parts", "Import, two parts"),
];

/// The same for Rust, on a capsule that has owned a million other names.
pub(crate) const RUST_POPULATED_ROWS: [Row; 1] = [("rust_set_name", "set_name, owned (Rust)")];

pub(crate) const RUST_ROWS: [Row; 8] = [
    ("rust_pointer", "pointer"),
    ("rust_value", "typed value"),
    ("rust_import_pointer", "import, pointer"),
    ("rust_import_value", "import, typed value"),
    ("rust_import_table", "import, API table"),
    ("rust_claim", "claim"),
    ("rust_set_name", "set_name, owned"),
    ("rust_new_drop", "new typed value and drop"),
];

pub(crate) const CLASS_ROWS: [Row; 18] = [
    ("class_empty_loop", "nothing (a tenth of a loop)"),
    ("class_new", "make and drop an instance"),
    ("class_noargs", "METH_NOARGS"),
    ("class_one", "METH_O"),
    ("class_varargs", "METH_VARARGS"),
    ("class_varargs_keywords", "METH_VARARGS, keywords"),
    ("class_fastcall", "METH_FASTCALL"),
    ("class_fastcall_keywords", "METH_FASTCALL, keywords"),
    ("class_method", "METH_METHOD"),
    ("class_getter", "getter"),
    ("class_member", "member"),
    ("class_len", "len(x)"),
    ("class_subscript", "x[y]"),
    ("class_add", "x + y"),
    ("class_equal", "x == y"),
    ("class_hash", "hash(x)"),
    ("class_iteration", "an item of an iteration"),
    ("class_buffer", "memoryview(x)"),
];

/// How many other capsules, each with a name of its own, `populate` makes.
pub(crate) const POPULATION: u64 = 1_000_000;

/// How many capsules are alive at once when their memory is measured.
pub(crate) const LIVE: u64 = 10_000_000;
