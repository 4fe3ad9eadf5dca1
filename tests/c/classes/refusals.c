/* Descriptions of classes that are wrong, or on the edge of what is right. */

#include "class_driver.h"

static PyObject *method(PyObject *self, PyObject *none)
{
    (void)none;
    return Py_NewRef(self);
}

static PyMethodDef wrong_flags[] = {{"m", method, METH_NOARGS | METH_O, NULL}, {NULL, NULL, 0, NULL}};
static PyMethodDef class_and_static[] = {{"m", method, METH_NOARGS | METH_CLASS | METH_STATIC, NULL},
                                         {NULL, NULL, 0, NULL}};
static PyMethodDef no_function[] = {{"m", NULL, METH_NOARGS, NULL}, {NULL, NULL, 0, NULL}};
static PyMethodDef twice[] = {{"m", method, METH_NOARGS, "first"},
                              {"m", method, METH_O, "second"},
                              {NULL, NULL, 0, NULL}};
static PyMemberDef member[] = {{"member", Py_T_INT, 0, Py_RELATIVE_OFFSET, NULL},
                               {NULL, 0, 0, 0, NULL}};
static PyMemberDef absolute_member[] = {{"member", Py_T_INT, 24, 0, NULL}, {NULL, 0, 0, 0, NULL}};
static PyMemberDef far_member[] = {{"member", Py_T_INT, 400, Py_RELATIVE_OFFSET, NULL},
                                   {NULL, 0, 0, 0, NULL}};
static PyMemberDef negative_member[] = {{"member", Py_T_INT, -8, Py_RELATIVE_OFFSET, NULL},
                                        {NULL, 0, 0, 0, NULL}};
static PyMemberDef unknown_type[] = {{"member", 99, 0, Py_RELATIVE_OFFSET, NULL},
                                     {NULL, 0, 0, 0, NULL}};

static PyType_Slot none[] = {{0, NULL}};
static PyType_Slot unknown[] = {{1000, none}, {0, NULL}};
static PyType_Slot negative[] = {{-1, none}, {0, NULL}};
static PyType_Slot null_doc[] = {{Py_tp_doc, NULL}, {0, NULL}};
static PyType_Slot null_slot[] = {{Py_tp_repr, NULL}, {0, NULL}};
static PyType_Slot repeated_doc[] = {SLOT(Py_tp_doc, "first"), SLOT(Py_tp_doc, "second"), {0, NULL}};
static PyType_Slot repeated_members[] = {SLOT(Py_tp_members, member), SLOT(Py_tp_members, member),
                                         {0, NULL}};
static PyType_Slot members[] = {SLOT(Py_tp_members, member), {0, NULL}};
static PyType_Slot absolute_members[] = {SLOT(Py_tp_members, absolute_member), {0, NULL}};
static PyType_Slot far_members[] = {SLOT(Py_tp_members, far_member), {0, NULL}};
static PyType_Slot negative_members[] = {SLOT(Py_tp_members, negative_member), {0, NULL}};
static PyType_Slot unknown_types[] = {SLOT(Py_tp_members, unknown_type), {0, NULL}};
static PyType_Slot flags_slots[] = {SLOT(Py_tp_methods, wrong_flags), {0, NULL}};
static PyType_Slot class_and_static_slots[] = {SLOT(Py_tp_methods, class_and_static), {0, NULL}};
static PyType_Slot no_function_slots[] = {SLOT(Py_tp_methods, no_function), {0, NULL}};
static PyType_Slot twice_slots[] = {SLOT(Py_tp_methods, twice), {0, NULL}};

/* The base of a class is added by the caller. */
static const struct {
    const char *what;
    const char *name;
    int basicsize;
    int itemsize;
    PyType_Slot *slots;
} rows[] = {
    {"nothing wrong", "class_driver.Made", 0, 0, none},
    {"a name without a module", "Made", 0, 0, none},
    {"a name with two dots", "package.class_driver.Made", 0, 0, none},
    {"an empty name", "", 0, 0, none},
    {"a name that ends in a dot", "class_driver.", 0, 0, none},
    {"an unknown slot", "class_driver.Made", 0, 0, unknown},
    {"a negative slot", "class_driver.Made", 0, 0, negative},
    {"a doc of NULL", "class_driver.Made", 0, 0, null_doc},
    {"a slot of NULL", "class_driver.Made", 0, 0, null_slot},
    {"two docs", "class_driver.Made", 0, 0, repeated_doc},
    {"two arrays of members", "class_driver.Made", -8, 0, repeated_members},
    {"a relative member without data", "class_driver.Made", 0, 0, members},
    {"an absolute member in relative data", "class_driver.Made", -8, 0, absolute_members},
    {"a member outside the data", "class_driver.Made", -8, 0, far_members},
    {"a member before the data", "class_driver.Made", -8, 0, negative_members},
    {"a member of unknown type", "class_driver.Made", -8, 0, unknown_types},
    {"two conventions", "class_driver.Made", 0, 0, flags_slots},
    {"METH_CLASS and METH_STATIC", "class_driver.Made", 0, 0, class_and_static_slots},
    {"a method without a function", "class_driver.Made", 0, 0, no_function_slots},
    {"two methods of one name", "class_driver.Made", 0, 0, twice_slots},
    {"a size that is too small", "class_driver.Made", 1, 0, none},
    {"a negative itemsize", "class_driver.Made", 0, -1, none},
};

/* describe(row, bases or None): the class, or the exception. None after the last row. */
static PyObject *describe(PyObject *module, PyObject *args)
{
    const Py_ssize_t row = PyLong_AsSsize_t(PyTuple_GetItem(args, 0));
    PyObject *const bases = PyTuple_GetItem(args, 1);
    if (row >= (Py_ssize_t)(sizeof rows / sizeof rows[0])) {
        return Py_NewRef(Py_None);
    }
    PyType_Spec spec = {rows[row].name, rows[row].basicsize, rows[row].itemsize,
                        Py_TPFLAGS_DEFAULT | Py_TPFLAGS_BASETYPE, rows[row].slots};
    return PyType_FromModuleAndSpec(module, &spec, Py_IsNone(bases) ? NULL : bases);
}

static PyObject *description(PyObject *module, PyObject *row)
{
    (void)module;
    const Py_ssize_t index = PyLong_AsSsize_t(row);
    return index < (Py_ssize_t)(sizeof rows / sizeof rows[0]) ? text("%s", rows[index].what)
                                                              : Py_NewRef(Py_None);
}

PyMethodDef refusal_functions[] = {
    {"describe", describe, METH_VARARGS, NULL},
    {"description", description, METH_O, NULL},
    {NULL, NULL, 0, NULL},
};
