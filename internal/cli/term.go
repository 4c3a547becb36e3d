package cli

import (
	"fmt"
	"io"
	"os"
	"slices"
	"strconv"
	"strings"

	"golang.org/x/term"

	"github.com/org/jetson-frontend/stacks/diag"
)

// The ANSI codes that output for people uses.
const (
	bold   = "\x1b[1m"
	dim    = "\x1b[2m"
	green  = "\x1b[32m"
	yellow = "\x1b[33m"
	cyan   = "\x1b[36m"
	reset  = "\x1b[0m"
)

// screen is standard output as a verb for people sees it. A pipe has no width:
// its lines are as long as they are, so that a script loses nothing.
type screen struct {
	w     io.Writer
	width int // columns; 0 is a pipe
	color bool
}

// screen describes standard output. COLUMNS, where it is set, wins over what
// the terminal says.
func (e Env) screen() screen {
	s := screen{w: e.Stdout, width: e.Width}
	if n, err := strconv.Atoi(e.Getenv("COLUMNS")); err == nil && n > 0 {
		s.width = n
	}
	s.color = e.Width > 0 && e.Getenv("NO_COLOR") == "" && e.Getenv("TERM") != "dumb"
	return s
}

// columns is the width of a terminal; 0 if f is none.
func columns(f *os.File) int {
	fd := int(f.Fd())
	if !term.IsTerminal(fd) {
		return 0
	}
	w, _, err := term.GetSize(fd)
	if err != nil || w <= 0 {
		return 80
	}
	return w
}

func (s screen) paint(code, text string) string {
	if !s.color || text == "" {
		return text
	}
	return code + text + reset
}

// printf writes a text in which only our own colours are obeyed: names, notes and
// values come from files that a stranger may have written. Whether it could be
// written is asked at the end, of all output.
func (s screen) printf(format string, args ...any) {
	_, _ = io.WriteString(s.w, s.visible(fmt.Sprintf(format, args...)))
}

func (s screen) visible(text string) string {
	var b strings.Builder
	for {
		at, code := s.nextColor(text)
		b.WriteString(diag.Visible(text[:at]))
		b.WriteString(code)
		if code == "" {
			return b.String()
		}
		text = text[at+len(code):]
	}
}

// nextColor finds the first of our own codes; without one it is the text's end.
func (s screen) nextColor(text string) (at int, code string) {
	for from := 0; s.color; {
		i := strings.IndexByte(text[from:], '\x1b')
		if i < 0 {
			break
		}
		from += i
		for _, c := range [...]string{bold, dim, green, yellow, cyan, reset} {
			if strings.HasPrefix(text[from:], c) {
				return from, c
			}
		}
		from++
	}
	return len(text), ""
}

// title begins a part of a verb's output.
func (s screen) title(text string) { s.printf("\n%s\n", s.paint(bold, text)) }

// text writes a paragraph, indented, wrapped where there is a width to wrap to.
func (s screen) text(indent int, text string) {
	s.hang(indent, indent, text)
}

// hang writes a paragraph whose further lines are indented by rest.
func (s screen) hang(first, rest int, text string) {
	width := 0
	if s.width > 0 {
		width = max(min(s.width, 110), rest+20)
	}
	line := strings.Repeat(" ", first)
	empty := true
	words := strings.FieldsFunc(text, func(r rune) bool { return r == ' ' || r == '\t' || r == '\n' })
	for _, word := range words {
		word = strings.ReplaceAll(word, hardSpace, " ")
		switch {
		case empty:
			line += word
		case width > 0 && length(line)+1+length(word) > width:
			s.printf("%s\n", line)
			line = strings.Repeat(" ", rest) + word
		default:
			line += " " + word
		}
		empty = false
	}
	if !empty {
		s.printf("%s\n", line)
	}
}

// hardSpace is a space at which no line is broken.
const hardSpace = "\u00a0"

// length is the number of columns of a text that may hold colours.
func length(text string) int {
	n := diag.Width(text)
	for {
		i := strings.IndexByte(text, '\x1b')
		if i < 0 {
			return n
		}
		j := strings.IndexByte(text[i:], 'm')
		if j < 0 {
			return n
		}
		n -= j + 1
		text = text[i+j+1:]
	}
}

// table is rows under a head. Where there is a width, the columns of flex are
// cut to fit, the widest first.
type table struct {
	head []string
	rows [][]string
	flex []int
	// indent is put before each row.
	indent int
}

func (t *table) add(cells ...string) { t.rows = append(t.rows, cells) }

const minFlex = 14 // columns below which a cell says nothing

func (t *table) write(s screen) {
	all := t.rows
	if t.head != nil {
		all = append([][]string{t.head}, t.rows...)
	}
	var widths []int
	for _, row := range all {
		for i, cell := range row {
			if i == len(widths) {
				widths = append(widths, 0)
			}
			widths[i] = max(widths[i], length(cell))
		}
	}
	t.fit(widths, s.width)
	for i, row := range all {
		line := strings.Repeat(" ", t.indent)
		for k, cell := range row {
			cell = cut(cell, widths[k])
			pad := strings.Repeat(" ", widths[k]-length(cell)+2)
			if i == 0 && t.head != nil {
				cell = s.paint(bold, cell)
			}
			line += cell + pad
		}
		s.printf("%s\n", strings.TrimRight(line, " "))
	}
}

// fit narrows the flexible columns until a row fits the width.
func (t *table) fit(widths []int, width int) {
	if width == 0 {
		return
	}
	total := t.indent - 2
	for _, w := range widths {
		total += w + 2
	}
	for total > width {
		widest := -1
		for _, i := range t.flex {
			if i < len(widths) && widths[i] > minFlex && (widest < 0 || widths[i] > widths[widest]) {
				widest = i
			}
		}
		if widest < 0 {
			return
		}
		widths[widest]--
		total--
	}
}

// cut shortens a cell without colours to n columns.
func cut(cell string, n int) string {
	if length(cell) <= n || strings.Contains(cell, "\x1b") {
		return cell
	}
	left := max(n-1, 0)
	for i, r := range cell {
		if left -= diag.Width(string(r)); left < 0 {
			return cell[:i] + "…"
		}
	}
	return cell + "…"
}

// oneOf checks a flag's word against those that it knows.
func oneOf(flag, value string, known []string, suggest func(string, []string) string) error {
	if slices.Contains(known, value) {
		return nil
	}
	return usagef("%s cannot be %q (%s)", flag, value, suggest(value, known))
}
