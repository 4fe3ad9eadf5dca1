//! Capsules in the signatures of functions that Rust offers to Python, and errors as exceptions.

mod values;

use core::ffi::CStr;
use core::ptr::NonNull;

use libtest_mimic::{Failed, Trial};
use rustpython::{InterpreterBuilder, InterpreterBuilderExt};
use rustpython_capsule::{Operation, PyCapsuleError};
use rustpython_capsule_glue::capsule::prelude::*;
use rustpython_capsule_glue::{Access, CapsuleBuilderExt};
use rustpython_vm::builtins::PyBaseExceptionRef;
use rustpython_vm::class::StaticType;
use rustpython_vm::convert::{IntoPyException, ToPyException, ToPyObject};
use rustpython_vm::{
    AsObject, PyObjectRef, PyRef, Settings, TryFromObject, VirtualMachine, pymodule,
};

use crate::interpreter::{exec, in_interpreter, same, shown, trial};

/// Not `Debug`, although a handle to it is.
struct Prices(Vec<u32>);

impl CapsuleName for Prices {
    const NAME: &'static CStr = c"shop.prices";
}

/// The name of pointers to `NUMBERS`, which starts at an address divisible by 8.
enum Numbers {}

impl CapsuleName for Numbers {
    const NAME: &'static CStr = c"shop.numbers";
}

static NUMBERS: [u64; 2] = [40, 2];

/// What an author of a native module writes.
#[pymodule]
mod shop {
    use core::ptr::NonNull;

    use rustpython_capsule_glue::prelude::*;
    use rustpython_vm::{Context, PyObjectRef, PyRef, PyResult, VirtualMachine};

    use super::{NUMBERS, Numbers, Prices};

    api_table! {
        pub(super) unsafe struct Api = c"shop.API", version 1.0 {
            pub(super) answer: i64,
        }
    }

    static API: Api = Api {
        header: ApiHeader::new(),
        answer: 42,
    };

    #[pyattr(name = "API")]
    fn api(vm: &VirtualMachine) -> PyRef<PyCapsule> {
        publish_api(&API, &vm.ctx)
    }

    fn numbers(offset: usize, ctx: &Context) -> PyRef<PyCapsule> {
        let pointer = NonNull::from(&NUMBERS).map_addr(|address| address.saturating_add(offset));
        PyCapsule::builder(pointer.cast())
            .name(Numbers::NAME)
            .build(ctx)
    }

    #[pyfunction]
    fn prices(vm: &VirtualMachine) -> TypedCapsule<Prices> {
        TypedCapsule::from_value(Prices(vec![3, 4]), &vm.ctx)
    }

    #[pyfunction]
    fn total(prices: TypedCapsule<Prices>) -> u32 {
        prices.0.iter().sum()
    }

    #[pyfunction]
    fn same(prices: TypedCapsule<Prices>) -> TypedCapsule<Prices> {
        prices
    }

    #[pyfunction]
    fn how_many(prices: Option<TypedCapsule<Prices>>) -> usize {
        prices.map_or(0, |prices| prices.as_ref().0.len())
    }

    #[pyfunction]
    fn handle(offset: usize, vm: &VirtualMachine) -> Result<CapsuleHandle, CapsuleError> {
        CapsuleHandle::new(numbers(offset, &vm.ctx), Some(Numbers::NAME))
    }

    #[pyfunction]
    fn named(numbers: NamedHandle<Numbers>) -> NamedHandle<Numbers> {
        numbers
    }

    #[pyfunction]
    fn is_aligned(numbers: NamedHandle<Numbers>) -> Result<bool, CapsuleError> {
        numbers.cast::<u8>()?;
        Ok(numbers.cast::<u64>()?.is_aligned())
    }

    #[pyfunction]
    fn total_of_any(object: PyObjectRef, _vm: &VirtualMachine) -> PyResult<u32> {
        let capsule = PyCapsule::of(&object)?;
        Ok(capsule
            .value::<Prices>(Some(c"shop.prices"))?
            .0
            .iter()
            .sum())
    }

    #[pyfunction]
    fn answer(api: ApiRef<Api>) -> i64 {
        api.answer
    }

    #[pyfunction]
    fn same_api(api: ApiRef<Api>) -> ApiRef<Api> {
        api
    }

    #[pyfunction]
    fn imported_api(vm: &VirtualMachine) -> PyResult<ApiRef<Api>> {
        import_api::<Api>(vm)
    }
}

const NO_CAPSULE: &str = "PyCapsuleError: PyCapsule_GetPointer called with invalid PyCapsule \
                          object\nnote not a capsule but an object of type 'int'";

