package llb_test

import (
	"slices"
	"strings"
)

// a mutation changes one thing about one component.
type mutation struct {
	name string
	// on lists the components that it can be done to.
	on     []string
	change func(text string) string
	// file is what is changed; "" is the component's own file.
	file string
	// changes says which nodes must get another digest, given the component's
	// name; every other must keep its own.
	changes func(l law, component string) []string
}

func appended(text string) func(string) string {
	return func(s string) string { return s + "\n" + text + "\n" }
}

func replaced(from, to string) func(string) string {
	return func(s string) string {
		if !strings.Contains(s, from) {
			panic("the mutation finds nothing to change: " + from)
		}
		return strings.Replace(s, from, to, 1)
	}
}

// appendedFirst adds a key of the component itself, which stands before its
// first table.
func appendedFirst(key string) func(string) string {
	return func(s string) string { return key + "\n" + s }
}

// compiled are the components whose steps have an option, by what they are for.
var (
	linked   = []string{"lib", "app", "ws"}                                      // to whom others may link
	shipped  = []string{"lib", "app", "other", "ws", "ws2"}                      // part of the image
	built    = []string{"lib", "app", "other", "hdr", "ws", "ws2", "whl"}        // for the target
	compiled = []string{"lib", "app", "other", "hdr", "gen", "ws", "ws2", "whl"} // all
)

// vendor begins needs of another archive.
const vendor = "[[needs]]\napt.archive = \"vendor\"\n"

// tree is what changes if a component's tree does.
func (l law) tree(c string) []string {
	return slices.Concat(l.trees(l.built(c), c), l.sameComponentMerges(c), l.whole())
}

// source is what changes if its source does.
func (l law) source(c string) []string { return slices.Concat(l.of(c, "source/"), l.tree(c)) }

// secondStep is what changes if a component's second step does: the first, and
// what the second sees of it, stay.
func (l law) secondStep(c string) []string {
	return slices.DeleteFunc(l.tree(c), func(n string) bool {
		return n == "step/"+c+"/cmake-1" || strings.HasPrefix(n, "sysroot/"+c+"/") || strings.HasPrefix(n, "env/"+c+"-")
	})
}

// whatever says that nothing but the image's description changes.
func (l law) whatever(string) []string { return l.said() }

func mutations() []mutation {
	return slices.Concat(sourceMutations(), stepMutations(), facetMutations(), aptMutations(), pythonMutations(), testMutations())
}

func sourceMutations() []mutation {
	return []mutation{
		{name: "commit", on: []string{"lib", "other", "hdr", "gen", "ws", "ws2", "whl"}, change: func(s string) string {
			at := strings.Index(s, "commit = \"") + len("commit = \"")
			return s[:at] + strings.Repeat("a", 40) + s[at+40:]
		}, changes: law.source},
		{name: "patch", on: []string{"hdr"}, file: "components/a/hdr/fix.patch", change: replaced("+new", "+newer"), changes: law.source},
		{name: "checksum", on: []string{"app"}, change: replaced(strings.Repeat("2", 64), strings.Repeat("e", 64)), changes: law.source},
		{name: "date", on: []string{"other", "ws", "whl"}, change: replaced("date    = \"2024-03-01\"", "date    = \"2024-03-02\""), changes: law.tree},
	}
}

func stepMutations() []mutation {
	return []mutation{
		{name: "option", on: compiled, change: replaced(`OPTION = "old"`, `OPTION = "new"`), changes: law.tree},
		{name: "added option", on: compiled, change: replaced("OPTION = \"old\"", "OPTION = \"old\"\nMORE = \"true\""), changes: law.tree},
		{name: "second step", on: []string{"lib"}, change: replaced("echo hi", "echo ho"), changes: law.secondStep},
		{name: "environment of a script", on: []string{"lib"}, change: replaced(`name = "after"`, "name = \"after\"\nenv = { NEW = \"1\" }"), changes: law.secondStep},
		{name: "file content", on: []string{"files"}, change: replaced(`content = "old"`, `content = "new"`), changes: law.tree},
		{name: "packages of a workspace", on: []string{"ws"}, change: replaced(`packages = ["one"]`, `packages = ["two"]`), changes: law.tree},
		{name: "prefix of an overlay", on: []string{"ws", "ws2"}, change: replaced(`kind     = "colcon"`, "kind     = \"colcon\"\nprefix   = \"/opt/elsewhere\""), changes: law.tree},
		{name: "underlay", on: []string{"ws2"}, change: replaced(`"/opt/under"`, `"/opt/below"`), changes: law.tree},
		{name: "backend of a wheel", on: []string{"whl"}, change: replaced(`kind         = "wheel"`, "kind         = \"wheel\"\nbackend      = \"setup.py\""), changes: law.tree},
		{name: "build tools of a wheel", on: []string{"whl"}, change: replaced("builder==1", "builder==2"), changes: func(l law, c string) []string {
			return slices.Concat(l.of(c, "wheel-tools/"), l.tree(c))
		}},
	}
}

