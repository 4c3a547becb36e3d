package timeline

import (
	_ "embed"
	"fmt"
	"html/template"
	"io"
	"strings"
	"time"
)

//go:embed page.html
var pageText string

// About is what the page says above the timeline.
type About struct {
	Title  string // the stack
	Target string // platform and target
	When   time.Time
	Error  string // "" for a build that succeeded
}

// The page's own view of a timeline: places are per cent of the whole time.
type (
	page struct {
		About
		Took, Work  string
		Parallel    string
		Ran, Cached int
		Hits        string
		Ticks       []tick
		Path        []stage
		Groups      []group
		Kinds       []Kind
	}
	tick  struct{ Left, Label string }
	stage struct {
		Name, Took string
		Kind       Kind
		Share      string
		Percent    int
	}
	group struct {
		Name, Took, Hits string
		Size             string // what it adds to the image
		Ran, Cached      int
		Rows             []row
		Rest             []string // names of what was cached
		Folded           bool     // rows that few want to see
	}
	row struct {
		Name, Short, Took, Title string
		Kind                     Kind
		Critical, Failed         bool
		Bars                     []bar
		// The time is written after the bar, or before one that ends late.
		Label  string
		Before bool
	}
	bar struct{ Left, Width string }
)

// Page writes the timeline as one HTML page that needs nothing else.
func (t *Timeline) Page(out io.Writer, a About) error {
	tmpl, err := template.New("page").Parse(pageText)
	if err != nil {
		return fmt.Errorf("the timeline's page: %w", err)
	}
	if err := tmpl.Execute(out, t.page(a)); err != nil {
		return fmt.Errorf("writing the timeline: %w", err)
	}
	return nil
}

func (t *Timeline) page(a About) page {
	p := page{About: a, Took: Seconds(t.Took())}
	p.Ran, p.Cached = t.counts()
	var work time.Duration
	hits, total := 0, 0
	seen := map[Kind]bool{}
	for _, v := range t.Vertices {
		if v.Ran() {
			work += v.Took()
		}
		hits, total = hits+v.Hits, total+v.Total
	}
	p.Work = Seconds(work)
	if t.Took() > 0 {
		p.Parallel = fmt.Sprintf("%.1f", work.Seconds()/t.Took().Seconds())
	}
	if total > 0 {
		p.Hits = fmt.Sprintf("%d of %d (%d%%)", hits, total, 100*hits/total)
	}
	p.Ticks = t.ticks()
	for _, v := range t.Path {
		share := t.share(v.Took())
		if share < 0.4 {
			continue
		}
		p.Path = append(p.Path, stage{Name: v.Name, Took: Seconds(v.Took()), Kind: v.Kind, Share: percent(share), Percent: int(share + 0.5)})
	}
	p.Groups = t.groups(seen)
	for _, k := range []Kind{Compile, Download, Packages, Assemble, Test, Export, Internal} {
		if seen[k] {
			p.Kinds = append(p.Kinds, k)
		}
	}
	return p
}

func (t *Timeline) share(d time.Duration) float64 {
	if t.Took() <= 0 {
		return 0
	}
	return 100 * d.Seconds() / t.Took().Seconds()
}

func percent(f float64) string { return fmt.Sprintf("%.3f", f) }

// ticks are marks on round times, no more than ten.
func (t *Timeline) ticks() []tick {
	step := time.Second / 10
	for _, s := range []time.Duration{time.Second / 5, time.Second / 2, time.Second, 2 * time.Second, 5 * time.Second, 10 * time.Second, 30 * time.Second,
		time.Minute, 2 * time.Minute, 5 * time.Minute, 10 * time.Minute, 30 * time.Minute, time.Hour, 2 * time.Hour, 6 * time.Hour} {
		if t.Took()/step < 9 {
			break
		}
		step = s
	}
	var out []tick
	for at := time.Duration(0); at <= t.Took() && len(out) < 40; at += step {
		out = append(out, tick{percent(t.share(at)), axis(at)})
	}
	return out
}

// axis is a round time, as short as it goes.
func axis(d time.Duration) string {
	s := d.String()
	if strings.HasSuffix(s, "m0s") {
		s = strings.TrimSuffix(s, "0s")
	}
	if strings.HasSuffix(s, "h0m") {
		s = strings.TrimSuffix(s, "0m")
	}
	return s
}

// groups are the parts of the image with their vertices as rows. seen is told
// which kinds have a row.
func (t *Timeline) groups(seen map[Kind]bool) []group {
	var out []*group
	at := map[string]*group{}
	took := map[string]time.Duration{}
	hits := map[string][2]int{}
	sizes := t.Sizes()
	for _, v := range t.Vertices {
		g := at[v.Group]
		if g == nil {
			g = &group{Name: v.Group}
			if n, ok := sizeOf(sizes, v.Group); ok {
				g.Size = Bytes(n)
			}
			at[v.Group] = g
			out = append(out, g)
		}
		if v.Cached {
			g.Cached++
			g.Rest = append(g.Rest, v.Short)
			continue
		}
		g.Ran++
		took[v.Group] += v.Took()
		h := hits[v.Group]
		hits[v.Group] = [2]int{h[0] + v.Hits, h[1] + v.Total}
		seen[v.Kind] = true
		g.Rows = append(g.Rows, t.row(v))
	}
	var list []group
	for _, late := range []bool{false, true} { // what only serves the builder comes last
		for _, g := range out {
			if (g.Name == "builder") != late {
				continue
			}
			g.Took, g.Folded = Seconds(took[g.Name]), late
			if h := hits[g.Name]; h[1] > 0 {
				g.Hits = fmt.Sprintf("ccache %d%%", 100*h[0]/h[1])
			}
			list = append(list, *g)
		}
	}
	return list
}

func (t *Timeline) row(v *Vertex) row {
	r := row{Name: v.Name, Short: v.Short, Took: Seconds(v.Took()), Kind: v.Kind, Critical: v.Critical, Failed: v.Error != ""}
	r.Title = fmt.Sprintf("%s\n%s, from %s to %s", v.Name, r.Took, Seconds(v.Start().Sub(t.Start)), Seconds(v.End().Sub(t.Start)))
	if v.Total > 0 {
		r.Title += fmt.Sprintf("\nccache: %d of %d hits", v.Hits, v.Total)
	}
	if v.Error != "" {
		r.Title += "\n" + v.Error
	}
	for _, s := range v.Spans {
		r.Bars = append(r.Bars, bar{percent(t.share(s.Start.Sub(t.Start))), percent(t.share(s.End.Sub(s.Start)))})
	}
	end := t.share(v.End().Sub(t.Start))
	r.Label, r.Before = percent(end), end > 90
	if r.Before {
		r.Label = percent(100 - t.share(v.Start().Sub(t.Start)))
	}
	return r
}
