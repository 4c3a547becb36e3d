package draw

import (
	"bufio"
	"fmt"
	"io"
	"strings"
)

// SVG writes the graph as a picture.
func SVG(w io.Writer, g *Graph) error {
	s, err := newScene(g)
	if err != nil {
		return err
	}
	b := bufio.NewWriter(w)
	fmt.Fprintf(b, `<svg xmlns="http://www.w3.org/2000/svg" width="%.0f" height="%.0f" viewBox="0 0 %.0f %.0f" font-family="Go, Helvetica, Arial, sans-serif">`+"\n", s.w, s.h, s.w, s.h)
	fmt.Fprintf(b, "<rect width=\"100%%\" height=\"100%%\" fill=%q/>\n", paperColor)
	for _, r := range s.rects {
		fmt.Fprintf(b, `<rect x="%.1f" y="%.1f" width="%.1f" height="%.1f" rx="%.0f" fill="%s" stroke="%s" stroke-width="%.1f"`, r.x, r.y, r.w, r.h, r.radius, r.fill, r.stroke, r.border)
		if r.dashed {
			b.WriteString(` stroke-dasharray="4 3"`)
		}
		if r.tip != "" {
			fmt.Fprintf(b, "><title>%s</title></rect>\n", xml(r.tip))
		} else {
			b.WriteString("/>\n")
		}
	}
	for _, l := range s.lines {
		l.svg(b)
	}
	for _, t := range s.texts {
		t.svg(b, s.fonts)
	}
	b.WriteString("</svg>\n")
	if err := b.Flush(); err != nil {
		return fmt.Errorf("writing the picture: %w", err)
	}
	return nil
}

func (l line) svg(b *bufio.Writer) {
	b.WriteString(`<path d="`)
	for i, p := range l.points {
		switch {
		case i == 0:
			fmt.Fprintf(b, "M%.1f %.1f", p.x, p.y)
		case i%2 == 1:
			fmt.Fprintf(b, "L%.1f %.1f", p.x, p.y)
		default:
			a, c := l.bend(l.points[i-1], p)
			fmt.Fprintf(b, "C%.1f %.1f %.1f %.1f %.1f %.1f", a.x, a.y, c.x, c.y, p.x, p.y)
		}
	}
	fmt.Fprintf(b, `" fill="none" stroke="%s" stroke-width="%.1f"`, l.color, l.width)
	if l.dashed {
		b.WriteString(` stroke-dasharray="5 4"`)
	}
	b.WriteString("/>\n")
	if l.arrow {
		fmt.Fprint(b, `<path d="M`)
		for i, p := range l.head(1) {
			if i > 0 {
				b.WriteByte('L')
			}
			fmt.Fprintf(b, "%.1f %.1f", p.x, p.y)
		}
		fmt.Fprintf(b, `z" fill="%s"/>`+"\n", l.color)
	}
}

// bend gives the control points of a curve that leaves and arrives in the
// line's direction.
func (l line) bend(from, to point) (a, c point) {
	if l.down {
		mid := (from.y + to.y) / 2
		return point{from.x, mid}, point{to.x, mid}
	}
	mid := (from.x + to.x) / 2
	return point{mid, from.y}, point{mid, to.y}
}

// head is the arrow at the line's end, at a scale.
func (l line) head(scale float64) []point {
	e := l.points[len(l.points)-1]
	e.x, e.y = e.x*scale, e.y*scale
	n := arrowSize * scale
	if l.down {
		return []point{e, {e.x - n/2, e.y - n}, {e.x + n/2, e.y - n}}
	}
	return []point{e, {e.x - n, e.y - n/2}, {e.x - n, e.y + n/2}}
}

func (t text) svg(b *bufio.Writer, f *fonts) {
	if t.text == "" {
		return
	}
	x := t.x
	width := f.width(t.text, t.style)
	if t.mid {
		x -= width / 2
	}
	weight := ""
	if t.style.bold {
		weight = ` font-weight="600"`
	}
	// The length keeps a text in its box where another font is used.
	fmt.Fprintf(b, `<text x="%.1f" y="%.1f" font-size="%.1f"%s fill="%s" textLength="%.1f" lengthAdjust="spacingAndGlyphs">%s</text>`+"\n", x, t.y, t.style.size, weight, t.color, width, xml(t.text))
}

func xml(s string) string {
	return strings.NewReplacer("&", "&amp;", "<", "&lt;", ">", "&gt;", `"`, "&quot;").Replace(s)
}
