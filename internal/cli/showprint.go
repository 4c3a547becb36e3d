package cli

import "strings"

// printShown writes a component for people.
func printShown(s screen, c *shown, onTarget bool) {
	s.printf("%s  %s\n\n", s.paint(bold, c.Name), c.Summary)
	t := table{flex: []int{1}}
	for _, row := range [][2]string{
		{"licence", c.License}, {"homepage", c.Homepage}, {"area", c.Area}, {"also called", strings.Join(c.Aliases, "  ")},
		{"version", follows(c)}, {"needed by", strings.Join(c.NeededBy, " ")}, {"stands in for", strings.Join(c.Replaces, " ")}, {"file", c.File},
	} {
		if row[1] != "" {
			t.add(row[0], row[1])
		}
	}
	for _, size := range c.Sizes {
		t.add("room", size.text())
	}
	t.write(s)
	if onTarget {
		s.title("on " + c.Target)
		if c.Why != "" {
			s.hang(2, 4, "cannot be had: "+c.Why)
		} else {
			s.printf("  %s\n", strings.TrimSpace(c.Ask+" gives "+c.Name+" "+c.Version))
		}
	}
	printVersions(s, c)
	printChoices(s, c)
	printNeeds(s, c.Needs)
	printLines(s, "built by", c.Steps)
	printTests(s, c.Tests)
	printLines(s, "made on the device at the first run", c.FirstRun)
	printReleases(s, c)
	printLines(s, "notes", c.Notes)
}

// follows says where the version comes from, if not from the component.
func follows(c *shown) string {
	if c.Follows == "" {
		return ""
	}
	return "the " + c.Follows + " of the platform"
}

func printLines(s screen, title string, lines []string) {
	if len(lines) == 0 {
		return
	}
	s.title(title)
	for _, l := range lines {
		s.hang(2, 4, l)
	}
}

func printVersions(s screen, c *shown) {
	if len(c.Versions) == 0 {
		return
	}
	s.title("versions")
	t := table{indent: 2, flex: []int{3, 2}}
	for _, v := range c.Versions {
		from := strings.Join(v.Sources, ", ")
		if from == "" {
			from = "packages"
		}
		on := ""
		if v.When != "" {
			on = "where " + v.When
		}
		if v.Asked {
			on = strings.TrimPrefix(on+", only where it is asked for", ", ")
		}
		t.add(v.Version, dash(v.Date), on, from)
	}
	t.write(s)
}

func printChoices(s screen, c *shown) {
	if len(c.Variants) > 0 {
		s.title("variants")
		t := table{indent: 2, flex: []int{2}}
		for _, v := range c.Variants {
			var words []string
			for _, w := range v.Values {
				if w == v.Default {
					w += " (default)"
				}
				words = append(words, w)
			}
			t.add(v.Axis, strings.Join(words, ", "), v.Summary)
		}
		t.write(s)
	}
	if len(c.Options) > 0 {
		s.title("options, under [options." + c.Name + "]")
		t := table{indent: 2, flex: []int{3}}
		for _, o := range c.Options {
			kind := o.Type
			if len(o.Values) > 0 {
				kind = strings.Join(o.Values, "|")
			}
			def := ""
			if o.Default != "" {
				def = "default " + o.Default
			}
			t.add(o.Name, kind, def, o.Summary)
		}
		t.write(s)
	}
}

func printNeeds(s screen, needs []edge) {
	if len(needs) == 0 {
		return
	}
	s.title("needs")
	for _, n := range needs {
		on := ""
		if n.When != "" {
			on = "  (where " + n.When + ")"
		}
		if len(n.Components) > 0 {
			s.hang(2, 10, pad(n.Kind, 7)+strings.Join(n.Components, " ")+on)
		}
		if len(n.Packages) > 0 {
			from := "packages"
			if n.Archive != "" {
				from += " from " + n.Archive
			}
			s.hang(2, 10, pad(n.Kind, 7)+from+": "+strings.Join(n.Packages, " ")+on)
		}
	}
}

// pad fills a word up to n columns with hard spaces, which no wrapping takes
// for the end of a word.
func pad(word string, n int) string {
	return word + strings.Repeat(hardSpace, max(n-length(word), 0)) + " "
}

func printTests(s screen, tests []shownTest) {
	if len(tests) == 0 {
		return
	}
	s.title("tests")
	for _, t := range tests {
		text := t.Name
		if t.GPU {
			text += " (needs a GPU: runs on the device)"
		}
		if t.When != "" {
			text += " (where " + t.When + ")"
		}
		s.hang(2, 4, text)
	}
}

// printReleases says where the component can be had: releases that give the
// same on one line.
func printReleases(s screen, c *shown) {
	if len(c.Releases) == 0 {
		return
	}
	s.title("on JetPack")
	t := table{indent: 2, flex: []int{1}}
	for i := 0; i < len(c.Releases); {
		r := c.Releases[i]
		var names []string
		for ; i < len(c.Releases) && c.Releases[i].Ask == r.Ask && c.Releases[i].Version == r.Version && c.Releases[i].Why == r.Why; i++ {
			names = append(names, c.Releases[i].JetPack)
		}
		what := strings.TrimSpace(r.Ask + " " + r.Version)
		if r.Why != "" {
			what = "no: " + r.Why
		}
		name := names[0]
		if len(names) > 1 {
			name = names[len(names)-1] + " to " + names[0]
		}
		t.add(name, what)
	}
	t.write(s)
	for _, r := range c.Refused {
		what := "refused"
		if r.Versions != "" {
			what = "versions " + r.Versions + " refused"
		}
		s.hang(2, 4, what+" where "+r.When+": "+r.Why)
	}
}

func (z shownSize) text() string {
	var parts []string
	if z.ImageMiB > 0 {
		parts = append(parts, "about "+room(z.ImageMiB)+" in the image")
	}
	if z.ModelsMiB > 0 {
		parts = append(parts, room(z.ModelsMiB)+" of models")
	}
	text := strings.Join(parts, ", ")
	if z.When != "" {
		text += " (" + z.When + ")"
	}
	return text
}
