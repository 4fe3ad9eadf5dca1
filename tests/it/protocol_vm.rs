//! Where the VM differs from CPython for every builtin class: each row runs for a capsule and for
//! an attribute descriptor, which is as opaque, with the same outcome.

use libtest_mimic::Trial;

use crate::protocol::PRELUDE;
use crate::table::{Group, Table};

pub(crate) fn trials() -> Vec<Trial> {
    let capsule = Table {
        topic: "protocol::the-vm",
        prelude: PRELUDE,
        groups: GROUPS,
        class: "PyCapsule",
    };
    let descriptor = Table {
        topic: "protocol::the-vm-elsewhere",
        prelude: DESCRIPTOR,
        class: "getset_descriptor",
        ..capsule
    };
    let mut trials = capsule.trials();
    trials.extend(descriptor.trials());
    trials
}

const DESCRIPTOR: &str = "\
c, d = int.__dict__['real'], int.__dict__['imag']
T = type(c)
";

/// CPython: `object.__new__(PyCapsule) is not safe, use PyCapsule.__new__()`.
const NOT_MADE: &str = "TypeError: cannot create 'PyCapsule' instances";

const GROUPS: &[Group] = &[
    (
        "object-new-of-a-class-without-instances-has-another-message",
        &[
            ("T.__new__(T)", NOT_MADE),
            ("object.__new__(T)", NOT_MADE),
            ("object.__new__(T, 1)", NOT_MADE),
            ("super(T, c).__new__(T)", NOT_MADE),
            ("type(iter([])).__new__(T)", NOT_MADE),
            ("import copyreg; copyreg.__newobj__(T)", NOT_MADE),
            ("import copyreg; copyreg.__newobj_ex__(T, (), {})", NOT_MADE),
            (
                "import copyreg; copyreg._reconstructor(T, object, None)",
                NOT_MADE,
            ),
        ],
    ),
    (
        "object-init-accepts-no-arguments",
        &[(
            "c.__init__(1)",
            "TypeError: PyCapsule.__init__() takes exactly one argument (the instance to initialize)",
        )],
    ),
    (
        "a-class-has-no-offsets-and-other-sizes",
        &[
            (
                "T.__dictoffset__",
                "AttributeError: type object 'PyCapsule' has no attribute '__dictoffset__'",
            ),
            (
                "T.__weakrefoffset__",
                "AttributeError: type object 'PyCapsule' has no attribute '__weakrefoffset__'",
            ),
            ("T.__basicsize__ > object.__basicsize__", "True"),
            ("T.__flags__ >> 14 & 1, list.__flags__ >> 14 & 1", "(0, 0)"),
        ],
    ),
    (
        "error-messages-differ",
        &[
            ("del c.__class__", "TypeError: can't delete attribute"),
            (
                "reversed(c)",
                "TypeError: argument to reversed() must be a sequence",
            ),
            (
                "complex(c)",
                "TypeError: complex() argument must be a string or a number, not PyCapsule",
            ),
            (
                "1 in c",
                "TypeError: argument of type 'PyCapsule' is not a container or iterable",
            ),
            (
                "raise c",
                "TypeError: exceptions must be classes or instances deriving from BaseException, not PyCapsule",
            ),
            (
                "try: 1/0\nexcept c: pass",
                "TypeError: issubclass() arg 1 must be a class",
            ),
            (
                "with c: pass",
                "TypeError: 'PyCapsule' object does not support the context manager protocol (missed __exit__ method)",
            ),
            ("exec(c)", "TypeError: unexpected type PyCapsule"),
            (
                "b'a' + c",
                "TypeError: a bytes-like object is required, not 'PyCapsule'",
            ),
            (
                "import pickle; pickle.dumps(T)",
                "PicklingError: Can't pickle <class 'PyCapsule'>: it's not found as builtins.PyCapsule",
            ),
        ],
    ),
];