/// An expression, and its value or the exception with its notes.
#[rustfmt::skip]
const ROWS: &[(&str, &str, &str)] = &[
    ("value-as-a-result", "type(shop.prices()) is types.CapsuleType, _capsule.get_name(shop.prices())", "(True, 'shop.prices')"),
    ("value-as-an-argument", "shop.total(shop.prices())", "7"),
    ("value-as-both-is-the-same-capsule", "shop.same(c) is c", "True"),
    ("value-as-an-optional-argument", "shop.how_many(None), shop.how_many(c)", "(0, 2)"),
    ("value-of-an-object-that-is-no-capsule", "shop.total(5)", NO_CAPSULE),
    ("value-of-another-name", "shop.total(_capsule.new(1, 'x'))", "PyCapsuleError: PyCapsule_GetPointer called with incorrect name\nnote expected the name \"shop.prices\", found \"x\""),
    ("value-that-was-claimed", "_capsule.claim(c, 'shop.prices', 'used'), shop.total(c)", "PyCapsuleError: PyCapsule_GetPointer called with incorrect name\nnote expected the name \"shop.prices\", found \"used\": the capsule is already consumed"),
    ("value-of-no-type", "shop.total(_capsule.new(1, 'shop.prices'))", "PyCapsuleError: PyCapsuleRs_GetValue called with incorrect type\nnote expected a value of Rust type it::rust_api::Prices, found a capsule that holds no Rust value"),
    ("value-with-another-pointer-is-still-the-value", "_capsule.set_pointer(c, 8), shop.total(c)", "(None, 7)"),
    ("handle-as-a-result", "_capsule.get_name(shop.handle(0))", "'shop.numbers'"),
    ("named-handle-as-both-is-the-same-capsule", "shop.named(n) is n", "True"),
    ("named-handle-of-an-object-that-is-no-capsule", "shop.named(5)", NO_CAPSULE),
    ("named-handle-of-another-name", "shop.named(c)", "PyCapsuleError: PyCapsule_GetPointer called with incorrect name\nnote expected the name \"shop.numbers\", found \"shop.prices\""),
    ("pointer-that-is-aligned", "shop.is_aligned(n)", "True"),
    ("pointer-that-is-not-aligned", "shop.is_aligned(shop.handle(4))", "PyCapsuleError: PyCapsule_GetPointer called with misaligned pointer\nnote the pointer is not aligned to 8 bytes"),
    ("question-mark-that-finds-no-error", "shop.total_of_any(c)", "7"),
    ("question-mark-on-an-object-that-is-no-capsule", "shop.total_of_any(5)", NO_CAPSULE),
    ("question-mark-on-another-name", "shop.total_of_any(n)", "PyCapsuleError: PyCapsule_GetPointer called with incorrect name\nnote expected the name \"shop.prices\", found \"shop.numbers\""),
    ("table-as-an-argument", "shop.answer(shop.API)", "42"),
    ("table-as-both-is-the-same-capsule", "shop.same_api(shop.API) is shop.API, shop.imported_api() is shop.API", "(True, True)"),
    ("table-of-an-object-that-is-no-capsule", "shop.answer(5)", NO_CAPSULE),
    ("table-of-another-name", "shop.answer(c)", "PyCapsuleError: PyCapsule_GetPointer called with incorrect name\nnote expected the name \"shop.API\", found \"shop.prices\""),
    ("table-made-by-python", "shop.answer(_capsule.new(_capsule.get_pointer(shop.API, 'shop.API'), 'shop.API'))", "PyCapsuleError: the API table \"shop.API\" cannot be used: no native module vouches for its pointer"),
    ("exceptions-are-of-the-class-in-the-module", "caught(shop.total, 5).__class__ is _capsule.PyCapsuleError", "True"),
    ("import-capsule", "_capsule.import_capsule('shop.API') is shop.API", "True"),
    ("load-warns", "warned(_capsule.load, 'shop.API')", "(True, [('DeprecationWarning', '_capsule.load() is deprecated; use _capsule.import_capsule()')])"),
    ("load-raises-where-warnings-are-errors", "strict(_capsule.load, 'shop.API')", "DeprecationWarning: _capsule.load() is deprecated; use _capsule.import_capsule()"),
];

const PRELUDE: &str = "
import types, warnings, _capsule, shop
c, n = shop.prices(), shop.handle(0)
def caught(f, *args):
    try: f(*args)
    except Exception as error: return error
def warned(f, *args):
    with warnings.catch_warnings(record=True) as seen:
        warnings.simplefilter('always')
        found = f(*args) is shop.API
    return found, [(one.category.__name__, str(one.message)) for one in seen]
def strict(f, *args):
    with warnings.catch_warnings():
        warnings.simplefilter('error')
        return f(*args)
";

fn in_shop<R>(test: impl FnOnce(&VirtualMachine) -> R) -> R {
    let mut settings = Settings::default();
    settings.install_signal_handlers = false;
    let builder = InterpreterBuilder::new()
        .settings(settings)
        .init_stdlib()
        .with_capsules(Access::Open);
    let definition = shop::module_def(&builder.ctx);
    let interpreter = builder.add_native_module(definition).interpreter();
    let result = interpreter.enter(test);
    interpreter.finalize(None);
    result
}

