//! Parses the declarations in the headers, after the C preprocessor.

use std::process::Command;

use libtest_mimic::Failed;

use super::compilers::{Compiler, run};

/// The functions and variables of the API that a header declares, and the functions that it
/// defines.
#[derive(Debug)]
pub(super) struct Declarations {
    /// Each as in the header, without the semicolon.
    pub(super) functions: Vec<Declaration>,
    pub(super) variables: Vec<Declaration>,
    /// The names of `static inline` functions.
    pub(super) inline: Vec<String>,
}

#[derive(Debug)]
pub(super) struct Declaration {
    pub(super) name: String,
    pub(super) text: String,
}

/// Parses the header of this name.
///
/// # Errors
/// The compiler's output, if it fails.
pub(super) fn declared_by(header: &str, compiler: Compiler) -> Result<Declarations, Failed> {
    let mut command = Command::new(compiler.program);
    let path = crate::c_code::headers().join(header);
    let text = run(command.args(["-std=c11", "-E", "-P", "-x", "c"]).arg(path))?;
    Ok(declared_in(&text))
}

/// Parses the output of the preprocessor.
pub(super) fn declared_in(text: &str) -> Declarations {
    let mut declarations = Declarations {
        functions: Vec::new(),
        variables: Vec::new(),
        inline: Vec::new(),
    };
    for statement in statements(text) {
        let statement = statement.split_whitespace().collect::<Vec<_>>().join(" ");
        let skipped = ["typedef", "enum", "struct", "_Static_assert"];
        if skipped.iter().any(|word| statement.starts_with(word)) {
            continue;
        }
        let (list, before) = match statement.split_once('(') {
            Some((before, _)) => (&mut declarations.functions, before),
            None => (&mut declarations.variables, statement.as_str()),
        };
        let name = before.rsplit([' ', '*']).next().unwrap_or_default();
        if !name.starts_with("Py") && !name.starts_with("_Py") {
            continue;
        }
        let name = name.to_owned();
        if statement.starts_with("static") {
            declarations.inline.push(name);
        } else {
            list.push(Declaration {
                name,
                text: statement,
            });
        }
    }
    declarations
}

/// The texts between semicolons and outside braces. The body of a function ends a statement too.
fn statements(text: &str) -> Vec<String> {
    let mut statements = vec![String::new()];
    let mut depth = 0;
    for character in text.chars() {
        let current = statements
            .last_mut()
            .expect("there is always a current one");
        match character {
            '{' => depth += 1,
            '}' => {
                depth -= 1;
                // A type continues after its braces; a function ends with them.
                if depth == 0 && current.contains('(') {
                    statements.push(String::new());
                }
            }
            ';' if depth == 0 => statements.push(String::new()),
            _ if depth == 0 => current.push(character),
            _ => {}
        }
    }
    statements
}
