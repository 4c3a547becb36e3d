package llb

import (
	"testing"
)

// TestMarshalPanic: a panic where vertices are marshalled comes out where it can
// be caught, and nobody waits for what it was about.
func TestMarshalPanic(t *testing.T) {
	defer func() {
		if p := recover(); p != "a hole" {
			t.Errorf("it is caught as %v", p)
		}
	}()
	m := newMarshaler(t.Context(), "arm64")
	m.queue <- func() { panic("a hole") }
	m.close()
}
