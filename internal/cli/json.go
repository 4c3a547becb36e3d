package cli

import (
	"encoding/json"
	"fmt"

	"github.com/org/jetson-frontend/stacks/diag"
)

// json writes a value to standard output.
func (e Env) json(v any) error {
	enc := json.NewEncoder(e.Stdout)
	enc.SetEscapeHTML(false)
	enc.SetIndent("", "  ")
	if err := enc.Encode(v); err != nil {
		return fmt.Errorf("writing JSON: %w", err)
	}
	return nil
}

// finding is a diagnostic for scripts.
type finding struct {
	Rule     string `json:"rule"`
	Severity string `json:"severity"`
	Message  string `json:"message"`
	Detail   string `json:"detail,omitempty"`
	Help     string `json:"help,omitempty"`
	*place
}

// place is where in a file something stands; lines and columns count from 1.
type place struct {
	File   string `json:"file"`
	Line   int    `json:"line"`
	Column int    `json:"column"`
}

func placeOf(r diag.Range) *place {
	if !r.Known() {
		return nil
	}
	p := r.Pos()
	return &place{r.File.Name, p.Line, p.Col}
}

func findings(list diag.List) []finding {
	out := []finding{}
	for _, d := range list {
		out = append(out, finding{
			Rule: d.Rule, Severity: d.Severity.String(), Message: d.Summary, Detail: d.Detail, Help: d.Help, place: placeOf(d.Range),
		})
	}
	return out
}
