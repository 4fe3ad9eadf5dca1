//! Tables of Python source texts with their expected outcomes. All rows of a table run in one
//! interpreter, each in a scope of its own. A test is a group of rows that show one behaviour.

use std::sync::{Arc, OnceLock};

use libtest_mimic::Trial;
use rustpython_vm::compiler::Mode;
use rustpython_vm::{PyResult, VirtualMachine};

use crate::interpreter::{exec, in_interpreter, shown, trial};

/// A behaviour and the rows that show it. A row is a source text, and the `repr` of its value or
/// the exception that it raises. The value of statements is that of the variable `answer`.
pub(crate) type Group = (&'static str, &'static [(&'static str, &'static str)]);

#[derive(Clone, Copy, Debug)]
pub(crate) struct Table {
    pub(crate) topic: &'static str,
    /// Statements that run before each row.
    pub(crate) prelude: &'static str,
    pub(crate) groups: &'static [Group],
    /// The class that replaces `PyCapsule` in the expected outcomes.
    pub(crate) class: &'static str,
}

impl Table {
    pub(crate) fn trials(self) -> Vec<Trial> {
        let run = Arc::new(OnceLock::new());
        let group = |(position, (behaviour, rows)): (usize, &'static Group)| {
            let run = Arc::clone(&run);
            trial(format!("{}::{behaviour}", self.topic), move || {
                let outcomes: &Vec<Vec<String>> =
                    run.get_or_init(|| in_interpreter(|vm| self.run(vm)));
                let mut wrong = String::new();
                for ((source, expected), found) in rows.iter().zip(&outcomes[position]) {
                    let expected = expected.replace("PyCapsule", self.class);
                    if *found != expected {
                        wrong += &format!("{source}\n  expected {expected}\n  found    {found}\n");
                    }
                }
                if wrong.is_empty() {
                    Ok(())
                } else {
                    Err(wrong.into())
                }
            })
        };
        self.groups.iter().enumerate().map(group).collect()
    }

    fn run(&self, vm: &VirtualMachine) -> Vec<Vec<String>> {
        let outcome = |(source, _): &(&str, &str)| self.outcome(source, vm);
        self.groups
            .iter()
            .map(|(_, rows)| rows.iter().map(outcome).collect())
            .collect()
    }

    fn outcome(&self, source: &str, vm: &VirtualMachine) -> String {
        let answer = self.answer(source, vm).and_then(|value| value.repr(vm));
        answer.map_or_else(|exception| shown(&exception, vm), |text| text.to_string())
    }

    fn answer(&self, source: &str, vm: &VirtualMachine) -> PyResult {
        let scope = vm.new_scope_with_builtins();
        exec(self.prelude, &scope, vm)?;
        if let Ok(code) = vm.compile(source, Mode::Eval, "<row>") {
            return vm.run_code_obj(code, scope);
        }
        exec(source, &scope, vm)?;
        let answer = scope.globals.get_item_opt("answer", vm)?;
        Ok(answer.unwrap_or_else(|| vm.ctx.none()))
    }
}
