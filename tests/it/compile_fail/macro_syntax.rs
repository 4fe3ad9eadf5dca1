use rustpython_capsule_glue::api_table;

api_table! {
    pub unsafe struct OldForm = c"mathlib._C_API", version 1, 0 {}
}

api_table! {
    pub unsafe struct ThreeNumbers = c"mathlib._C_API", version 1.2.3 {}
}

api_table! {
    pub struct Safe = c"mathlib._C_API", version 1.0 {}
}

api_table! {
    pub unsafe struct Configured = c"mathlib._C_API", version 1.0 {
        #[cfg(unix)]
        pub double: extern "C" fn(i64) -> i64,
    }
}
