package cli

import (
	"os"

	"golang.org/x/term"
)

// columns is the width of the terminal on standard error; 0 without one.
func (e Env) columns() int {
	if !e.Terminal {
		return 0
	}
	n, _, err := term.GetSize(int(os.Stderr.Fd()))
	if err != nil {
		return 0
	}
	return n
}
