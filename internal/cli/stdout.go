package cli

import (
	"io"
	"sync"
)

// output is standard output, of which the first failure is kept: what a verb
// printed and nobody could read is a failure of the verb.
type output struct {
	io.Writer
	mu  sync.Mutex
	err error
}

// Write hands on what is printed.
func (o *output) Write(p []byte) (int, error) {
	n, err := o.Writer.Write(p)
	o.mu.Lock()
	defer o.mu.Unlock()
	if o.err == nil {
		o.err = err
	}
	return n, err
}

// failure is why something could not be printed, if so.
func (o *output) failure() error {
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.err
}

// direct is what a program of another's may be given for its own output.
func direct(w io.Writer) io.Writer {
	if o, ok := w.(*output); ok {
		return o.Writer
	}
	return w
}
