//! The names of the functions that a shared library exports for a module (PEP 793, PEP 489).
//! `loader` searches a library for them.

/// The name of a hook: `prefix`, and the last part of the module's full name. If that part is not
/// ASCII, the prefix ends with `U`, and the part is encoded by `punycode`.
///
/// # Errors
/// Those of `punycode`.
pub(crate) fn hook_name<E>(
    prefix: &str,
    module: &str,
    punycode: impl FnOnce(&str) -> Result<String, E>,
) -> Result<String, E> {
    let last = module.rsplit('.').next().unwrap_or_default();
    if last.is_ascii() {
        return Ok(format!("{prefix}_{last}"));
    }
    // The separator of punycode cannot be part of a C identifier.
    Ok(format!("{prefix}U_{}", punycode(last)?.replace('-', "_")))
}

#[cfg(test)]
pub(crate) mod tests {
    use super::hook_name;

    /// The full name of a module, what punycode makes of its last part, the name of the hook.
    const ROWS: [(&str, Option<&str>, &str); 6] = [
        ("spam", None, "PyModExport_spam"),
        ("a.b.spam", None, "PyModExport_spam"),
        ("größe.spam", None, "PyModExport_spam"),
        ("größe", Some("gre-hna3k"), "PyModExportU_gre_hna3k"),
        ("a.größe", Some("gre-hna3k"), "PyModExportU_gre_hna3k"),
        ("スパム", Some("zck5b2b"), "PyModExportU_zck5b2b"),
    ];

    pub(crate) fn the_name_comes_from_the_last_part() {
        for (module, encoded, expected) in ROWS {
            let punycode = |last: &str| {
                assert!(module.ends_with(last) && !last.contains('.'), "{last}");
                encoded.map(str::to_owned).ok_or("ASCII is not encoded")
            };
            assert_eq!(
                hook_name("PyModExport", module, punycode),
                Ok(expected.to_owned())
            );
        }
    }

    pub(crate) fn an_error_of_the_encoder_is_returned() {
        assert_eq!(
            hook_name("PyInit", "é", |_| Err("no codec")),
            Err("no codec")
        );
    }
}