func facetMutations() []mutation {
	return []mutation{
		{name: "environment", on: append([]string{"files", "py"}, shipped...), change: appended("[[env]]\nset = { NEW = \"1\" }"), changes: func(l law, _ string) []string {
			return slices.Concat(l.match("test/"), l.said())
		}},
		{name: "label facet", on: append([]string{"py"}, shipped...), change: appended("[[run]]\ngpu = true"), changes: law.whatever},
		{name: "first run", on: append([]string{"py"}, shipped...), change: appended("[[first_run]]\nname = \"engine\"\nrun = [\"true\"]\noutput = \"/data/engine\""), changes: law.whatever},
		{name: "setup file", on: append([]string{"files", "py"}, shipped...), change: appended("[entrypoint]\nsource = [\"/opt/new/setup.sh\"]"), changes: func(l law, _ string) []string {
			return slices.Concat(l.match("test/"), l.said())
		}},
		{name: "family of libraries", on: append([]string{"files"}, shipped...), change: appendedFirst("one_soname = [\"libnew\"]"), changes: func(l law, _ string) []string {
			return slices.Concat(l.match("check/"), l.said())
		}},
		{name: "command", on: append([]string{"py"}, shipped...), change: appended("[cmd]\nargv = [\"mine\"]"), changes: law.whatever},
		{name: "room", on: append([]string{"py"}, shipped...), change: appended("[[storage]]\nimage = 7"), changes: law.whatever},
		{name: "note", on: append([]string{"py"}, shipped...), change: appendedFirst("notes = [\"of use\"]"), changes: law.whatever},
		{name: "kept out", on: append([]string{"py"}, shipped...), change: appended("[[forbid]]\napt = [\"libnever1\"]\nwhy = \"a test\""), changes: func(l law, _ string) []string {
			// Whatever apt brings into the image or a test, from the first link on.
			return slices.Concat(l.match("apt/run/", "apt/dev/"), l.whole())
		}},
		{name: "requirement of the host", on: append([]string{"py"}, shipped...), change: appended("[[host]]\nname = \"camera\"\ncheck = \"/dev/video0\""), changes: law.whatever},
	}
}

func aptMutations() []mutation {
	build := func(archive string) func(law, string) []string {
		return func(l law, c string) []string { return slices.Concat(l.environments([]string{c}, archive), l.tree(c)) }
	}
	link := func(archive string) func(law, string) []string {
		return func(l law, c string) []string {
			return slices.Concat(l.environments(l.linking(c), archive), l.chain("dev", archive), l.tree(c))
		}
	}
	run := func(archive string) func(law, string) []string {
		return func(l law, c string) []string {
			return slices.Concat(l.others(c, archive), l.chain("run", archive), l.match("apt/dev/"), l.whole())
		}
	}
	return []mutation{
		{name: "apt.build", on: built, change: appended("[[needs]]\napt.build = [\"libnew-dev\"]"), changes: build("distribution")},
		{name: "apt.build of an archive", on: built, change: appended(vendor + "apt.build = [\"libnew-dev\"]"), changes: build("vendor")},
		{name: "apt.link", on: linked, change: appended("[[needs]]\napt.link = [\"libnew-dev\"]"), changes: link("distribution")},
		{name: "apt.link of an archive", on: linked, change: appended(vendor + "apt.link = [\"libnew-dev\"]"), changes: link("vendor")},
		{name: "apt.run", on: shipped, change: appended("[[needs]]\napt.run = [\"libnew1\"]"), changes: run("distribution")},
		{name: "apt.run of an archive", on: shipped, change: appended(vendor + "apt.run = [\"libnew1\"]"), changes: run("vendor")},
		{name: "apt.run of what only packages use", on: []string{"py", "frame", "files"}, change: appended("[[needs]]\napt.run = [\"libnew1\"]"), changes: run("distribution")},
		{name: "apt.tools", on: built, change: appended("[[needs]]\napt.tools = [\"bison\"]"), changes: func(l law, c string) []string {
			return slices.Concat(l.match("apt/host-"+c+"-to-arm64/", "env/host-"+c+"-to-arm64"),
				l.chain("env-"+c+"-arm64", "distribution"), l.chain("env-"+c+"-amd64", "distribution"), l.of(c, "env/env-", "env/"), l.tree(c))
		}},
	}
}

