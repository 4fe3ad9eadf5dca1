//! `PyArg_ParseTupleAndKeywords`: converting the items of a tuple and the values of a dict.

use rustpython_vm::builtins::{PyDict, PyStr, PyTuple};
use rustpython_vm::{Py, PyObjectRef, PyResult, VirtualMachine};

use super::parser::{End, Parser, Problem};
use crate::varargs::Arguments;

/// The arguments of a call, and the names that its function has for them. An empty name is that of an
/// argument that can only be given by position.
pub(super) struct Call<'a> {
    pub(super) tuple: &'a Py<PyTuple>,
    pub(super) dict: Option<&'a Py<PyDict>>,
    pub(super) names: &'a [&'a str],
}

/// Converts the arguments of a call.
///
/// # Errors
/// Those of the units; TypeError for arguments that are missing, unknown or given twice; SystemError for
/// a format or names that are wrong.
///
/// # Safety
/// The arguments fit the format.
pub(super) unsafe fn parse(
    call: &Call<'_>,
    format: &[u8],
    arguments: Arguments,
    vm: &VirtualMachine,
) -> PyResult<()> {
    let mut state = State {
        parser: Parser {
            rest: format,
            arguments,
            undo: Vec::new(),
            vm,
        },
        end: End::of(format),
        min: None,
        max: None,
        by_name: call.dict.map_or(0, |dict| dict.__len__()),
    };
    // SAFETY: the caller promises arguments that fit.
    let parsed = unsafe { state.run(call) };
    if parsed.is_err() {
        // SAFETY: the variables are still there, and their values were not used.
        unsafe { state.parser.undo() };
    }
    parsed
}

struct State<'a> {
    parser: Parser<'a>,
    end: End,
    /// The number of arguments before `|`, once it was read.
    min: Option<usize>,
    /// The number of arguments before `$`, once it was read.
    max: Option<usize>,
    /// The number of arguments in the dict that are not converted yet.
    by_name: usize,
}

