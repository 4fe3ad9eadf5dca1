#![no_main]

use rustpython_capsule_capi as _;

libfuzzer_sys::fuzz_target!(|data: &[u8]| {
    let _ = data;
});
