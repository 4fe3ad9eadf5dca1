use rustpython_capsule_glue::api_table;

api_table! {
    #[repr(packed)]
    pub unsafe struct Packed = c"mathlib._C_API", version 1.0 {
        pub double: extern "C" fn(i64) -> i64,
    }
}
