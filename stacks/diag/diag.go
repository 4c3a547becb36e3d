// Package diag holds diagnostics: what is wrong in a file, where, and what
// would mend it. Every check of the compiler reports through it, so that all
// findings of one run are shown together and each names its line.
package diag

import (
	"errors"
	"fmt"
	"io/fs"
	"slices"
	"sort"
	"strings"
	"sync"
)

// Severity says whether a finding stops the build.
type Severity uint8

// The two severities.
const (
	Error Severity = iota
	Warning
)

func (s Severity) String() string {
	if s == Warning {
		return "warning"
	}
	return "error"
}

// File is one source text. Its ranges are byte offsets into Data.
type File struct {
	Name string
	Data []byte

	index sync.Once
	lines []int // where lines begin
}

// Range is a part of a file, from byte Start up to, not including, byte End.
// The zero Range has no file and stands for "nowhere in particular".
type Range struct {
	File       *File
	Start, End int
}

// Known reports whether r points into a file.
func (r Range) Known() bool { return r.File != nil }

// Text returns the part of the file, "" if r is unknown.
func (r Range) Text() string {
	if !r.Known() || r.Start < 0 || r.End > len(r.File.Data) || r.Start > r.End {
		return ""
	}
	return string(r.File.Data[r.Start:r.End])
}

// Pos is a place in a file; both numbers count from 1, Col in bytes.
type Pos struct {
	Line, Col int
}

// Pos returns the place of r's first byte, or the zero Pos.
func (r Range) Pos() Pos { return r.File.pos(r.Start) }

// EndPos returns the place of r's last byte.
func (r Range) EndPos() Pos {
	if r.End > r.Start {
		return r.File.pos(r.End - 1)
	}
	return r.Pos()
}

// String gives file:line:col.
func (r Range) String() string {
	if !r.Known() {
		return "-"
	}
	p := r.Pos()
	return fmt.Sprintf("%s:%d:%d", r.File.Name, p.Line, p.Col)
}

// Sub returns the part of r between two offsets counted from r's start.
// Offsets outside r give r itself.
func (r Range) Sub(start, end int) Range {
	if start < 0 || end < start || r.Start+end > r.End {
		return r
	}
	return Range{r.File, r.Start + start, r.Start + end}
}

func (f *File) pos(offset int) Pos {
	if f == nil {
		return Pos{}
	}
	offset = min(max(offset, 0), len(f.Data))
	starts := f.starts()
	line := sort.SearchInts(starts, offset+1)
	return Pos{Line: line, Col: offset - starts[line-1] + 1}
}

// starts are the offsets at which lines begin. They are looked for once: a file
// may have as many findings as lines.
func (f *File) starts() []int {
	f.index.Do(func() {
		f.lines = []int{0}
		for i, b := range f.Data {
			if b == '\n' {
				f.lines = append(f.lines, i+1)
			}
		}
	})
	return f.lines
}

// Line returns the text of line n, counted from 1, without its end.
func (f *File) Line(n int) string {
	starts := f.starts()
	if n < 1 || n > len(starts) {
		return ""
	}
	end := len(f.Data)
	if n < len(starts) {
		end = starts[n] - 1
	}
	return strings.TrimSuffix(string(f.Data[starts[n-1]:end]), "\r")
}

// Related is a second place that a finding speaks of.
type Related struct {
	Range   Range
	Message string
}

// Diagnostic is one finding.
type Diagnostic struct {
	// Rule is the finding's short name, such as "unknown-key". It has a page
	// under docs/rules.
	Rule     string
	Severity Severity
	Range    Range
	// Summary is one line: what is wrong.
	Summary string
	// Detail is optional: why, in further lines.
	Detail string
	// Help is optional: what to write instead.
	Help    string
	Related []Related
}

// Message is the finding in one line, without its place.
func (d Diagnostic) Message() string {
	msg := d.Summary
	if d.Help != "" {
		msg += " (" + d.Help + ")"
	}
	return msg
}

// List is any number of findings. Functions that check return a List and go
// on after a finding wherever they can.
type List []Diagnostic

// HasErrors reports whether a finding of l stops the build.
func (l List) HasErrors() bool {
	return slices.ContainsFunc(l, func(d Diagnostic) bool { return d.Severity == Error })
}

// Errors returns the findings that stop the build.
func (l List) Errors() List { return l.only(Error) }

// Warnings returns the findings that do not.
func (l List) Warnings() List { return l.only(Warning) }

func (l List) only(s Severity) List {
	var out List
	for _, d := range l {
		if d.Severity == s {
			out = append(out, d)
		}
	}
	return out
}

// Sorted returns l by file and place, each finding once.
func (l List) Sorted() List {
	out := slices.Clone(l)
	sort.SliceStable(out, func(i, j int) bool {
		a, b := out[i].Range, out[j].Range
		if a.Known() != b.Known() {
			return a.Known()
		}
		if a.Known() && a.File.Name != b.File.Name {
			return a.File.Name < b.File.Name
		}
		return a.Start < b.Start
	})
	return slices.CompactFunc(out, func(a, b Diagnostic) bool {
		return a.Range == b.Range && a.Rule == b.Rule && a.Summary == b.Summary
	})
}

// Err returns l as an error if it holds one that stops the build.
func (l List) Err() error {
	if !l.HasErrors() {
		return nil
	}
	return &Failure{List: l.Sorted()}
}

// Failure is a List as an error.
type Failure struct {
	List List
}

// Error gives one line for each finding that stops the build.
func (f *Failure) Error() string {
	var lines []string
	all := f.List.Errors()
	for _, d := range all.first(MaxShown) {
		line := d.Message()
		if d.Range.Known() {
			line = d.Range.String() + ": " + line
		}
		lines = append(lines, said(line))
	}
	if rest := len(all) - len(lines); rest > 0 {
		lines = append(lines, fmt.Sprintf("… and %d more", rest))
	}
	return strings.Join(lines, "\n")
}

// From returns the findings inside err, if it carries any.
func From(err error) (List, bool) {
	var f *Failure
	if errors.As(err, &f) {
		return f.List, true
	}
	return nil, false
}

// Errorf returns a finding that stops the build.
func Errorf(rule string, at Range, format string, args ...any) Diagnostic {
	return Diagnostic{Rule: rule, Range: at, Summary: fmt.Sprintf(format, args...)}
}

// Warnf returns a finding that does not stop the build.
func Warnf(rule string, at Range, format string, args ...any) Diagnostic {
	return Diagnostic{Rule: rule, Severity: Warning, Range: at, Summary: fmt.Sprintf(format, args...)}
}

// WithHelp returns d with what to write instead.
func (d Diagnostic) WithHelp(format string, args ...any) Diagnostic {
	d.Help = fmt.Sprintf(format, args...)
	return d
}

// WithDetail returns d with further lines of explanation.
func (d Diagnostic) WithDetail(lines ...string) Diagnostic {
	d.Detail = strings.Join(lines, "\n")
	return d
}

// WithRelated returns d with a second place.
func (d Diagnostic) WithRelated(at Range, format string, args ...any) Diagnostic {
	d.Related = append(slices.Clone(d.Related), Related{at, fmt.Sprintf(format, args...)})
	return d
}

// Reason is why something could not be done with a file, without the name of
// the file, which is said beside it.
func Reason(err error) error {
	var failed *fs.PathError
	if errors.As(err, &failed) {
		return failed.Err
	}
	return err
}