/// The `repr` of an expression, or the exception with its notes.
fn evaluated(expression: &str) -> String {
    let source = format!("{PRELUDE}\nanswer = repr(({expression}))");
    in_shop(|vm| {
        let scope = vm.new_scope_with_builtins();
        let ran = exec(&source, &scope, vm);
        let answer = ran.and_then(|_| scope.globals.get_item("answer", vm)?.str(vm));
        match answer {
            Ok(answer) => answer.to_string(),
            Err(error) => described(&error, vm),
        }
    })
}

fn described(error: &PyBaseExceptionRef, vm: &VirtualMachine) -> String {
    let notes = error.as_object().get_attr("__notes__", vm);
    let notes: Vec<String> = notes
        .and_then(|notes| notes.try_to_value(vm))
        .unwrap_or_default();
    notes.iter().fold(shown(error, vm), |text, note| {
        text + "\nnote " + note.as_str()
    })
}

/// Every error, and its exception if the caller names no operation.
fn errors_have_exceptions() -> Result<(), Failed> {
    let rows = [
        (CapsuleError::OutOfMemory, "MemoryError: "),
        (
            CapsuleError::NullObject,
            "PyCapsuleError: PyCapsule_GetPointer called with invalid PyCapsule object\n\
             note NULL instead of a capsule",
        ),
        (
            CapsuleError::NullPointer,
            "PyCapsuleError: PyCapsule_New called with null pointer",
        ),
        (
            CapsuleError::NullName,
            "PyCapsuleError: PyCapsule_Import called with null name",
        ),
        (
            CapsuleError::NullCallback,
            "PyCapsuleError: _PyCapsule_SetTraverse() called with NULL callback",
        ),
        (
            CapsuleError::ValueClaimed,
            "PyCapsuleError: PyCapsuleRs_Claim called with claimed value\n\
             note the value is already claimed",
        ),
        (
            CapsuleError::Misaligned { alignment: 16 },
            "PyCapsuleError: PyCapsule_GetPointer called with misaligned pointer\n\
             note the pointer is not aligned to 16 bytes",
        ),
    ];
    in_interpreter(|vm| {
        for (error, expected) in rows {
            let expected = expected.to_owned();
            same(described(&error.to_pyexception(vm), vm), expected.clone())?;
            same(described(&error.clone().into(), vm), expected.clone())?;
            same(described(&error.into_pyexception(vm), vm), expected)?;
        }
        let error = CapsuleError::NullObject.to_exception(Operation::SetName, vm);
        let is_class = error.class().is(PyCapsuleError::static_type());
        same((is_class, described(&error, vm)), (true, "PyCapsuleError: PyCapsule_SetName called with invalid PyCapsule object\nnote NULL instead of a capsule".to_owned()))
    })
}

fn typed_handles_are_like_references() -> Result<(), Failed> {
    in_interpreter(|vm| {
        let typed = TypedCapsule::from_value(Prices(vec![3, 4]), &vm.ctx);
        let other = TypedCapsule::from_value(Prices(vec![3, 4]), &vm.ctx);
        same(typed.ptr_eq(&typed.clone()), true)?;
        same(typed.ptr_eq(&other), false)?;
        let as_ref: &Prices = typed.as_ref();
        same(core::ptr::eq(as_ref, &*typed), true)?;
        same(
            format!("{typed:?}"),
            "TypedCapsule { type: it::rust_api::Prices, capsule: PyCapsule { name: \
             Some(\"shop.prices\"), destructor: None, .. } }"
                .to_owned(),
        )?;
        let object: PyObjectRef = typed.clone().into();
        same(object.is(typed.capsule()), true)?;
        let capsule: PyRef<PyCapsule> = typed.clone().into();
        same(capsule.is(&typed.clone().into_capsule()), true)?;
        same(
            TypedCapsule::<Prices>::of(&object).is_ok_and(|of| of.ptr_eq(&typed)),
            true,
        )?;
        let handle = CapsuleHandle::new(capsule, Some(Prices::NAME))?;
        let named = NamedHandle::<Prices>::try_from_object(vm, handle.clone().to_pyobject(vm));
        let named = named.map_err(|error| described(&error, vm))?;
        same(
            named.ptr_eq(&handle) && named.clone().into_handle().ptr_eq(&handle),
            true,
        )?;
        let capsule: PyRef<PyCapsule> = named.clone().into();
        same(capsule.is(&named.into_capsule()), true)?;
        same(handle.cast::<Prices>(), Ok(NonNull::from(&*typed)))
    })
}

pub(crate) fn trials() -> Vec<Trial> {
    let rows = ROWS.iter().map(|&(name, expression, expected)| {
        trial(format!("rust_api::{name}"), move || {
            same(evaluated(expression), expected.to_owned())
        })
    });
    rows.chain([
        trial("rust_api::errors-have-exceptions", errors_have_exceptions),
        trial(
            "rust_api::typed-handles-are-like-references",
            typed_handles_are_like_references,
        ),
    ])
    .chain(values::trials())
    .collect()
}
