use rustpython_capsule_glue::api_table;

api_table! {
    pub unsafe struct NewerFirst = c"mathlib._C_API", version 1.10 {
        #[since(1.10)]
        pub double: extern "C" fn(i64) -> i64,
        #[since(1.2)]
        pub halve: extern "C" fn(i64) -> i64,
    }
}

api_table! {
    pub unsafe struct RequiredAfterLater = c"mathlib._C_API", version 1.2 {
        #[since(1.2)]
        pub double: extern "C" fn(i64) -> i64,
        pub halve: extern "C" fn(i64) -> i64,
    }
}

api_table! {
    pub unsafe struct NewerThanTheTable = c"mathlib._C_API", version 1.1 {
        #[since(1.10)]
        pub double: extern "C" fn(i64) -> i64,
    }
}

api_table! {
    pub unsafe struct AnotherMajorVersion = c"mathlib._C_API", version 2.1 {
        #[since(1.1)]
        pub double: extern "C" fn(i64) -> i64,
    }
}

api_table! {
    pub unsafe struct FirstVersion = c"mathlib._C_API", version 1.1 {
        #[since(1.0)]
        pub double: extern "C" fn(i64) -> i64,
    }
}

api_table! {
    pub unsafe struct NoPointer = c"mathlib._C_API", version 1.1 {
        #[since(1.1)]
        pub answer: u64,
    }
}