impl State<'_> {
    /// # Safety
    /// The arguments fit the format.
    unsafe fn run(&mut self, call: &Call<'_>) -> PyResult<()> {
        let vm = self.parser.vm;
        let (names, given) = (call.names, call.tuple.len());
        let only_by_position = names.iter().take_while(|name| name.is_empty()).count();
        if names[only_by_position..].iter().any(|name| name.is_empty()) {
            return Err(vm.new_system_error("Empty keyword parameter name"));
        }
        if given + self.by_name > names.len() {
            let (function, count) = (self.end.function(), names.len());
            let keyword = if given == 0 { "keyword " } else { "" };
            let plural = if count == 1 { "" } else { "s" };
            let all = given + self.by_name;
            return Err(vm.new_type_error(format!(
                "{function} takes at most {count} {keyword}argument{plural} ({all} given)"
            )));
        }
        // Whether an argument is missing that can only be given by position. The error needs the
        // numbers, which are known only after the rest of the format was read.
        let mut lacks_position = false;
        let mut read = names.len();
        for (index, name) in names.iter().enumerate() {
            if self.reads_marks(index, only_by_position, given, lacks_position)? {
                read = index;
                break;
            }
            if self.parser.is_at_end() {
                let text = format!(
                    "More keyword list entries ({}) than format specifiers ({index})",
                    names.len()
                );
                return Err(vm.new_system_error(text));
            }
            if !lacks_position {
                if let Some(value) = self.value(call, index, name, only_by_position)? {
                    // SAFETY: the caller promises arguments that fit. The call keeps the value.
                    let converted = unsafe { self.parser.unit(Some(&value)) };
                    converted
                        .map_err(|problem| problem.into_exception(index + 1, &self.end, vm))?;
                    continue;
                }
                if index < self.min.unwrap_or(usize::MAX) {
                    if index >= only_by_position {
                        let function = self.end.function();
                        return Err(vm.new_type_error(format!(
                            "{function} missing required argument '{name}' (pos {})",
                            index + 1
                        )));
                    }
                    lacks_position = true;
                } else if self.by_name == 0 {
                    return Ok(());
                }
            }
            let rest = self.parser.rest;
            // SAFETY: the caller promises arguments that fit.
            if let Err(Problem::Text(text, _)) = unsafe { self.parser.unit(None) } {
                let rest = String::from_utf8_lossy(rest);
                let text = text.trim_matches(['(', ')']);
                return Err(vm.new_system_error(format!("{text}: '{rest}'")));
            }
        }
        if lacks_position {
            let function = self.end.function();
            let limit = only_by_position.min(self.min.unwrap_or(usize::MAX));
            let how = if limit < read { "at least" } else { "exactly" };
            let plural = if limit == 1 { "" } else { "s" };
            return Err(vm.new_type_error(format!(
                "{function} takes {how} {limit} positional argument{plural} ({given} given)"
            )));
        }
        if !self.parser.is_at_end() && !matches!(self.parser.rest.first(), Some(b'|' | b'$')) {
            let rest = String::from_utf8_lossy(self.parser.rest);
            return Err(vm.new_system_error(format!(
                "more argument specifiers than keyword list entries (remaining format:'{rest}')"
            )));
        }
        if self.by_name > 0 {
            return self.check_names(call, only_by_position);
        }
        Ok(())
    }

    /// Reads `|` and `$` before the argument at this index. Returns whether to stop because an argument is
    /// missing that can only be given by position.
    fn reads_marks(
        &mut self,
        index: usize,
        only_by_position: usize,
        given: usize,
        lacks_position: bool,
    ) -> PyResult<bool> {
        let vm = self.parser.vm;
        if self.parser.skips(b'|') {
            if self.min.is_some() {
                return Err(vm.new_system_error("Invalid format string (| specified twice)"));
            }
            self.min = Some(index);
            if self.max.is_some() {
                return Err(vm.new_system_error("Invalid format string ($ before |)"));
            }
        }
        if self.parser.skips(b'$') {
            if self.max.is_some() {
                return Err(vm.new_system_error("Invalid format string ($ specified twice)"));
            }
            self.max = Some(index);
            if index < only_by_position {
                return Err(vm.new_system_error("Empty parameter name after $"));
            }
            if lacks_position {
                return Ok(true);
            }
            if index < given {
                let function = self.end.function();
                if index == 0 {
                    let text = format!("{function} takes no positional arguments");
                    return Err(vm.new_type_error(text));
                }
                let how = if self.min.is_some() {
                    "at most"
                } else {
                    "exactly"
                };
                let plural = if index == 1 { "" } else { "s" };
                return Err(vm.new_type_error(format!(
                    "{function} takes {how} {index} positional argument{plural} ({given} given)"
                )));
            }
        }
        Ok(false)
    }

    /// The argument at this index, by position or by name.
    fn value(
        &mut self,
        call: &Call<'_>,
        index: usize,
        name: &str,
        only_by_position: usize,
    ) -> PyResult<Option<PyObjectRef>> {
        if let Some(value) = call.tuple.get(index) {
            return Ok(Some(value.clone()));
        }
        if self.by_name == 0 || index < only_by_position {
            return Ok(None);
        }
        let found = match call.dict {
            Some(dict) => dict.inner_getitem_opt(name, self.parser.vm)?,
            None => None,
        };
        self.by_name -= usize::from(found.is_some());
        Ok(found)
    }

    /// # Errors
    /// TypeError for an argument by name that was given by position too, or that the function does not
    /// have.
    fn check_names(&self, call: &Call<'_>, only_by_position: usize) -> PyResult<()> {
        let vm = self.parser.vm;
        let function = self.end.function();
        let Some(dict) = call.dict else { return Ok(()) };
        let by_position = call.names.iter().enumerate().take(call.tuple.len());
        for (index, name) in by_position.skip(only_by_position) {
            if dict.inner_getitem_opt(*name, vm)?.is_some() {
                return Err(vm.new_type_error(format!(
                    "argument for {function} given by name ('{name}') and position ({})",
                    index + 1
                )));
            }
        }
        for key in dict.keys_vec() {
            let Some(key) = key.downcast_ref::<PyStr>() else {
                return Err(vm.new_type_error("keywords must be strings"));
            };
            let known = &call.names[only_by_position..];
            if !known.iter().any(|name| key.to_str() == Some(*name)) {
                let key = key.to_string_lossy();
                let function = match self.end.name {
                    Some(_) => function,
                    None => "this function".to_owned(),
                };
                return Err(vm.new_type_error(format!(
                    "{function} got an unexpected keyword argument '{key}'"
                )));
            }
        }
        Ok(())
    }
}
