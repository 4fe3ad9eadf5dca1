//! The type of an attempt, and the attempts by way of `_capsule` itself. An attempt is a script
//! that has `capsule` and `native` as variables and stores what it gets in `result`.

/// The outcome that an attempt must have. In addition no address may leak and no capsule may
/// change.
#[derive(Clone, Copy)]
pub(super) enum Outcome {
    /// `repr(result)`, or the exception.
    Is(&'static str),
    /// PermissionError for this function of `_capsule`.
    Sealed(&'static str),
    /// Any result or exception.
    Anything,
}

use Outcome::{Is, Sealed};

pub(super) const NO_CTYPES: Outcome =
    Is("ImportError: ctypes is not available in an interpreter whose capsules are sealed");
pub(super) const CANNOT_PICKLE: Outcome = Is("TypeError: cannot pickle 'PyCapsule' object");

pub(super) type Attempt = (&'static str, &'static str, Outcome);

#[rustfmt::skip]
pub(super) const ALLOWED: [Attempt; 12] = [
    ("is-valid", "result = _capsule.is_valid(capsule, 'm.cap'), _capsule.is_valid(capsule, 'm'), _capsule.is_valid(5, None)", Is("(True, False, False)")),
    ("get-name", "result = _capsule.get_name(capsule)", Is("'m.cap'")),
    ("get-name-of-none", "_capsule.get_name(5)", Is("PyCapsuleError: PyCapsule_GetName called with invalid PyCapsule object")),
    ("import-capsule", "result = _capsule.import_capsule('m.cap') is capsule", Is("True")),
    ("import-capsule-of-another-name", "_capsule.import_capsule('m.other')", Is("AttributeError: PyCapsule_Import \"m.other\" is not valid")),
    ("import-capsule-from-a-missing-module", "_capsule.import_capsule('nosuch.cap')", Is("ImportError: PyCapsule_Import could not import module \"nosuch\"")),
    ("describe", "result = _capsule.describe(capsule)", Is("_capsule.CapsuleInfo(name='m.cap', pointer=None, context=None, destructor='rust', owner=None, library=None, symbol=None)")),
    ("describe-none", "_capsule.describe(5)", Is("PyCapsuleError: _capsule.describe called with invalid PyCapsule object")),
    ("the-class", "result = _capsule.PyCapsule is types.CapsuleType is type(capsule)", Is("True")),
    ("the-exception", "result = _capsule.PyCapsuleError.__mro__[1]", Is("<class 'ValueError'>")),
    ("repr", "result = repr(capsule) == f'<capsule object \"m.cap\" at {id(capsule):#x}>'", Is("True")),
    ("same-functions-as-open", "result = sorted(name for name, found in vars(_capsule).items() if callable(found) and name[0] != '_')", Is("['CapsuleInfo', 'PyCapsule', 'PyCapsuleError', 'claim', 'describe', 'get_context', 'get_destructor', 'get_name', 'get_pointer', 'import_', 'import_capsule', 'is_valid', 'load', 'new', 'set_context', 'set_destructor', 'set_name', 'set_pointer']")),
];

#[rustfmt::skip]
pub(super) const FUNCTIONS: [Attempt; 18] = [
    ("new", "result = _capsule.new(1, 'm.cap')", Sealed("new")),
    ("new-named", "result = _capsule.new(pointer=1, owner=capsule)", Sealed("new")),
    ("new-of-nothing", "result = _capsule.new()", Sealed("new")),
    ("get-pointer", "result = _capsule.get_pointer(capsule, 'm.cap')", Sealed("get_pointer")),
    ("get-pointer-by-another-name", "result = _capsule.get_pointer(capsule, None)", Sealed("get_pointer")),
    ("get-pointer-of-none", "result = _capsule.get_pointer(5, None)", Sealed("get_pointer")),
    ("get-context", "result = _capsule.get_context(capsule)", Sealed("get_context")),
    ("get-destructor", "result = _capsule.get_destructor(capsule)", Sealed("get_destructor")),
    ("set-pointer", "_capsule.set_pointer(capsule, 1)", Sealed("set_pointer")),
    ("set-name", "_capsule.set_name(capsule, 'm')", Sealed("set_name")),
    ("set-name-to-the-same", "_capsule.set_name(capsule, 'm.cap')", Sealed("set_name")),
    ("set-context", "_capsule.set_context(capsule, 1)", Sealed("set_context")),
    ("set-destructor", "_capsule.set_destructor(capsule, print)", Sealed("set_destructor")),
    ("set-destructor-to-none", "_capsule.set_destructor(capsule, None)", Sealed("set_destructor")),
    ("claim", "result = _capsule.claim(capsule, 'm.cap', 'm')", Sealed("claim")),
    ("claim-by-another-name", "result = _capsule.claim(capsule, 'm', 'm')", Sealed("claim")),
    ("import", "result = _capsule.import_('m.cap')", Sealed("import_")),
    ("import-of-nothing", "result = _capsule.import_('nosuch.cap')", Sealed("import_")),
];
