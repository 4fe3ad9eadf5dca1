use rustpython_capsule_glue::api_table;

api_table! {
    pub unsafe struct WholeNumber = c"mathlib._C_API", version 1 {}
}

api_table! {
    pub unsafe struct LeadingZero = c"mathlib._C_API", version 1.02 {}
}

api_table! {
    pub unsafe struct Suffix = c"mathlib._C_API", version 1.2f32 {}
}

api_table! {
    pub unsafe struct Text = c"mathlib._C_API", version "1.2" {}
}

api_table! {
    pub unsafe struct TooLarge = c"mathlib._C_API", version 1.4294967296 {}
}

api_table! {
    pub unsafe struct Since = c"mathlib._C_API", version 1.2 {
        #[since(2)]
        pub double: extern "C" fn(i64) -> i64,
    }
}
