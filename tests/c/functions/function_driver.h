/* What the files of the driver share. */

#ifndef FUNCTION_DRIVER_H
#define FUNCTION_DRIVER_H

#include <Python.h>

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

/* An argument or a result. The calling convention passes all of them in registers of one kind. */
typedef intptr_t Word;

/* How the function of a row is called: a letter for its result, then one for each argument. o is an
   object; r a new reference, or for an argument a stolen one; b a borrowed reference; n Py_ssize_t,
   i int, l long, u unsigned long, s a string, v void. */
typedef struct {
    const char *name;
    const char *form;
    void (*function)(void);
} Row;

#define ROW(form, name) {#name, form, (void (*)(void))(name)}

/* Rows of protocols.c and of classes.c. The last of each has no name. */
extern const Row protocol_rows[];
extern const Row class_rows[];

/* The object that stands for NULL in arguments and answers. */
extern PyObject *null_mark;

/* A new reference to an object, or to the mark for NULL. */
PyObject *give(PyObject *object);

/* The exception that is pending, or the mark. */
PyObject *taken_exception(void);

/* A copy of the bytes of an object with a NUL after them. The caller frees it. */
char *copy_of_bytes(PyObject *object);

/* A list of two objects. Steals the references to them. */
PyObject *pair(PyObject *first, PyObject *second);

/* variadic(name, pending, arguments): see variadic.c. */
PyObject *variadic(PyObject *module, PyObject *const *arguments, Py_ssize_t count);
PyObject *times_cleaned(PyObject *module, PyObject *none);

#endif
