//! The model: a capsule as plain fields, and the result of every call according to the header.

use core::cell::{Cell, RefCell};
use core::ffi::{CStr, c_int};
use core::ptr::null_mut;

use rustpython_vm::PyObject;

use super::super::raised::Raised;
use super::names::{ATTRIBUTES, MODULE, Name};
use super::record::{Call, OTHERS};

/// The stage of a capsule's life.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Stage {
    Alive,
    /// The last reference is gone, and the destructor must run.
    Due,
    /// The destructor runs, or has run and the capsule may have been resurrected.
    Destroying,
    Dead,
}

#[derive(Debug)]
pub(crate) struct Capsule {
    pub(crate) address: Cell<*mut PyObject>,
    pub(crate) pointer: Cell<usize>,
    pub(crate) name: RefCell<Name>,
    pub(crate) vouched: Cell<bool>,
    pub(crate) claimed: Cell<bool>,
    pub(crate) context: Cell<usize>,
    /// The number of the destructor; 0 is none.
    pub(crate) destructor: Cell<usize>,
    /// Whether a destructor has run, after which none runs again.
    pub(crate) destructor_ran: Cell<bool>,
    /// Whether hooks for the collector are set.
    pub(crate) hooks: Cell<bool>,
    /// Whether the capsule owns a reference to itself.
    pub(crate) owns_itself: Cell<bool>,
    pub(crate) references: Cell<usize>,
    pub(crate) stage: Cell<Stage>,
}

/// The arguments of a call.
#[derive(Debug)]
pub(crate) struct Arguments {
    pub(crate) name: Name,
    pub(crate) new_name: Name,
    pub(crate) pointer: usize,
    pub(crate) destructor: usize,
    /// Whether `traverse` and `clear` are given.
    pub(crate) hooks: [bool; 2],
}

/// The object of a call.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Object<'a> {
    Null,
    /// Not a capsule.
    Other(usize),
    Capsule(&'a Capsule),
}

/// The class names of the objects that are not capsules.
pub(crate) const CLASSES: [&str; OTHERS] = ["int", "str", "NoneType", "type", "module"];

/// The value of `vouched` before a call, which may write to it.
pub(crate) const UNTOUCHED: c_int = -7;

/// The result of a call, an address or a number, and `vouched`.
pub(crate) type Answer = (usize, c_int);

/// The expected result of a call, or the expected exception.
pub(crate) type Expected = Result<Answer, Raised>;

impl Capsule {
    pub(crate) fn new(given: &Arguments) -> Self {
        Self {
            address: null_mut::<PyObject>().into(),
            pointer: given.pointer.into(),
            name: given.name.clone().into(),
            vouched: true.into(),
            claimed: false.into(),
            context: 0.into(),
            destructor: given.destructor.into(),
            destructor_ran: false.into(),
            hooks: false.into(),
            owns_itself: false.into(),
            references: 1.into(),
            stage: Stage::Alive.into(),
        }
    }

    fn is_named(&self, name: &Name) -> bool {
        self.name.borrow().text() == name.text()
    }

    /// The note with the expected and the actual name.
    fn mismatch(&self, asked: &Name) -> String {
        let own = self.name.borrow();
        let (asked_shown, own_shown) = (asked.shown(), own.shown());
        let used = asked.text().zip(own.text()).is_some_and(|(asked, own)| {
            own.to_bytes() == [b"used_".as_slice(), asked.to_bytes()].concat()
        });
        let consumed = if self.claimed.get() || used {
            ": the capsule is already consumed"
        } else {
            ""
        };
        format!("expected the name {asked_shown}, found {own_shown}{consumed}")
    }
}

/// The result of a call that fails.
pub(crate) fn failure(call: Call) -> usize {
    match call {
        Call::SetPointer
        | Call::SetName
        | Call::SetContext
        | Call::SetDestructor
        | Call::SetTraverse => -1_isize as usize,
        _ => 0,
    }
}

/// The exception of a call that fails.
pub(crate) fn refused(call: Call, what: &str) -> Raised {
    let function = match call {
        Call::New => "PyCapsule_New",
        Call::GetPointer => "PyCapsule_GetPointer",
        Call::GetVouchedPointer => "PyCapsuleRs_GetVouchedPointer",
        Call::GetName => "PyCapsule_GetName",
        Call::GetContext => "PyCapsule_GetContext",
        Call::GetDestructor => "PyCapsule_GetDestructor",
        Call::SetPointer => "PyCapsule_SetPointer",
        Call::SetName => "PyCapsule_SetName",
        Call::SetContext => "PyCapsule_SetContext",
        Call::SetDestructor => "PyCapsule_SetDestructor",
        Call::Claim => "PyCapsuleRs_Claim",
        Call::SetTraverse if what == "NULL callback" => "_PyCapsule_SetTraverse()",
        Call::SetTraverse => "_PyCapsule_SetTraverse",
        Call::Import | Call::ImportCapsule => "PyCapsule_Import",
        other => unreachable!("{other:?} does not fail"),
    };
    Raised::new("PyCapsuleError", format!("{function} called with {what}"))
}

