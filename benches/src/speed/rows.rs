//! The rows of the tables: what the processes call them, and what the reader does.

/// A row's name in requests, and its title.
pub(crate) type Row = (&'static str, &'static str);

pub(crate) const C_ROWS: [Row; 18] = [
    ("floor", "an empty function"),
    ("get_pointer", "GetPointer, same name address"),
    ("get_pointer_elsewhere", "GetPointer, equal text"),
    ("get_pointer_refused", "GetPointer, refused, cleared"),
    ("is_valid", "IsValid, same name address"),
    ("is_valid_elsewhere", "IsValid, equal text"),
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
    ("str_text", "text of a str, again"),
    ("bytes_text", "text of bytes, again"),
    ("str_new", "new str, not asked"),
    ("str_new_text", "new str and its text"),
    ("bytes_new", "new bytes of C, not asked"),
    ("bytes_new_text", "new bytes of C and their text"),
    ("encoded", "encode, not asked"),
    ("encoded_text", "encode, and the text of the bytes"),
];

/// Measured once more where another thread has run.
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

/// Measured with nothing else there and in a crowd.
pub(crate) const CROWD_ROWS: [Row; 4] = [
    ("get_pointer", "GetPointer, same name address"),
    ("set_name", "SetName"),
    ("new_free", "New and free"),
    ("import_two_parts", "Import, two parts"),
];

/// The same in Rust, on a capsule that has owned all those names.
pub(crate) const RUST_CROWD_ROWS: [Row; 1] = [("rust_set_name", "set_name, owned (Rust)")];

pub(crate) const RUST_ROWS: [Row; 7] = [
    ("rust_value", "typed value"),
    ("rust_import_pointer", "import, pointer"),
    ("rust_import_value", "import, typed value"),
    ("rust_import_table", "import, API table"),
    ("rust_claim", "claim"),
    ("rust_set_name", "set_name, owned"),
    ("rust_new_drop", "new typed value and drop"),
];

/// How many other capsules, each with a name of its own, are a crowd.
pub(crate) const CROWD: u64 = 1_000_000;

/// How many capsules live at a time where their memory is measured.
pub(crate) const LIVE: u64 = 10_000_000;
