package timeline

import (
	"fmt"
	"io"
	"strings"
	"text/tabwriter"
	"time"
	"unicode/utf8"
)

// Part is what one part of the image came to.
type Part struct {
	Name        string
	Ran, Cached int
	Took        time.Duration
	Hits, Total int
	Critical    bool
	// Size is what it adds to the image, in bytes; -1 if that is not known.
	Size int64
}

// Parts sums the vertices up by part of the image, in the order in which the
// parts began. What BuildKit does for itself is left out.
func (t *Timeline) Parts() []Part {
	var out []Part
	at := map[string]int{}
	sizes := t.Sizes()
	for _, v := range t.Vertices {
		if v.Kind == Internal || v.Kind == Export {
			continue
		}
		i, ok := at[v.Group]
		if !ok {
			i = len(out)
			at[v.Group] = i
			part := Part{Name: v.Group, Size: -1}
			if n, ok := sizeOf(sizes, v.Group); ok {
				part.Size = n
			}
			out = append(out, part)
		}
		p := &out[i]
		if v.Cached {
			p.Cached++
		} else {
			p.Ran++
			p.Took += v.Took()
		}
		p.Hits += v.Hits
		p.Total += v.Total
		p.Critical = p.Critical || v.Critical
	}
	return out
}

// counts are the vertices that ran and those that were cached.
func (t *Timeline) counts() (ran, cached int) {
	for _, p := range t.Parts() {
		ran += p.Ran
		cached += p.Cached
	}
	return ran, cached
}

// Summary writes what a build did, for a terminal of a width, in columns; 0 is
// for a pipe.
func (t *Timeline) Summary(out io.Writer, width int) error {
	ran, cached := t.counts()
	if ran+cached == 0 {
		return nil
	}
	fmt.Fprintf(out, "\n%s: %s ran, %d cached\n", Seconds(t.Took()), many(ran, "step"), cached)
	if ran == 0 {
		return nil
	}
	if err := t.table(out); err != nil {
		return err
	}
	return t.printPath(out, width)
}

// table writes the parts that ran, with what each adds to the image where that
// is known, and in one line those that did not.
func (t *Timeline) table(out io.Writer) error {
	w := tabwriter.NewWriter(out, 0, 4, 2, ' ', 0)
	head, unseen := "  PART\tRAN\tCACHED\tTIME\tCCACHE", int64(0)
	for _, n := range t.Sizes() {
		unseen += n
	}
	weighed := len(t.Sizes()) > 0
	if weighed {
		head += "\tADDS"
	}
	fmt.Fprintln(w, head)
	rest, steps := 0, 0
	for _, p := range t.Parts() {
		if p.Ran == 0 {
			rest, steps = rest+1, steps+p.Cached
			continue
		}
		unseen -= max(p.Size, 0)
		hits := "-"
		if p.Total > 0 {
			hits = fmt.Sprintf("%d of %d (%d%%)", p.Hits, p.Total, 100*p.Hits/p.Total)
		}
		line := fmt.Sprintf("  %s\t%d\t%d\t%s\t%s", p.Name, p.Ran, p.Cached, Seconds(p.Took), hits)
		switch {
		case p.Size >= 0:
			line += "\t" + Bytes(p.Size)
		case weighed:
			line += "\t-"
		}
		fmt.Fprintln(w, line)
	}
	if err := w.Flush(); err != nil || rest == 0 {
		return err
	}
	more := ""
	if unseen > 0 {
		more = " that adds "
		if rest > 1 {
			more = " that add "
		}
		more += Bytes(unseen)
	}
	_, err := fmt.Fprintf(out, "  %s more%s, all cached (%s)\n", many(rest, "part"), more, many(steps, "step"))
	return err
}

// printPath writes the critical path, without what took no time to speak of.
func (t *Timeline) printPath(out io.Writer, width int) error {
	if width <= 0 {
		width = 200
	}
	line := "critical path:"
	for _, v := range t.Path {
		if v.Took() < t.Took()/50 {
			continue
		}
		item := fmt.Sprintf(" %s %s,", v.Name, Seconds(v.Took()))
		if n := utf8.RuneCountInString(line); n > 0 && n+utf8.RuneCountInString(item) > width {
			fmt.Fprintln(out, line)
			line = "  "
		}
		line += item
	}
	_, err := fmt.Fprintln(out, strings.TrimSuffix(line, ","))
	return err
}

func many(n int, what string) string {
	if n == 1 {
		return "1 " + what
	}
	return fmt.Sprintf("%d %ss", n, what)
}
