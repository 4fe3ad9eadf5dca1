/* A module that needs no other Python; also a library that such a module needs. */
#include "extension.h"

MODULE(linked, PySlot_STATIC_DATA(Py_mod_doc, "Harmless."))
