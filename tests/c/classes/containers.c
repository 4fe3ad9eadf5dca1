/* Classes with the slots of sequences and mappings, together and alone. */

#include "class_driver.h"

/* ---- A sequence: a list behind the slots ---- */

static PyTypeObject *row_type;

static PyObject **row_list(PyObject *self)
{
    return PyObject_GetTypeData(self, row_type);
}

static PyObject *row_new(PyTypeObject *type, PyObject *args, PyObject *kwargs)
{
    (void)kwargs;
    PyObject *const self = PyType_GenericNew(type, NULL, NULL);
    if (self != NULL) {
        *row_list(self) = PySequence_List(args);
        if (*row_list(self) == NULL) {
            Py_DECREF(self);
            return NULL;
        }
    }
    return self;
}

static int row_traverse(PyObject *self, visitproc visit, void *arg)
{
    Py_VISIT(Py_TYPE(self));
    Py_VISIT(*(PyObject **)PyObject_GetTypeData_DuringGC(self, row_type));
    return 0;
}

static int row_clear(PyObject *self)
{
    Py_CLEAR(*row_list(self));
    return 0;
}

static void row_dealloc(PyObject *self)
{
    PyObject_GC_UnTrack(self);
    row_clear(self);
    free_instance(self);
}

static Py_ssize_t row_length(PyObject *self)
{
    return PyList_Size(*row_list(self));
}

static PyObject *row_concat(PyObject *self, PyObject *other)
{
    return text("concat(%s, %s)", kind(self), kind(other));
}

static PyObject *row_repeat(PyObject *self, Py_ssize_t count)
{
    return text("repeat(%s, %zd)", kind(self), count);
}

static PyObject *row_item(PyObject *self, Py_ssize_t index)
{
    event("item(%s, %zd)", kind(self), index);
    return PyList_GetItemRef(*row_list(self), index);
}

static int row_ass_item(PyObject *self, Py_ssize_t index, PyObject *value)
{
    event("ass_item(%s, %zd, %s)", kind(self), index, kind(value));
    return value == NULL ? PySequence_DelItem(*row_list(self), index)
                         : PySequence_SetItem(*row_list(self), index, value);
}

static int row_contains(PyObject *self, PyObject *value)
{
    event("contains(%s, %s)", kind(self), kind(value));
    return PySequence_Contains(*row_list(self), value);
}

static PyObject *row_inplace_concat(PyObject *self, PyObject *other)
{
    return text("inplace_concat(%s, %s)", kind(self), kind(other));
}

static PyObject *row_inplace_repeat(PyObject *self, Py_ssize_t count)
{
    return text("inplace_repeat(%s, %zd)", kind(self), count);
}

static PyType_Slot row_slots[] = {
    SLOT(Py_tp_new, row_new),
    SLOT(Py_tp_traverse, row_traverse),
    SLOT(Py_tp_clear, row_clear),
    SLOT(Py_tp_dealloc, row_dealloc),
    SLOT(Py_sq_length, row_length),
    SLOT(Py_sq_concat, row_concat),
    SLOT(Py_sq_repeat, row_repeat),
    SLOT(Py_sq_item, row_item),
    SLOT(Py_sq_ass_item, row_ass_item),
    SLOT(Py_sq_contains, row_contains),
    SLOT(Py_sq_inplace_concat, row_inplace_concat),
    SLOT(Py_sq_inplace_repeat, row_inplace_repeat),
    {0, NULL},
};
static PyType_Spec row_spec = {"class_driver.Row", -(int)sizeof(PyObject *), 0,
                               Py_TPFLAGS_DEFAULT | Py_TPFLAGS_BASETYPE | Py_TPFLAGS_HAVE_GC |
                                   Py_TPFLAGS_SEQUENCE,
                               row_slots};

/* ---- A mapping: a dict behind the slots ---- */

static PyTypeObject *table_type;

static PyObject **table_dict(PyObject *self)
{
    return PyObject_GetTypeData(self, table_type);
}

static int table_init(PyObject *self, PyObject *args, PyObject *kwargs)
{
    if (PyTuple_Size(args) != 0) {
        PyErr_SetString(PyExc_TypeError, "Table takes keyword arguments only");
        return -1;
    }
    PyObject *const made = kwargs == NULL ? PyDict_New() : PyDict_Copy(kwargs);
    if (made == NULL) {
        return -1;
    }
    PyObject *const old = *table_dict(self);
    *table_dict(self) = made;
    Py_XDECREF(old);
    return 0;
}

static void table_dealloc(PyObject *self)
{
    Py_CLEAR(*table_dict(self));
    free_instance(self);
}

static Py_ssize_t table_length(PyObject *self)
{
    return PyDict_Size(*table_dict(self));
}

static PyObject *table_subscript(PyObject *self, PyObject *key)
{
    event("subscript(%s, %s)", kind(self), kind(key));
    return PyObject_GetItem(*table_dict(self), key);
}

static int table_ass_subscript(PyObject *self, PyObject *key, PyObject *value)
{
    event("ass_subscript(%s, %s, %s)", kind(self), kind(key), kind(value));
    return value == NULL ? PyDict_DelItem(*table_dict(self), key)
                         : PyDict_SetItem(*table_dict(self), key, value);
}

static PyObject *table_keys(PyObject *self, PyObject *none)
{
    (void)none;
    return PyDict_Keys(*table_dict(self));
}

static PyObject *table_get(PyObject *self, PyObject *args)
{
    PyObject *const value = PyDict_GetItemWithError(*table_dict(self), PyTuple_GetItem(args, 0));
    if (value == NULL && PyErr_Occurred() != NULL) {
        return NULL;
    }
    return Py_NewRef(value == NULL ? PyTuple_GetItem(args, 1) : value);
}

