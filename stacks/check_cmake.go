package stacks

import (
	"strings"

	"github.com/org/jetson-frontend/stacks/diag"
	"github.com/org/jetson-frontend/stacks/tree"
)

// ownCMake are options that every step sets itself: what a component or a stack
// says for one of them would have no effect, or undo a cross build. The text is
// what to do instead.
func ownCMake(name string) (string, bool) {
	switch name {
	case "CMAKE_BUILD_TYPE":
		return "a cmake step has the key build_type for it", true
	case "CMAKE_INSTALL_PREFIX":
		return "a cmake step has the key prefix for it", true
	case "CMAKE_TOOLCHAIN_FILE", "CMAKE_SYSROOT", "CMAKE_SYSTEM_NAME", "CMAKE_SYSTEM_PROCESSOR", "CMAKE_LIBRARY_ARCHITECTURE", "CMAKE_CROSSCOMPILING_EMULATOR",
		"CMAKE_C_COMPILER", "CMAKE_CXX_COMPILER", "CMAKE_PROJECT_INCLUDE", "CMAKE_EXPORT_NO_PACKAGE_REGISTRY", "CMAKE_GENERATOR", "CMAKE_STAGING_PREFIX":
		return "the step sets it, for the builder that it runs on; leave it out", true
	}
	if strings.HasPrefix(name, "CMAKE_") && (strings.HasSuffix(name, "_COMPILER_LAUNCHER") || strings.HasPrefix(name, "CMAKE_FIND_ROOT_PATH")) {
		return "the step sets it, for the builder that it runs on; leave it out", true
	}
	return "", false
}

// CMakeOption is what is wrong with the name of a CMake option.
func CMakeOption(name tree.Text) (diag.Diagnostic, bool) {
	if !ValidCMakeName(name.V) {
		return diag.Errorf("bad-name", name.At, "%q cannot be the name of a CMake option", name.V), false
	}
	if help, own := ownCMake(name.V); own {
		return diag.Errorf("bad-value", name.At, "%s is not an option's to set", name.V).WithHelp("%s", help), false
	}
	return diag.Diagnostic{}, true
}
