/* C classes that extend C classes, classes of the interpreter, and a metaclass. */

#include "class_driver.h"

/* ---- Base, and Derived with data of its own ---- */

static PyTypeObject *base_type;
static PyTypeObject *derived_type;

static long *base_number(PyObject *self)
{
    return PyObject_GetTypeData(self, base_type);
}

static int base_init(PyObject *self, PyObject *args, PyObject *kwargs)
{
    static const char name[] = "number";
    PyObject *number = PyTuple_Size(args) > 0 ? PyTuple_GetItem(args, 0) : NULL;
    if (number == NULL && kwargs != NULL) {
        number = PyDict_GetItemString(kwargs, name);
    }
    *base_number(self) = number == NULL ? 1 : PyLong_AsLong(number);
    event("Base init(%s)", kind(self));
    return PyErr_Occurred() == NULL ? 0 : -1;
}

static void base_dealloc(PyObject *self)
{
    event("Base dealloc(%s, %ld)", kind(self), *base_number(self));
    free_instance(self);
}

static PyObject *base_who(PyObject *self, PyObject *none)
{
    (void)none;
    return text("Base.who(%s, %ld)", kind(self), *base_number(self));
}

static PyObject *base_repr(PyObject *self)
{
    return text("<%s of Base %ld>", kind(self), *base_number(self));
}

static PyObject *base_add(PyObject *left, PyObject *right)
{
    return text("Base.add(%s, %s)", kind(left), kind(right));
}

static PyMemberDef base_members[] = {
    {"number", Py_T_LONG, 0, Py_RELATIVE_OFFSET, "The number of Base."},
    {NULL, 0, 0, 0, NULL},
};
static PyMethodDef base_methods[] = {
    {"who", base_who, METH_NOARGS, "Says who it is."},
    {NULL, NULL, 0, NULL},
};
static PyType_Slot base_slots[] = {
    SLOT(Py_tp_doc, "The base."),
    SLOT(Py_tp_init, base_init),
    SLOT(Py_tp_dealloc, base_dealloc),
    SLOT(Py_tp_repr, base_repr),
    SLOT(Py_nb_add, base_add),
    SLOT(Py_tp_members, base_members),
    SLOT(Py_tp_methods, base_methods),
    {0, NULL},
};
static PyType_Spec base_spec = {"class_driver.Base", -(int)sizeof(long), 0,
                                Py_TPFLAGS_DEFAULT | Py_TPFLAGS_BASETYPE, base_slots};

static double *derived_number(PyObject *self)
{
    return PyObject_GetTypeData(self, derived_type);
}

static int derived_init(PyObject *self, PyObject *args, PyObject *kwargs)
{
    event("Derived init(%s)", kind(self));
    *derived_number(self) = 2.5;
    const initproc init = (initproc)PyType_GetSlot(base_type, Py_tp_init);
    return init(self, args, kwargs);
}

static void derived_dealloc(PyObject *self)
{
    event("Derived dealloc(%s, %g)", kind(self), *derived_number(self));
    const destructor dealloc = (destructor)PyType_GetSlot(base_type, Py_tp_dealloc);
    dealloc(self);
}

static PyObject *derived_who(PyObject *self, PyObject *none)
{
    (void)none;
    return text("Derived.who(%s, %ld, %g)", kind(self), *base_number(self), *derived_number(self));
}

static PyMemberDef derived_members[] = {
    {"fraction", Py_T_DOUBLE, 0, Py_RELATIVE_OFFSET, NULL},
    {NULL, 0, 0, 0, NULL},
};
static PyMethodDef derived_methods[] = {
    {"who", derived_who, METH_NOARGS, NULL},
    {NULL, NULL, 0, NULL},
};
static PyType_Slot derived_slots[] = {
    SLOT(Py_tp_init, derived_init),
    SLOT(Py_tp_dealloc, derived_dealloc),
    SLOT(Py_tp_members, derived_members),
    SLOT(Py_tp_methods, derived_methods),
    {0, NULL},
};
static PyType_Spec derived_spec = {"class_driver.Derived", -(int)sizeof(double), 0,
                                   Py_TPFLAGS_DEFAULT | Py_TPFLAGS_BASETYPE, derived_slots};

/* ---- Another layout, and a class without data ---- */

static PyType_Slot plain_slots[] = {{0, NULL}};
static PyType_Spec other_spec = {"class_driver.Other", -16, 0,
                                 Py_TPFLAGS_DEFAULT | Py_TPFLAGS_BASETYPE, plain_slots};

static PyObject *mixin_who(PyObject *self, PyObject *none)
{
    (void)none;
    return text("Mixin.who(%s)", kind(self));
}

