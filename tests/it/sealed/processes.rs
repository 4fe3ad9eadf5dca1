//! Tests of sealing that need an interpreter or a process of their own: the environment variable,
//! the order of calls on a builder, and what an embedder can remove in addition (`docs/sealed.md`).

use std::ffi::OsStr;

use libtest_mimic::{Failed, Trial};
use rustpython::{InterpreterBuilder, InterpreterBuilderExt};
use rustpython_capsule_capi::ExtensionModulesExt;
use rustpython_capsule_glue::{Access, CapsuleBuilderExt, Replacement, replace_functions};
use rustpython_vm::common::rc::PyRc;
use rustpython_vm::function::{FuncArgs, static_func};
use rustpython_vm::{PyResult, Settings, VirtualMachine};

use crate::interpreter::{child, exec, shown, trial};

pub(super) fn trials() -> Vec<Trial> {
    type Test = fn() -> Result<(), Failed>;
    let tests: [(&str, Test); 5] = [
        ("the-environment-seals-the-program", environment_seals),
        ("builder-calls-seal-in-any-order", any_order_seals),
        (
            "the-capsule-of-datetime-can-be-loaded-and-not-read",
            datetime_capsule,
        ),
        ("an-embedder-can-remove-modules", modules_removed),
        ("an-embedder-can-remove-functions", functions_removed),
    ];
    tests
        .into_iter()
        .map(|(name, test)| trial(format!("sealed::{name}"), test))
        .collect()
}

fn environment_seals() -> Result<(), Failed> {
    let source = OsStr::new(
        "import _capsule
try: print(_capsule.get_pointer(_capsule.new(7), None))
except PermissionError as error: print(error)",
    );
    let printed = |value| {
        child(
            &[OsStr::new("-c"), source],
            &[("CAPSULE_PYTHON_SEALED", value)],
        )
        .stdout
    };
    assert_eq!(
        printed("1"),
        "_capsule.new: capsules are sealed in this interpreter\n"
    );
    assert_eq!(printed("0"), "7\n");
    Ok(())
}

fn builder() -> InterpreterBuilder {
    let mut settings = Settings::default();
    settings.install_signal_handlers = false;
    InterpreterBuilder::new().settings(settings)
}

/// Runs a script, which raises if a check fails, in a new interpreter.
fn check(builder: InterpreterBuilder, script: &str) -> Result<(), Failed> {
    let interpreter = builder.build();
    let done = interpreter.enter(|vm| {
        let scope = vm.new_scope_with_builtins();
        exec(script, &scope, vm)
            .map(drop)
            .map_err(|error| shown(&error, vm))
    });
    interpreter.finalize(None);
    Ok(done?)
}

/// Sealing changes a module of the standard library, whether that is added before or after.
fn any_order_seals() -> Result<(), Failed> {
    let script = "
import fcntl, importlib
def refused(call, kind):
    try: call()
    except kind as error: return 'sealed' in str(error)
assert refused(lambda: fcntl.ioctl(0, 0x5413, bytes(8)), PermissionError)
assert refused(lambda: importlib.import_module('_ctypes'), ImportError)
assert fcntl.fcntl(1, fcntl.F_GETFD) >= 0";
    check(
        builder().init_stdlib().with_capsules(Access::Sealed),
        script,
    )?;
    check(
        builder().with_capsules(Access::Sealed).init_stdlib(),
        script,
    )
}

/// `datetime.datetime_CAPI` must exist for native code of the embedder, which a sealed script may
/// call.
fn datetime_capsule() -> Result<(), Failed> {
    let script = "
import _capsule, datetime
capsule = datetime.datetime_CAPI
assert _capsule.import_capsule('datetime.datetime_CAPI') is capsule
assert _capsule.is_valid(capsule, 'datetime.datetime_CAPI')
info = _capsule.describe(capsule)
assert (info.pointer, info.context, info.destructor, info.owner) == (None, None, None, None)
name, other = 'datetime.datetime_CAPI', 'other'
refused = 0
for function, arguments in (
    (_capsule.get_pointer, (capsule, name)), (_capsule.import_, (name,)),
    (_capsule.get_context, (capsule,)), (_capsule.set_pointer, (capsule, 7)),
    (_capsule.set_name, (capsule, other)), (_capsule.claim, (capsule, name, other)),
):
    try: function(*arguments)
    except PermissionError: refused += 1
assert refused == 6";
    let sealed = || builder().with_capsules(Access::Sealed);
    check(sealed().init_stdlib().with_extension_modules(), script)?;
    check(sealed().with_extension_modules().init_stdlib(), script)?;
    let twice = sealed().init_stdlib().with_extension_modules();
    check(twice.with_extension_modules(), script)
}

fn without_sockets(vm: &mut VirtualMachine) {
    let state =
        PyRc::get_mut(&mut vm.state).expect("before the VM starts nothing shares the state");
    for name in ["_socket", "_posixsubprocess", "faulthandler"] {
        state.module_defs.remove(name);
    }
}

fn modules_removed() -> Result<(), Failed> {
    let script = "
import _imp, _interpreters, importlib.machinery, sys
for name in '_socket', 'socket', '_posixsubprocess', 'faulthandler':
    try: __import__(name)
    except ModuleNotFoundError: pass
    else: raise AssertionError(name)
    assert _imp.create_builtin(importlib.machinery.ModuleSpec(name, None)) is None
    assert name not in sys.builtin_module_names
other = _interpreters.create()
text = _interpreters.run_string(other, 'import _socket').formatted
assert text == \"ModuleNotFoundError: No module named '_socket'\", text
_interpreters.destroy(other)";
    let builder = builder().init_stdlib().with_capsules(Access::Sealed);
    check(builder.init_hook(without_sockets), script)
}

/// `posix` in which the functions that start programs raise PermissionError. They must exist, since
/// `os` imports them.
static NO_PROCESSES: Replacement = Replacement::new("posix", |definition| {
    let names = [
        "fork",
        "forkpty",
        "execv",
        "execve",
        "posix_spawn",
        "posix_spawnp",
        "system",
    ];
    let refused = names.map(|name| (name, static_func(refuse)));
    replace_functions(definition, &refused);
});

fn refuse(_args: FuncArgs, vm: &VirtualMachine) -> PyResult<()> {
    let class = vm.ctx.exceptions.permission_error.to_owned();
    Err(vm.new_exception_msg(class, "no processes".into()))
}

fn functions_removed() -> Result<(), Failed> {
    let script = "
import _imp, importlib.machinery, os, sys
posix = sys.modules.pop('posix')
again = _imp.create_builtin(importlib.machinery.ModuleSpec('posix', None))
assert again is not posix
for start in (lambda: os.execvp('true', ['true']), lambda: os.system('true'), os.fork, again.fork,
              os.forkpty, lambda: posix.posix_spawn('/bin/true', ['true'], {}),
              lambda: os.posix_spawnp('true', ['true'], {}), lambda: again.execv('/bin/true', ['true'])):
    try: start()
    except PermissionError as error: assert str(error) == 'no processes'
    else: raise AssertionError('a program was started')
assert os.getpid() > 0";
    let builder = builder().init_stdlib().with_capsules(Access::Sealed);
    let definition = NO_PROCESSES
        .changed(&builder.ctx)
        .ok_or("the VM has no such module")?;
    check(builder.add_native_module(definition), script)
}