func pythonMutations() []mutation {
	from := func(link string) func(law, string) []string {
		return func(l law, _ string) []string { return slices.Concat(l.worldFrom(link), l.whole()) }
	}
	return []mutation{
		{name: "framework", on: []string{"frame"}, change: replaced("large==1", "large==2"), changes: from("framework")},
		{name: "library", on: []string{"py"}, change: replaced("thing==1", "thing==2"), changes: from("library")},
		{name: "checksum of a wheel", on: []string{"py"}, change: replaced("abab", "baba"), changes: from("library")},
		{name: "index", on: []string{"py"}, change: replaced(`kind         = "pip"`, "kind         = \"pip\"\nindex        = \"https://index.invalid/simple\""), changes: from("library")},
		{name: "without dependencies", on: []string{"py"}, change: replaced(`kind         = "pip"`, "kind         = \"pip\"\nno_deps      = true"), changes: from("library")},
		{name: "application of the stack", on: []string{"py"}, file: "stack.toml", change: replaced("tool==1", "tool==2"), changes: from("application")},
		{name: "moved to another link", on: []string{"frame"}, change: replaced(`"framework"`, `"application"`), changes: from("library")},
		{name: "constraint", on: []string{"py", "ws", "files"}, change: appended("[[python]]\nconstraints = [\"numpy<2\"]"), changes: from("framework")},
		{name: "requirement of a compiled component", on: []string{"app", "ws"}, change: appended("[[step]]\nkind = \"pip\"\nlink = \"application\"\nrequirements = [\"more==1\"]"), changes: from("application")},
	}
}

func testMutations() []mutation {
	tests := func(l law, c string) []string { return slices.Concat(l.testsWith(c), l.said()) }
	rebuilt := func(l law, c string) []string {
		return slices.Concat(l.trees([]string{c}, c), tests(l, c))
	}
	return []mutation{
		{name: "new test", on: append([]string{"py"}, shipped...), change: appended("[[test]]\nname = \"new\"\nrun = [\"true\"]"), changes: func(l law, c string) []string {
			return slices.Concat([]string{"test/" + c + "/new"}, l.of(c+"/new", "testroot/"), l.match("apt/test-"+c+":new/"), l.said())
		}},
		{name: "changed test", on: []string{"lib", "app", "py"}, change: replaced(`run  = ["true"]`, `run  = ["false"]`), changes: func(l law, c string) []string {
			return slices.Concat(l.of(c, "test/"), l.said())
		}},
		{name: "apt.test", on: []string{"lib", "app", "py"}, change: appended("[[needs]]\napt.test = [\"gdb\"]"), changes: func(l law, c string) []string {
			return slices.Concat(l.match("apt/test-"+c+":"), l.of(c, "test/", "testroot/"), l.said())
		}},
		{name: "no test need", on: []string{"lib"}, change: replaced(`test      = ["chk"]`, ""), changes: func(l law, c string) []string {
			return slices.Concat(l.match("apt/test-"+c+":"), l.of(c, "test/", "testroot/"), l.said())
		}},
		{name: "test need", on: []string{"app"}, change: appended("[[needs]]\ntest = [\"chk\"]"), changes: func(l law, c string) []string {
			return slices.Concat(l.match("apt/test-"+c+":"), l.of(c, "test/", "testroot/"), l.said())
		}},
		{name: "option for tests", on: []string{"chk"}, change: replaced(`OPTION = "old"`, `OPTION = "new"`), changes: rebuilt},
		{name: "commit for tests", on: []string{"chk"}, change: replaced(strings.Repeat("8", 40), strings.Repeat("a", 40)), changes: func(l law, c string) []string {
			return slices.Concat(l.of(c, "source/"), rebuilt(l, c))
		}},
		{name: "apt.build for tests", on: []string{"chk"}, change: appended("[[needs]]\napt.build = [\"libnew-dev\"]"), changes: func(l law, c string) []string {
			return slices.Concat(l.environments([]string{c}, "distribution"), rebuilt(l, c))
		}},
		{name: "apt.run for tests", on: []string{"chk"}, change: appended("[[needs]]\napt.run = [\"libnew1\"]"), changes: func(l law, c string) []string {
			return slices.Concat(l.match("apt/test-lib:loads/"), tests(l, c))
		}},
	}
}
