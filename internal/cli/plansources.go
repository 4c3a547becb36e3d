package cli

import (
	"slices"
	"strings"

	"github.com/org/jetson-frontend/stacks/plan"
)

// printSources says where everything comes from that is not a package. What is
// the catalog's own stands at the end, by name.
func printSources(s screen, p *plan.Plan) {
	var rows [][2]string
	var own []string
	column := 0
	for _, c := range shownOnce(p) {
		name := c.Name
		for _, from := range origins(c.Sources) {
			rows = append(rows, [2]string{name, from})
			column = max(column, len(name))
			name = "" // once is enough
		}
		if hasFiles(c.Sources) {
			own = append(own, c.Name)
		}
	}
	if len(rows)+len(own) > 0 {
		s.title("sources")
	}
	for _, r := range rows {
		s.hang(2, column+6, pad(r[0], column+1)+r[1])
	}
	if len(own) > 0 {
		s.hang(2, 4, "the catalog's own files: "+strings.Join(own, ", "))
	}
}

// origins are where sources come from, each at its pin. Several commits of one
// repository stand behind its name.
func origins(sources []plan.Source) []string {
	var out []string
	at := map[string]int{} // repository → its place in out
	for _, s := range sources {
		switch {
		case s.Git != "":
			if i, ok := at[s.Git]; ok {
				out[i] += ", " + commitText(s)
				continue
			}
			at[s.Git] = len(out)
			out = append(out, s.Git+" "+commitText(s))
		case s.HTTP != "":
			out = append(out, s.HTTP+pin("sha256"+hardSpace, s.SHA256)+patchText(s))
		case s.Image != nil:
			out = append(out, "image "+imageLine(*s.Image)+patchText(s))
		case s.Context != "":
			out = append(out, "context: "+s.Context+patchText(s))
		}
	}
	return out
}

// commitText is a tag or branch with its commit, and what is changed on it. On
// a narrow screen it stays on one line.
func commitText(s plan.Source) string {
	text := strings.TrimSpace(s.Ref + pin("", s.Commit))
	return strings.ReplaceAll(text, " ", hardSpace) + patchText(s)
}

// pin is the beginning of a commit or checksum.
func pin(kind, digest string) string {
	if digest == "" {
		return ""
	}
	return " (" + kind + digest[:min(12, len(digest))] + ")"
}

// patchText names what is changed of a source.
func patchText(s plan.Source) string {
	var names []string
	for _, p := range s.Patches {
		names = append(names, p.Name)
	}
	if len(names) == 0 {
		return ""
	}
	return " with" + hardSpace + strings.Join(names, " and ")
}

// hasFiles reports whether a source lies in the component's own folder.
func hasFiles(sources []plan.Source) bool {
	return slices.ContainsFunc(sources, func(s plan.Source) bool { return len(s.Files) > 0 })
}
