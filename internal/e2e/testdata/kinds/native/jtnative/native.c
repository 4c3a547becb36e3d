#define PY_SSIZE_T_CLEAN
#include <Python.h>
#include <sys/utsname.h>

/* machine says what this was compiled for and runs on. */
static PyObject *machine(PyObject *self, PyObject *args) {
	struct utsname u;
	if (uname(&u) != 0)
		return PyErr_SetFromErrno(PyExc_OSError);
	return PyUnicode_FromString(u.machine);
}

static PyMethodDef methods[] = {{"machine", machine, METH_NOARGS, NULL}, {NULL, NULL, 0, NULL}};
static struct PyModuleDef module = {PyModuleDef_HEAD_INIT, "jtnative", NULL, -1, methods};

PyMODINIT_FUNC PyInit_jtnative(void) { return PyModule_Create(&module); }
