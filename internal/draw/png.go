package draw

import (
	"fmt"
	"image"
	"image/color"
	imgdraw "image/draw"
	"image/png"
	"io"
	"math"
	"strconv"

	"golang.org/x/image/font"
	"golang.org/x/image/math/fixed"
	"golang.org/x/image/vector"
)

// maxPixels bounds a PNG; a larger picture is drawn at a smaller scale.
const maxPixels = 80e6

// PNG writes the graph as a picture, at scale times its natural size.
func PNG(w io.Writer, g *Graph, scale float64) error {
	s, err := newScene(g)
	if err != nil {
		return err
	}
	if area := s.w * s.h * scale * scale; area > maxPixels {
		scale *= math.Sqrt(maxPixels / area)
	}
	c := &canvas{scale: scale, fonts: s.fonts, img: image.NewRGBA(image.Rect(0, 0, int(math.Ceil(s.w*scale)), int(math.Ceil(s.h*scale))))}
	imgdraw.Draw(c.img, c.img.Bounds(), image.NewUniform(ink(paperColor)), image.Point{}, imgdraw.Src)
	for _, r := range s.rects {
		c.rect(r)
	}
	for _, l := range s.lines {
		c.line(l)
	}
	for _, t := range s.texts {
		if err := c.text(t); err != nil {
			return err
		}
	}
	enc := png.Encoder{CompressionLevel: png.BestSpeed}
	if err := enc.Encode(w, c.img); err != nil {
		return fmt.Errorf("writing the picture: %w", err)
	}
	return nil
}

// canvas paints into an image.
type canvas struct {
	img   *image.RGBA
	scale float64
	fonts *fonts
}

// ink reads #rrggbb.
func ink(hex string) color.RGBA {
	n, err := strconv.ParseUint(hex[min(1, len(hex)):], 16, 32)
	if err != nil {
		return color.RGBA{A: 255}
	}
	return color.RGBA{uint8(n >> 16), uint8(n >> 8), uint8(n), 255}
}

// fill paints a closed outline, given in pixels.
func (c *canvas) fill(outline []point, col color.RGBA) {
	if len(outline) < 3 {
		return
	}
	lo, hi := outline[0], outline[0]
	for _, p := range outline {
		lo.x, lo.y = min(lo.x, p.x), min(lo.y, p.y)
		hi.x, hi.y = max(hi.x, p.x), max(hi.y, p.y)
	}
	box := image.Rect(int(math.Floor(lo.x)), int(math.Floor(lo.y)), int(math.Ceil(hi.x))+1, int(math.Ceil(hi.y))+1).Intersect(c.img.Bounds())
	if box.Empty() {
		return
	}
	r := vector.NewRasterizer(box.Dx(), box.Dy())
	for i, p := range outline {
		x, y := float32(p.x-float64(box.Min.X)), float32(p.y-float64(box.Min.Y))
		if i == 0 {
			r.MoveTo(x, y)
		} else {
			r.LineTo(x, y)
		}
	}
	r.ClosePath()
	r.Draw(c.img, box, image.NewUniform(col), image.Point{})
}

// rounded is the outline of a rectangle, shrunk by d.
func (c *canvas) rounded(r rect, d float64) []point {
	x, y, w, h := (r.x+d)*c.scale, (r.y+d)*c.scale, (r.w-2*d)*c.scale, (r.h-2*d)*c.scale
	radius := max(0, r.radius-d) * c.scale
	var out []point
	for q, corner := range []point{{x + w - radius, y + radius}, {x + w - radius, y + h - radius}, {x + radius, y + h - radius}, {x + radius, y + radius}} {
		for k := range 9 {
			a := math.Pi/2*(float64(q)+float64(k)/8) - math.Pi/2
			out = append(out, point{corner.x + radius*math.Cos(a), corner.y + radius*math.Sin(a)})
		}
	}
	return out
}

