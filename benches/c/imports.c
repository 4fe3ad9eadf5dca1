/* Rows that import a capsule by its dotted name, from the modules in `python`. Also makes many
   capsules and names, to measure whether calls become slower with their number. */

#include "rows.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const char TWO_PARTS[] = "statlib._C_API";
static const char FOUR_PARTS[] = "numlib._core._multiarray_umath._ARRAY_API";

EXPRESSION(import_two_parts, void *, PyCapsule_Import(TWO_PARTS, 0), answer == &thing)
EXPRESSION(import_four_parts, void *, PyCapsule_Import(FOUR_PARTS, 0), answer == &thing)

const struct row import_rows[] = {
    ROW("import_two_parts", import_two_parts),
    ROW("import_four_parts", import_four_parts),
    END_OF_ROWS,
};

/* Imports a module and sets an attribute to a new capsule. `name` is the dotted name of that
   attribute. */
static int publish(const char *module_name, const char *attribute, const char *name)
{
    PyObject *const text = PyUnicode_FromString(module_name);
    PyObject *const module = text == NULL ? NULL : PyImport_Import(text);
    PyObject *const capsule = module == NULL ? NULL : PyCapsule_New(&thing, name, NULL);
    const int published =
        capsule != NULL && PyObject_SetAttrString(module, attribute, capsule) == 0;
    Py_XDECREF(capsule);
    Py_XDECREF(module);
    Py_XDECREF(text);
    return published;
}

int prepare_imports(void)
{
    return publish("statlib", "_C_API", TWO_PARTS) &&
           publish("numlib._core._multiarray_umath", "_ARRAY_API", FOUR_PARTS);
}

int populate(size_t count)
{
    static const char MODULE[] = "statlib.";
    PyObject *const text = PyUnicode_FromString("statlib");
    PyObject *const module = text == NULL ? NULL : PyImport_Import(text);
    if (module == NULL) {
        return 0;
    }
    for (size_t i = 0; i < count; i++) {
        /* Leaks the capsule and its name on purpose: they stay alive until the process exits. */
        char text_of_name[sizeof MODULE + 24];
        snprintf(text_of_name, sizeof text_of_name, "%st%zu", MODULE, i);
        char *const name = strdup(text_of_name);
        const char *const attribute = text_of_name + strlen(MODULE);
        PyObject *const capsule = name == NULL ? NULL : PyCapsule_New(&thing, name, NULL);
        if (capsule == NULL || PyObject_SetAttrString(module, attribute, capsule) != 0 ||
            PyCapsule_Import(name, 0) != &thing || PyObject_DelAttrString(module, attribute) != 0) {
            return 0;
        }
#ifndef PLAIN
        if (PyCapsule_SetName(shared, name) != 0) {
            return 0;
        }
#endif
    }
    Py_DECREF(module);
    Py_DECREF(text);
#ifndef PLAIN
    return PyCapsule_SetName(shared, NAME) == 0;
#else
    return 1;
#endif
}
