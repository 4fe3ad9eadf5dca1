#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| capsule_fuzz::imports(data));