static PyMethodDef mixin_methods[] = {
    {"who", mixin_who, METH_NOARGS, NULL},
    {"mixed", mixin_who, METH_NOARGS, NULL},
    {NULL, NULL, 0, NULL},
};
static PyType_Slot mixin_slots[] = {SLOT(Py_tp_methods, mixin_methods), {0, NULL}};
static PyType_Spec mixin_spec = {"class_driver.Mixin", 0, 0,
                                 Py_TPFLAGS_DEFAULT | Py_TPFLAGS_BASETYPE, mixin_slots};
static PyType_Spec joined_spec = {"class_driver.Joined", 0, 0,
                                  Py_TPFLAGS_DEFAULT | Py_TPFLAGS_BASETYPE, plain_slots};

/* ---- A class over any class ---- */

static PyObject *over_bump(PyObject *self, PyTypeObject *defining_class, PyObject *const *args,
                           size_t count, PyObject *names)
{
    (void)args;
    (void)count;
    (void)names;
    long *const number = PyObject_GetTypeData(self, defining_class);
    return number == NULL ? NULL : PyLong_FromLong(++*number);
}

static PyObject *over_get(PyObject *self, void *closure)
{
    (void)closure;
    return text("got from %s", kind(self));
}

static PyMethodDef over_methods[] = {
    {"bump", METHOD(over_bump), METH_METHOD | METH_FASTCALL | METH_KEYWORDS, NULL},
    {NULL, NULL, 0, NULL},
};
static PyMemberDef over_members[] = {
    {"extra", Py_T_LONG, 0, Py_RELATIVE_OFFSET, NULL},
    {NULL, 0, 0, 0, NULL},
};
static PyGetSetDef over_getset[] = {
    {"property_of_c", over_get, NULL, NULL, NULL},
    {NULL, NULL, NULL, NULL, NULL},
};
static PyType_Slot over_slots[] = {
    SLOT(Py_tp_methods, over_methods),
    SLOT(Py_tp_members, over_members),
    SLOT(Py_tp_getset, over_getset),
    {0, NULL},
};

/* make_over(bases): a new class with a number of its own, over a class or a tuple of classes. */
static PyObject *make_over(PyObject *module, PyObject *bases)
{
    PyType_Spec spec = {"class_driver.Over", -(int)sizeof(long), 0,
                        Py_TPFLAGS_DEFAULT | Py_TPFLAGS_BASETYPE, over_slots};
    return PyType_FromModuleAndSpec(module, &spec, bases);
}

/* ---- The same with a `tp_dealloc`, which counts ---- */

static void counted_dealloc(PyObject *self)
{
    /* The class below this one may be a subclass in Python, which inherits the function. */
    PyTypeObject *const type = Py_TYPE(self);
    PyTypeObject *base = NULL;
    for (PyTypeObject *each = type; each != NULL; each = PyType_GetSlot(each, Py_tp_base)) {
        if (PyType_GetSlot(each, Py_tp_dealloc) == (void *)counted_dealloc) {
            base = PyType_GetSlot(each, Py_tp_base);
        }
    }
    count_deallocation();
    const destructor dealloc = (destructor)PyType_GetSlot(base, Py_tp_dealloc);
    dealloc(self);
    Py_DECREF(type);
}

static PyType_Slot counted_slots[] = {
    SLOT(Py_tp_methods, over_methods),
    SLOT(Py_tp_members, over_members),
    SLOT(Py_tp_dealloc, counted_dealloc),
    {0, NULL},
};

/* make_counted(base): the base is a class of the interpreter, or `object`. */
static PyObject *make_counted(PyObject *module, PyObject *base)
{
    PyType_Spec spec = {"class_driver.Counted", -(int)sizeof(long), 0,
                        Py_TPFLAGS_DEFAULT | Py_TPFLAGS_BASETYPE, counted_slots};
    return PyType_FromModuleAndSpec(module, &spec, base);
}

/* ---- A metaclass, and a class of it ---- */

static PyTypeObject *meta_type;

static PyObject *meta_count(PyObject *self, void *closure)
{
    (void)closure;
    return PyLong_FromLong(++*(long *)PyObject_GetTypeData(self, meta_type));
}

static PyObject *meta_length(PyObject *self, PyObject *none)
{
    (void)none;
    return text("Meta.size(%s)", kind(self));
}

static int meta_contains(PyObject *self, PyObject *value)
{
    event("Meta contains(%s, %s)", kind(self), kind(value));
    return 1;
}