static PyMethodDef table_methods[] = {
    {"get", table_get, METH_VARARGS, NULL},
    {"keys", table_keys, METH_NOARGS, NULL},
    {NULL, NULL, 0, NULL},
};
static PyType_Slot table_slots[] = {
    SLOT(Py_tp_init, table_init),
    SLOT(Py_tp_dealloc, table_dealloc),
    SLOT(Py_tp_methods, table_methods),
    SLOT(Py_mp_length, table_length),
    SLOT(Py_mp_subscript, table_subscript),
    SLOT(Py_mp_ass_subscript, table_ass_subscript),
    {0, NULL},
};
static PyType_Spec table_spec = {"class_driver.Table", -(int)sizeof(PyObject *), 0,
                                 Py_TPFLAGS_DEFAULT | Py_TPFLAGS_BASETYPE | Py_TPFLAGS_MAPPING,
                                 table_slots};

/* ---- Both, with operators of numbers as well ---- */

static Py_ssize_t both_length(PyObject *self)
{
    event("length(%s)", kind(self));
    return 3;
}

static Py_ssize_t both_no_length(PyObject *self)
{
    event("mapping length(%s)", kind(self));
    PyErr_SetString(PyExc_ValueError, "no length");
    return -1;
}

static PyObject *both_subscript(PyObject *self, PyObject *key)
{
    return text("subscript(%s, %s)", kind(self), kind(key));
}

static PyObject *both_item(PyObject *self, Py_ssize_t index)
{
    if (index > 2) {
        PyErr_SetString(PyExc_IndexError, "at the end");
        return NULL;
    }
    return text("item(%s, %zd)", kind(self), index);
}

static int both_ass_subscript(PyObject *self, PyObject *key, PyObject *value)
{
    event("ass_subscript(%s, %s, %s)", kind(self), kind(key), kind(value));
    return 0;
}

static int both_ass_item(PyObject *self, Py_ssize_t index, PyObject *value)
{
    event("ass_item(%s, %zd, %s)", kind(self), index, kind(value));
    return 0;
}

static PyObject *both_add(PyObject *left, PyObject *right)
{
    event("add(%s, %s)", kind(left), kind(right));
    return Py_NewRef(Py_NotImplemented);
}

static PyType_Slot both_slots[] = {
    SLOT(Py_nb_add, both_add),
    SLOT(Py_nb_inplace_add, both_add),
    SLOT(Py_nb_multiply, both_add),
    SLOT(Py_sq_concat, row_concat),
    SLOT(Py_sq_repeat, row_repeat),
    SLOT(Py_sq_length, both_length),
    SLOT(Py_sq_item, both_item),
    SLOT(Py_sq_ass_item, both_ass_item),
    SLOT(Py_mp_subscript, both_subscript),
    SLOT(Py_mp_ass_subscript, both_ass_subscript),
    {0, NULL},
};
static PyType_Spec both_spec = {"class_driver.Both", 0, 0, Py_TPFLAGS_DEFAULT | Py_TPFLAGS_BASETYPE,
                                both_slots};

/* ---- Slots that fail, and slots that are missing ---- */

static PyObject *fail_item(PyObject *self, Py_ssize_t index)
{
    (void)self;
    (void)index;
    PyErr_SetString(PyExc_RuntimeError, "no item");
    return NULL;
}

static int fail_contains(PyObject *self, PyObject *value)
{
    (void)self;
    (void)value;
    PyErr_SetString(PyExc_RuntimeError, "perhaps");
    return -1;
}

static int fail_ass_item(PyObject *self, Py_ssize_t index, PyObject *value)
{
    (void)self;
    (void)index;
    PyErr_SetString(PyExc_RuntimeError, value == NULL ? "not deleted" : "not set");
    return -1;
}

static Py_hash_t fail_hash(PyObject *self)
{
    (void)self;
    PyErr_SetString(PyExc_RuntimeError, "no hash");
    return -1;
}

static PyObject *fail_text(PyObject *self)
{
    (void)self;
    return PyLong_FromLong(1);
}

static PyType_Slot fail_slots[] = {
    SLOT(Py_mp_length, both_no_length),
    SLOT(Py_sq_item, fail_item),
    SLOT(Py_sq_ass_item, fail_ass_item),
    SLOT(Py_sq_contains, fail_contains),
    SLOT(Py_tp_hash, fail_hash),
    SLOT(Py_tp_repr, fail_text),
    SLOT(Py_tp_str, fail_text),
    {0, NULL},
};
static PyType_Spec fail_spec = {"class_driver.Fails", 0, 0, Py_TPFLAGS_DEFAULT, fail_slots};

static PyType_Slot empty_slots[] = {{0, NULL}};
static PyType_Spec empty_spec = {"class_driver.Empty", 0, 0, Py_TPFLAGS_DEFAULT, empty_slots};

static PyType_Slot unhashable_slots[] = {SLOT(Py_tp_hash, PyObject_HashNotImplemented), {0, NULL}};
static PyType_Spec unhashable_spec = {"class_driver.Unhashable", 0, 0, Py_TPFLAGS_DEFAULT,
                                      unhashable_slots};

int add_containers(PyObject *module)
{
    if ((row_type = add_class(module, &row_spec, NULL)) == NULL ||
        (table_type = add_class(module, &table_spec, NULL)) == NULL ||
        add_class(module, &both_spec, NULL) == NULL || add_class(module, &fail_spec, NULL) == NULL ||
        add_class(module, &empty_spec, NULL) == NULL ||
        add_class(module, &unhashable_spec, NULL) == NULL) {
        return -1;
    }
    return 0;
}
