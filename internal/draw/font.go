package draw

import (
	"fmt"

	"golang.org/x/image/font"
	"golang.org/x/image/font/gofont/gobold"
	"golang.org/x/image/font/gofont/goregular"
	"golang.org/x/image/font/opentype"
)

// style is how a text is set.
type style struct {
	size float64 // pixels
	bold bool
}

// fonts measure and draw text. A face is made when it is first asked for.
type fonts struct {
	regular, heavy *opentype.Font
	faces          map[style]font.Face
}

func newFonts() (*fonts, error) {
	r, err := opentype.Parse(goregular.TTF)
	if err != nil {
		return nil, fmt.Errorf("reading the font: %w", err)
	}
	b, err := opentype.Parse(gobold.TTF)
	if err != nil {
		return nil, fmt.Errorf("reading the font: %w", err)
	}
	return &fonts{regular: r, heavy: b, faces: map[style]font.Face{}}, nil
}

func (f *fonts) face(s style) (font.Face, error) {
	if face, ok := f.faces[s]; ok {
		return face, nil
	}
	src := f.regular
	if s.bold {
		src = f.heavy
	}
	face, err := opentype.NewFace(src, &opentype.FaceOptions{Size: s.size, DPI: 72, Hinting: font.HintingNone})
	if err != nil {
		return nil, fmt.Errorf("setting the font: %w", err)
	}
	f.faces[s] = face
	return face, nil
}

// width is how wide a text is, in pixels.
func (f *fonts) width(text string, s style) float64 {
	face, err := f.face(s)
	if err != nil {
		return float64(len(text)) * s.size * 0.6
	}
	return float64(font.MeasureString(face, text)) / 64
}

// clip shortens a text to a width.
func (f *fonts) clip(text string, s style, width float64) string {
	if f.width(text, s) <= width {
		return text
	}
	r := []rune(text)
	for len(r) > 1 && f.width(string(r)+"…", s) > width {
		r = r[:len(r)-1]
	}
	return string(r) + "…"
}