func (c *canvas) rect(r rect) {
	if !r.dashed {
		c.fill(c.rounded(r, -r.border/2), ink(r.stroke))
		c.fill(c.rounded(r, r.border/2), ink(r.fill))
		return
	}
	c.fill(c.rounded(r, 0), ink(r.fill))
	edge := c.rounded(r, 0)
	c.stroke(append(edge, edge[0]), r.border, ink(r.stroke), []float64{4, 3})
}

func (c *canvas) line(l line) {
	var pts []point
	for i, p := range l.points {
		p = point{p.x * c.scale, p.y * c.scale}
		if i == 0 || i%2 == 1 {
			pts = append(pts, p)
			continue
		}
		from := pts[len(pts)-1]
		a, b := l.bend(from, p)
		for k := 1; k <= 24; k++ {
			t := float64(k) / 24
			u := 1 - t
			pts = append(pts, point{
				u*u*u*from.x + 3*u*u*t*a.x + 3*u*t*t*b.x + t*t*t*p.x,
				u*u*u*from.y + 3*u*u*t*a.y + 3*u*t*t*b.y + t*t*t*p.y,
			})
		}
	}
	var dash []float64
	if l.dashed {
		dash = []float64{5, 4}
	}
	c.stroke(pts, l.width, ink(l.color), dash)
	if l.arrow {
		c.fill(l.head(c.scale), ink(l.color))
	}
}

// stroke paints a row of straight pieces, whole or in dashes.
func (c *canvas) stroke(pts []point, width float64, col color.RGBA, dash []float64) {
	half := width * c.scale / 2
	on, left, k := true, math.Inf(1), 0
	if dash != nil {
		left = dash[0] * c.scale
	}
	var run []point
	flush := func() {
		c.ribbon(run, half, col)
		run = nil
	}
	for i := 1; i < len(pts); i++ {
		a, b := pts[i-1], pts[i]
		length := math.Hypot(b.x-a.x, b.y-a.y)
		if on && len(run) == 0 {
			run = append(run, a)
		}
		for done := 0.0; length-done > left; {
			done += left
			at := point{a.x + (b.x-a.x)*done/length, a.y + (b.y-a.y)*done/length}
			if on {
				run = append(run, at)
				flush()
			} else {
				run = []point{at}
			}
			on, k = !on, k+1
			a, length, done = at, length-done, 0
			left = dash[k%len(dash)] * c.scale
		}
		left -= length
		if on {
			run = append(run, b)
		}
	}
	flush()
}

// ribbon paints a band along a row of points.
func (c *canvas) ribbon(pts []point, half float64, col color.RGBA) {
	pts = distinct(pts)
	if len(pts) < 2 {
		return
	}
	var left, right []point
	for i, p := range pts {
		a, b := pts[max(0, i-1)], pts[min(len(pts)-1, i+1)]
		n := math.Hypot(b.x-a.x, b.y-a.y)
		if n == 0 {
			continue
		}
		dx, dy := -(b.y-a.y)/n*half, (b.x-a.x)/n*half
		left = append(left, point{p.x + dx, p.y + dy})
		right = append(right, point{p.x - dx, p.y - dy})
	}
	for i := len(right) - 1; i >= 0; i-- {
		left = append(left, right[i])
	}
	c.fill(left, col)
}

func distinct(pts []point) []point {
	var out []point
	for _, p := range pts {
		if len(out) == 0 || math.Hypot(p.x-out[len(out)-1].x, p.y-out[len(out)-1].y) > 0.01 {
			out = append(out, p)
		}
	}
	return out
}

func (c *canvas) text(t text) error {
	face, err := c.fonts.face(style{size: t.style.size * c.scale, bold: t.style.bold})
	if err != nil {
		return err
	}
	x := t.x * c.scale
	if t.mid {
		x -= float64(font.MeasureString(face, t.text)) / 128
	}
	d := font.Drawer{Dst: c.img, Src: image.NewUniform(ink(t.color)), Face: face, Dot: fixed.Point26_6{X: fixed.Int26_6(x * 64), Y: fixed.Int26_6(t.y * c.scale * 64)}}
	d.DrawString(t.text)
	return nil
}
