use rustpython_capsule_glue::{ApiHeader, api_table};

api_table! {
    pub unsafe struct MathApi = c"mathlib._C_API", version 1.1 {
        pub double: extern "C" fn(i64) -> i64,
        pub add: extern "C" fn(i64, i64) -> i64,
        #[since(1.1)]
        pub halve: extern "C" fn(i64) -> i64,
    }
}

api_table! {
    pub unsafe struct OtherApi = c"mathlib._C_API", version 1.0 {
        pub double: extern "C" fn(i64) -> i64,
    }
}

extern "C" fn double(number: i64) -> i64 {
    number * 2
}

extern "C" fn add(left: i64, right: i64) -> i64 {
    left + right
}

pub static LEFT_OUT: MathApi = MathApi {
    header: ApiHeader::new(),
    double,
    halve: None,
};

pub static LATER_LEFT_OUT: MathApi = MathApi {
    header: ApiHeader::new(),
    double,
    add,
};

pub static UNKNOWN: MathApi = MathApi {
    header: ApiHeader::new(),
    double,
    add,
    halve: None,
    triple: double,
};

pub static IN_ANOTHER_PLACE: MathApi = MathApi {
    header: ApiHeader::new(),
    double: add,
    add,
    halve: None,
};

pub static HEADER_OF_ANOTHER_TABLE: MathApi = MathApi {
    header: ApiHeader::<OtherApi>::new(),
    double,
    add,
    halve: None,
};

pub fn call_without_a_check(api: &MathApi) -> i64 {
    (api.halve)(84)
}
