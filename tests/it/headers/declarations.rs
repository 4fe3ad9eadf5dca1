//! What the headers declare, read from what the C preprocessor makes of them.

use std::process::Command;

use libtest_mimic::Failed;

use super::compilers::{Compiler, run};

/// The functions and variables of the API that a header declares, and the functions that it defines.
#[derive(Debug)]
pub(super) struct Declarations {
    /// Each as it stands there, without the semicolon.
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

/// Reads the header of this name.
///
/// # Errors
/// What the compiler says.
pub(super) fn declared_by(header: &str, compiler: Compiler) -> Result<Declarations, Failed> {
    let mut command = Command::new(compiler.program);
    let path = crate::c_code::headers().join(header);
    let text = run(command.args(["-std=c11", "-E", "-P", "-x", "c"]).arg(path))?;
    Ok(declared_in(&text))
}

/// Reads what the preprocessor has made of a header.
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

/// What stands between semicolons and outside braces. A body in braces ends a statement too.
fn statements(text: &str) -> Vec<String> {
    let mut statements = vec![String::new()];
    let mut depth = 0;
    for character in text.chars() {
        let current = statements.last_mut().expect("one is always begun");
        match character {
            '{' => depth += 1,
            '}' => {
                depth -= 1;
                // What follows the braces of a type belongs to it; a function's are its end.
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
