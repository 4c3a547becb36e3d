package daemon

import (
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"strings"
)

// Problem is something about this machine, or about the builder's state, that
// keeps the private builder from working.
type Problem struct {
	What string `json:"what"`
	// Fix are lines that say what mends it.
	Fix []string `json:"fix,omitempty"`
}

func (p Problem) Error() string {
	return strings.Join(append([]string{p.What}, p.Fix...), "\n  ")
}

func problem(what string, fix ...string) error { return Problem{What: what, Fix: fix} }

// ReportFailure leaves word of why a daemon did not start, for the client that
// started it.
func (p Paths) ReportFailure(err error) error {
	var pr Problem
	if !errors.As(err, &pr) {
		pr = Problem{What: err.Error()}
	}
	data, err := json.Marshal(pr)
	if err != nil {
		return fmt.Errorf("reporting the failure: %w", err)
	}
	return os.WriteFile(p.Failure(), data, 0o600)
}

// failure reads what ReportFailure left; nil if nothing was.
func (p Paths) failure() error {
	data, err := os.ReadFile(p.Failure())
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if err != nil {
		return fmt.Errorf("reading why the builder did not start: %w", err)
	}
	var pr Problem
	if err := json.Unmarshal(data, &pr); err != nil {
		return fmt.Errorf("reading why the builder did not start: %w", err)
	}
	return pr
}
