/* Iterators, awaitables, callables and descriptors. */

#include "class_driver.h"

/* ---- An iterator that counts down, and ends in the way that it is told to ---- */

typedef struct {
    long left;
    char end; /* 'n' nothing, 's' StopIteration, 'v' StopIteration with a value, 'e' another one */
} Countdown;

static PyTypeObject *countdown_type;

static int countdown_init(PyObject *self, PyObject *args, PyObject *kwargs)
{
    (void)kwargs;
    if (PyTuple_Size(args) == 0) {
        PyErr_SetString(PyExc_TypeError, "Countdown takes a number");
        return -1;
    }
    Countdown *const data = PyObject_GetTypeData(self, countdown_type);
    data->left = PyLong_AsLong(PyTuple_GetItem(args, 0));
    data->end = 'n';
    if (PyTuple_Size(args) > 1) {
        const char *const end = PyUnicode_AsUTF8AndSize(PyTuple_GetItem(args, 1), NULL);
        data->end = end == NULL ? 'n' : end[0];
    }
    return PyErr_Occurred() == NULL ? 0 : -1;
}

static PyObject *countdown_next(PyObject *self)
{
    Countdown *const data = PyObject_GetTypeData(self, countdown_type);
    if (data->left > 0) {
        return PyLong_FromLong(data->left--);
    }
    PyObject *value = NULL;
    switch (data->end) {
    case 's':
        PyErr_SetNone(PyExc_StopIteration);
        break;
    case 'v':
        value = text("value");
        PyErr_SetObject(PyExc_StopIteration, value);
        Py_XDECREF(value);
        break;
    case 'e':
        PyErr_SetString(PyExc_LookupError, "the end");
        break;
    default:
        break;
    }
    return NULL;
}

static PyType_Slot countdown_slots[] = {
    SLOT(Py_tp_init, countdown_init),
    SLOT(Py_tp_iter, PyObject_SelfIter),
    SLOT(Py_tp_iternext, countdown_next),
    {0, NULL},
};
static PyType_Spec countdown_spec = {"class_driver.Countdown", -(int)sizeof(Countdown), 0,
                                     Py_TPFLAGS_DEFAULT | Py_TPFLAGS_BASETYPE, countdown_slots};

/* ---- What can be iterated over and awaited ---- */

static PyObject *countdown_of(const char *end)
{
    PyObject *const arguments = tuple_of(PyLong_FromLong(2), PyUnicode_FromString(end));
    PyObject *const made = arguments == NULL
                               ? NULL
                               : PyObject_CallObject((PyObject *)countdown_type, arguments);
    Py_XDECREF(arguments);
    return made;
}

static PyObject *iterable_iter(PyObject *self)
{
    event("iter(%s)", kind(self));
    return countdown_of("n");
}

static PyObject *iterable_bad(PyObject *self)
{
    return text("%s is no iterator", kind(self));
}

static PyType_Slot iterable_slots[] = {SLOT(Py_tp_iter, iterable_iter), {0, NULL}};
static PyType_Spec iterable_spec = {"class_driver.Iterable", 0, 0,
                                    Py_TPFLAGS_DEFAULT | Py_TPFLAGS_BASETYPE, iterable_slots};
static PyType_Slot bad_slots[] = {
    SLOT(Py_tp_iter, iterable_bad),
    SLOT(Py_am_await, iterable_bad),
    SLOT(Py_am_aiter, iterable_bad),
    SLOT(Py_am_anext, iterable_bad),
    {0, NULL},
};
static PyType_Spec bad_spec = {"class_driver.BadIterable", 0, 0, Py_TPFLAGS_DEFAULT, bad_slots};

static PyObject *awaitable_await(PyObject *self)
{
    event("await(%s)", kind(self));
    return countdown_of("v");
}

static PyType_Slot awaitable_slots[] = {SLOT(Py_am_await, awaitable_await), {0, NULL}};
static PyType_Spec awaitable_spec = {"class_driver.Awaitable", 0, 0,
                                     Py_TPFLAGS_DEFAULT | Py_TPFLAGS_BASETYPE, awaitable_slots};

static PyTypeObject *awaitable_type;
static PyTypeObject *async_type;

static PyObject *async_next(PyObject *self)
{
    long *const left = PyObject_GetTypeData(self, async_type);
    event("anext(%s)", kind(self));
    if (++*left > 2) {
        PyErr_SetNone(PyExc_StopAsyncIteration);
        return NULL;
    }
    return PyObject_CallNoArgs((PyObject *)awaitable_type);
}

static PyType_Slot async_slots[] = {
    SLOT(Py_am_aiter, PyObject_SelfIter),
    SLOT(Py_am_anext, async_next),
    {0, NULL},
};
static PyType_Spec async_spec = {"class_driver.AsyncIterator", -(int)sizeof(long), 0,
                                 Py_TPFLAGS_DEFAULT | Py_TPFLAGS_BASETYPE, async_slots};

/* ---- `am_send`, beside an iterator ---- */

