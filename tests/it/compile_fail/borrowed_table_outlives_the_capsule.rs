use rustpython_capsule_glue::{ApiRef, api_table};

api_table! {
    pub unsafe struct MathApi = c"mathlib._C_API", version 1.0 {
        pub double: extern "C" fn(i64) -> i64,
    }
}

pub fn call(api: ApiRef<MathApi>) -> i64 {
    let table: &MathApi = &api;
    drop(api);
    (table.double)(21)
}
