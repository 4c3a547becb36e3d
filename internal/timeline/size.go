package timeline

import (
	"fmt"
	"regexp"
	"strconv"
	"strings"
)

// adds is the line with which the check of an image says how much a component's
// tree adds to it.
var adds = regexp.MustCompile(`^jetson: (\S+) adds (\d+) bytes$`)

// weigh keeps what the check of an image says. Nothing else is listened to: a
// step may print what it likes.
func (v *Vertex) weigh(line string) {
	if !strings.HasSuffix(v.Name, "[image] check coherence") {
		return
	}
	m := adds.FindStringSubmatch(line)
	if m == nil {
		return
	}
	n, err := strconv.ParseInt(m[2], 10, 64)
	if err != nil {
		return
	}
	if v.sizes == nil {
		v.sizes = map[string]int64{}
	}
	v.sizes[m[1]] = n
}

// Sizes are what each component's tree adds to the image, in bytes. There are
// none if the image is the one of an earlier build, or if there are several.
func (t *Timeline) Sizes() map[string]int64 {
	var out map[string]int64
	for _, v := range t.Vertices {
		switch {
		case v.sizes == nil:
		case out != nil:
			return nil
		default:
			out = v.sizes
		}
	}
	return out
}

// sizeOf is the size of a part of the image, by the name of its vertices:
// "vtk 9.3.1" is a component with its version, "python main" a world.
func sizeOf(sizes map[string]int64, group string) (int64, bool) {
	if n, ok := sizes[strings.ReplaceAll(group, " ", "-")]; ok {
		return n, true
	}
	name, _, _ := strings.Cut(group, " ")
	n, ok := sizes[name]
	return n, ok
}

// Bytes is a number of bytes for people.
func Bytes(n int64) string {
	switch {
	case n < 1000:
		return fmt.Sprintf("%d B", n)
	case n < 1e6:
		return fmt.Sprintf("%.0f kB", float64(n)/1e3)
	case n < 1e9:
		return fmt.Sprintf("%.1f MB", float64(n)/1e6)
	}
	return fmt.Sprintf("%.2f GB", float64(n)/1e9)
}