static PyTypeObject *sender_type;

static PySendResult sender_send(PyObject *self, PyObject *value, PyObject **result)
{
    long *const calls = PyObject_GetTypeData(self, sender_type);
    *result = text("send %ld (%s)", ++*calls, kind(value));
    return *calls > 2 ? PYGEN_RETURN : PYGEN_NEXT;
}

static PyObject *sender_next(PyObject *self)
{
    return text("next(%s)", kind(self));
}

static PyType_Slot sender_slots[] = {
    SLOT(Py_am_await, PyObject_SelfIter),
    SLOT(Py_am_send, sender_send),
    SLOT(Py_tp_iter, PyObject_SelfIter),
    SLOT(Py_tp_iternext, sender_next),
    {0, NULL},
};
static PyType_Spec sender_spec = {"class_driver.Sender", -(int)sizeof(long), 0, Py_TPFLAGS_DEFAULT,
                                  sender_slots};

/* ---- Calls ---- */

static PyObject *caller_call(PyObject *self, PyObject *args, PyObject *kwargs)
{
    return text("call(%s, %zd, %zd)", kind(self), PyTuple_Size(args),
                kwargs == NULL ? (Py_ssize_t)-1 : PyDict_Size(kwargs));
}

static PyType_Slot caller_slots[] = {SLOT(Py_tp_call, caller_call), {0, NULL}};
static PyType_Spec caller_spec = {"class_driver.Caller", 0, 0,
                                  Py_TPFLAGS_DEFAULT | Py_TPFLAGS_BASETYPE, caller_slots};

static PyTypeObject *vector_type;

static PyObject *vector_call(PyObject *self, PyObject *const *args, size_t count, PyObject *names)
{
    (void)args;
    return text("vectorcall(%s, %zd, %zd)", kind(self), PyVectorcall_NARGS(count),
                names == NULL ? (Py_ssize_t)-1 : PyTuple_Size(names));
}

static int vector_init(PyObject *self, PyObject *args, PyObject *kwargs)
{
    (void)args;
    (void)kwargs;
    *(vectorcallfunc *)PyObject_GetTypeData(self, vector_type) = vector_call;
    return 0;
}

static PyMemberDef vector_members[] = {
    PLACE("__vectorcalloffset__", 0),
    {NULL, 0, 0, 0, NULL},
};
static PyType_Slot vector_slots[] = {
    SLOT(Py_tp_init, vector_init),
    SLOT(Py_tp_call, PyVectorcall_Call),
    SLOT(Py_tp_members, vector_members),
    {0, NULL},
};
static PyType_Spec vector_spec = {"class_driver.Vector", -(int)sizeof(vectorcallfunc), 0,
                                  Py_TPFLAGS_DEFAULT | Py_TPFLAGS_BASETYPE |
                                      Py_TPFLAGS_HAVE_VECTORCALL,
                                  vector_slots};

/* ---- Descriptors ---- */

static PyObject *descriptor_get(PyObject *self, PyObject *instance, PyObject *owner)
{
    return text("get(%s, %s, %s)", kind(self), kind(instance), kind(owner));
}

static int descriptor_set(PyObject *self, PyObject *instance, PyObject *value)
{
    event("set(%s, %s, %s)", kind(self), kind(instance), kind(value));
    if (value != NULL && Py_IsNone(value)) {
        PyErr_SetString(PyExc_AttributeError, "not None");
        return -1;
    }
    return 0;
}

static PyType_Slot getter_slots[] = {SLOT(Py_tp_descr_get, descriptor_get), {0, NULL}};
static PyType_Spec getter_spec = {"class_driver.Getter", 0, 0,
                                  Py_TPFLAGS_DEFAULT | Py_TPFLAGS_BASETYPE, getter_slots};
static PyType_Slot descriptor_slots[] = {
    SLOT(Py_tp_descr_get, descriptor_get),
    SLOT(Py_tp_descr_set, descriptor_set),
    {0, NULL},
};
static PyType_Spec descriptor_spec = {"class_driver.Descriptor", 0, 0,
                                      Py_TPFLAGS_DEFAULT | Py_TPFLAGS_BASETYPE, descriptor_slots};

int add_iteration(PyObject *module)
{
    if ((countdown_type = add_class(module, &countdown_spec, NULL)) == NULL ||
        add_class(module, &iterable_spec, NULL) == NULL ||
        add_class(module, &bad_spec, NULL) == NULL ||
        (awaitable_type = add_class(module, &awaitable_spec, NULL)) == NULL ||
        (async_type = add_class(module, &async_spec, NULL)) == NULL ||
        (sender_type = add_class(module, &sender_spec, NULL)) == NULL ||
        add_class(module, &caller_spec, NULL) == NULL ||
        (vector_type = add_class(module, &vector_spec, NULL)) == NULL ||
        add_class(module, &getter_spec, NULL) == NULL ||
        add_class(module, &descriptor_spec, NULL) == NULL) {
        return -1;
    }
    return 0;
}