static PyGetSetDef meta_getset[] = {
    {"count", meta_count, NULL, NULL, NULL},
    {NULL, NULL, NULL, NULL, NULL},
};
static PyMethodDef meta_methods[] = {
    {"size", meta_length, METH_NOARGS, NULL},
    {NULL, NULL, 0, NULL},
};
static PyType_Slot meta_slots[] = {
    SLOT(Py_tp_getset, meta_getset),
    SLOT(Py_tp_methods, meta_methods),
    SLOT(Py_sq_contains, meta_contains),
    {0, NULL},
};
static PyType_Spec meta_spec = {"class_driver.Meta", -(int)sizeof(long), 0,
                                Py_TPFLAGS_DEFAULT | Py_TPFLAGS_BASETYPE, meta_slots};
static PyType_Spec with_meta_spec = {"class_driver.WithMeta", 0, 0,
                                     Py_TPFLAGS_DEFAULT | Py_TPFLAGS_BASETYPE, plain_slots};

/* make_with_metaclass(metaclass, bases or None): a class without data. */
static PyObject *make_with_metaclass(PyObject *module, PyObject *args)
{
    PyObject *const metaclass = PyTuple_GetItem(args, 0);
    PyObject *const bases = PyTuple_GetItem(args, 1);
    PyType_Spec spec = {"class_driver.Made", 0, 0, Py_TPFLAGS_DEFAULT | Py_TPFLAGS_BASETYPE,
                        plain_slots};
    return PyType_FromMetaclass((PyTypeObject *)metaclass, module, &spec,
                                Py_IsNone(bases) ? NULL : bases);
}

/* ---- An exception with data ---- */

static PyTypeObject *error_type;

static int error_init(PyObject *self, PyObject *args, PyObject *kwargs)
{
    const initproc init = (initproc)PyType_GetSlot((PyTypeObject *)PyExc_Exception, Py_tp_init);
    if (init(self, args, kwargs) < 0) {
        return -1;
    }
    *(long *)PyObject_GetTypeData(self, error_type) = (long)PyTuple_Size(args) * 100;
    return 0;
}

static void error_dealloc(PyObject *self)
{
    PyTypeObject *const type = Py_TYPE(self);
    event("dealloc(%s)", kind(self));
    const destructor dealloc =
        (destructor)PyType_GetSlot((PyTypeObject *)PyExc_Exception, Py_tp_dealloc);
    dealloc(self);
    Py_DECREF(type);
}

static PyMemberDef error_members[] = {
    {"code", Py_T_LONG, 0, Py_RELATIVE_OFFSET, NULL},
    {NULL, 0, 0, 0, NULL},
};
static PyType_Slot error_slots[] = {
    SLOT(Py_tp_init, error_init),
    SLOT(Py_tp_dealloc, error_dealloc),
    SLOT(Py_tp_members, error_members),
    {0, NULL},
};
static PyType_Spec error_spec = {"class_driver.Error", -(int)sizeof(long), 0,
                                 Py_TPFLAGS_DEFAULT | Py_TPFLAGS_BASETYPE, error_slots};

static PyObject *raise_error(PyObject *module, PyObject *value)
{
    (void)module;
    PyErr_SetObject((PyObject *)error_type, value);
    return NULL;
}

PyMethodDef inheritance_functions[] = {
    {"make_over", make_over, METH_O, NULL},
    {"make_counted", make_counted, METH_O, NULL},
    {"make_with_metaclass", make_with_metaclass, METH_VARARGS, NULL},
    {"raise_error", raise_error, METH_O, NULL},
    {NULL, NULL, 0, NULL},
};

int add_inheritance(PyObject *module)
{
    PyTypeObject *mixin;
    if ((base_type = add_class(module, &base_spec, NULL)) == NULL ||
        (derived_type = add_class(module, &derived_spec, (PyObject *)base_type)) == NULL ||
        add_class(module, &other_spec, NULL) == NULL ||
        (mixin = add_class(module, &mixin_spec, NULL)) == NULL ||
        (error_type = add_class(module, &error_spec, PyExc_Exception)) == NULL) {
        return -1;
    }
    PyObject *const bases =
        tuple_of(Py_NewRef((PyObject *)mixin), Py_NewRef((PyObject *)derived_type));
    PyObject *const type = (PyObject *)Py_TYPE((PyObject *)base_type);
    const int status = bases == NULL || add_class(module, &joined_spec, bases) == NULL ||
                       (meta_type = add_class(module, &meta_spec, type)) == NULL;
    Py_XDECREF(bases);
    if (status) {
        return -1;
    }
    PyObject *const made = PyType_FromMetaclass(meta_type, module, &with_meta_spec, NULL);
    return PyModule_Add(module, "WithMeta", made);
}