/// The expected result of a call on an object. Updates the model.
pub(crate) fn on_object(call: Call, object: Object<'_>, given: &Arguments) -> Expected {
    let capsule = match (call, object) {
        (_, Object::Capsule(capsule)) => capsule,
        (Call::IsValid | Call::CheckExact, _) => return Ok((0, UNTOUCHED)),
        (_, Object::Null) => {
            return Err(refused(call, "invalid PyCapsule object").note("NULL instead of a capsule"));
        }
        (_, Object::Other(other)) => {
            let note = format!("not a capsule but an object of type '{}'", CLASSES[other]);
            return Err(refused(call, "invalid PyCapsule object").note(note));
        }
    };
    let named = || {
        if capsule.is_named(&given.name) {
            Ok(())
        } else {
            let note = capsule.mismatch(&given.name);
            Err(refused(call, "incorrect name").note(note))
        }
    };
    let mut vouched = UNTOUCHED;
    let answer = match call {
        Call::IsValid => capsule.is_named(&given.name).into(),
        Call::CheckExact => 1,
        Call::GetPointer => {
            named()?;
            capsule.pointer.get()
        }
        Call::GetVouchedPointer => {
            named()?;
            vouched = capsule.vouched.get().into();
            capsule.pointer.get()
        }
        Call::GetName => capsule.name.borrow().address().addr(),
        Call::GetContext => capsule.context.get(),
        Call::GetDestructor => capsule.destructor.get(),
        Call::SetPointer if given.pointer == 0 => return Err(refused(call, "null pointer")),
        Call::SetPointer => {
            capsule.pointer.set(given.pointer);
            capsule.vouched.set(true);
            0
        }
        Call::SetName => {
            capsule.name.replace(given.name.clone());
            capsule.claimed.set(false);
            0
        }
        Call::SetContext => {
            capsule.context.set(given.pointer);
            0
        }
        Call::SetDestructor => {
            capsule.destructor.set(given.destructor);
            0
        }
        Call::Claim => {
            named()?;
            capsule.name.replace(given.new_name.clone());
            capsule.claimed.set(true);
            capsule.vouched.set(false);
            capsule.pointer.get()
        }
        Call::SetTraverse if given.hooks != [true, true] => {
            return Err(refused(call, "NULL callback"));
        }
        Call::SetTraverse => {
            capsule.hooks.set(true);
            0
        }
        other => unreachable!("{other:?} takes no object"),
    };
    Ok((answer, vouched))
}

/// The capsule that an import of `name` finds, or the exception. `attributes` are those of the only
/// module with capsules. `pending` is the exception that was pending before.
pub(crate) fn on_import<'a>(
    name: &Name,
    attributes: [Object<'a>; ATTRIBUTES.len()],
    pending: Option<&Raised>,
) -> Result<&'a Capsule, Raised> {
    let Some(text) = name.text() else {
        return Err(refused(Call::Import, "null name"));
    };
    let shown = text.to_string_lossy();
    let first = text.to_bytes().split(|byte| *byte == b'.').next();
    let first = first.unwrap_or_default();
    let no_module = |cause: &str| {
        let first = String::from_utf8_lossy(first);
        let text = format!("PyCapsule_Import could not import module \"{first}\"");
        Err(Raised::new("ImportError", text).cause(cause))
    };
    if let Some(pending) = pending {
        return match pending.class.as_str() {
            "KeyboardInterrupt" | "SystemExit" | "MemoryError" => Err(pending.clone()),
            class => no_module(class),
        };
    }
    if first != MODULE.as_bytes() {
        return no_module(match str::from_utf8(first) {
            Ok("") => "ValueError",
            Ok(_) => "ModuleNotFoundError",
            Err(_) => "UnicodeDecodeError",
        });
    }
    let not_valid = |note: String| {
        let text = format!("PyCapsule_Import \"{shown}\" is not valid");
        Err(Raised::new("AttributeError", text).note(note))
    };
    let no_capsule =
        |class: &str| not_valid(format!("not a capsule but an object of type '{class}'"));
    let no_attribute = |of: &str, attribute: &str| {
        let text = format!("{of} has no attribute '{attribute}'");
        Err(Raised::new("AttributeError", text))
    };
    let module = format!("module '{MODULE}'");
    match text.to_bytes().strip_prefix(first).unwrap_or_default() {
        b"" => no_capsule("module"),
        b".number" => no_capsule("int"),
        b".number.x" => no_attribute("'int' object", "x"),
        b".\xff" => Err(Raised::new(
            "UnicodeDecodeError",
            "'utf-8' codec can't decode byte 0xff in position 0: invalid start byte",
        )
        .note("decoding with 'utf-8' codec failed")),
        rest => {
            let attribute = &rest[1..];
            let place = ATTRIBUTES
                .iter()
                .position(|own| own.to_bytes() == attribute);
            match place.map(|place| attributes[place]) {
                None | Some(Object::Null) => {
                    no_attribute(&module, &String::from_utf8_lossy(attribute))
                }
                Some(Object::Other(other)) => no_capsule(CLASSES[other]),
                Some(Object::Capsule(capsule)) if capsule.is_named(name) => Ok(capsule),
                Some(Object::Capsule(capsule)) => not_valid(capsule.mismatch(name)),
            }
        }
    }
}

/// An exception to set: the name of its class, and the text.
pub(crate) fn on_purpose(choice: usize) -> (&'static str, &'static str) {
    const CLASSES: [&str; 4] = [
        "RuntimeError",
        "KeyboardInterrupt",
        "MemoryError",
        "SystemExit",
    ];
    (CLASSES[choice % CLASSES.len()], "on purpose")
}

/// The attribute that a record selects.
pub(crate) fn attribute(choice: usize) -> (usize, &'static CStr) {
    let attribute = choice % ATTRIBUTES.len();
    (attribute, ATTRIBUTES[attribute])
}
