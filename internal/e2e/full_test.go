package e2e

import (
	"context"
	"debug/elf"
	"encoding/binary"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/org/jetson-frontend/internal/engine"
	"github.com/org/jetson-frontend/internal/harness"
)

// fullDaemon starts a builder that keeps its downloads from run to run, and
// nothing else: every test begins with no results.
func fullDaemon(t *testing.T, ctx context.Context) *harness.Daemon {
	t.Helper()
	bin, err := harness.Tool("buildkitd")
	must(t, err)
	cache, err := harness.Cache()
	must(t, err)
	root := filepath.Join(cache, "full", "root")
	must(t, os.MkdirAll(root, 0o755))
	dir, err := os.MkdirTemp("", "jt-")
	must(t, err)
	t.Cleanup(func() { os.RemoveAll(dir) })
	d, err := harness.StartDaemon(ctx, harness.DaemonOptions{Binary: bin, Root: root, Run: dir})
	must(t, err)
	t.Cleanup(d.Stop)
	t.Cleanup(func() {
		if err := prune(context.WithoutCancel(ctx), d); err != nil {
			t.Error(err)
		}
	})
	must(t, prune(ctx, d)) // of a run that was killed
	return d
}

// forOrin writes to dir a catalog that gives Debian's CUDA for Orin's chip too.
// The catalog itself refuses it, as no Jetson runs it: here it only compiles.
func forOrin(t *testing.T, dir string) string {
	t.Helper()
	root, err := harness.Root()
	must(t, err)
	const name = "components/nvidia/cudart.toml"
	data, err := os.ReadFile(filepath.Join(root, "stacks/catalog", name))
	must(t, err)
	refusal := regexp.MustCompile(`\[\[refuse\]\]\nwhen = \{ flavour = "sbsa", soc = "t234", cuda = "<13.2" \}\nwhy .*\n`)
	if !refusal.Match(data) {
		t.Fatalf("%s refuses nothing of the kind", name)
	}
	at := filepath.Join(dir, "catalog")
	write(t, filepath.Join(at, name), string(refusal.ReplaceAll(data, nil)))
	return at
}

// onDebian is a request for a folder's stack, with Debian's CUDA for Orin too.
func onDebian(t *testing.T, dir string) engine.Request {
	t.Helper()
	r := debian(t, dir, "linux/arm64")
	r.Contexts["catalog"] = forOrin(t, t.TempDir())
	return r
}

// cudaStack is a stack for one device on Debian, whose own CUDA it takes.
func cudaStack(t *testing.T, device string) string {
	t.Helper()
	return folder(t, map[string]string{"stack.toml": "# syntax=" + suite.Frontend + `
stack    = "cuda-check"
platform = "debian-12"
device   = "` + device + `"
versions = { cuda = "11.8" }

[[test]]
name = "compiled-program"
run  = ["cuda-check", "version"]
stdout.contains = ["compiled with 11.8, loaded /lib/aarch64-linux-gnu/libcudart.so.11.0"]
`})
}

// TestCUDAStacks resolves what TestFullCUDA builds, which is too long for every
// change.
func TestCUDAStacks(t *testing.T) {
	for _, dir := range []string{cudaStack(t, "agx-orin"), cudaStack(t, "ampere"), unpack(t, "testdata/cuda-layouts.txtar", nil)} {
		text, err := os.ReadFile(filepath.Join(dir, "stack.toml"))
		must(t, err)
		w := world{dir: dir, catalog: forOrin(t, dir)}
		if c, ok := w.plan(t, string(text)).Component("cudart"); !ok || c.Version != "11.8" {
			t.Errorf("CUDA's runtime is %v in\n%s", c, text)
		}
	}
}

// TestFullCUDA compiles device code of the catalog with NVIDIA's own compiler,
// which Debian packages in its non-free archive: on this machine, for arm64,
// for the chip of a device and for another one. No GPU runs it; all else is
// looked at.
func TestFullCUDA(t *testing.T) {
	ctx := deadline(t, 90*minute)
	d := fullDaemon(t, ctx)
	built := map[string]string{}
	for _, tc := range []struct {
		device string
		sm     string
	}{{"agx-orin", "87"}, {"ampere", "86"}} {
		r := onDebian(t, cudaStack(t, tc.device))
		r.Target = "cuda-check"
		o, err := d.Build(ctx, r)
		if err != nil {
			t.Fatalf("%s: %v\n%s", tc.device, err, o.Logs)
		}
		files, err := o.Files()
		must(t, err)
		ran := o.Executed("[")
		t.Logf("%s: ran %s", tc.device, strings.Join(ran, ", "))
		if want := []string{"[cuda-check 1] cmake build (cross)"}; len(built) > 0 && !slices.Equal(ran, want) {
			t.Errorf("another chip made these run (-want +got):\n%s", cmp.Diff(want, ran))
		}
		if len(built) == 0 && len(ran) < 5 {
			t.Errorf("the first build was not made anew: %v", ran)
		}
		machine, code, err := deviceCode([]byte(files[cudaProgram]))
		must(t, err)
		t.Logf("%s: %d bytes for %v with %v", tc.device, len(files[cudaProgram]), machine, code)
		if machine != elf.EM_AARCH64 {
			t.Errorf("%s is for %v", cudaProgram, machine)
		}
		if want := []string{"ptx " + tc.sm, "sm " + tc.sm}; !slices.Equal(code, want) {
			t.Errorf("%s has device code %v, want %v", cudaProgram, code, want)
		}
		built[tc.device] = files[cudaProgram]
	}
	if built["agx-orin"] == built["ampere"] {
		t.Error("the programs for two chips are the same")
	}

	t.Run("layouts", func(t *testing.T) { cudaLayouts(t, ctx, d) })
	t.Run("runtime", func(t *testing.T) { cudaRuntime(t, ctx, d, built["agx-orin"]) })
}

// cudaProgram is what the catalog's component installs.
const cudaProgram = "/usr/local/bin/cuda-check"

// cudaLayouts compiles for each layout of a toolkit, twice.
func cudaLayouts(t *testing.T, ctx context.Context, d *harness.Daemon) {
	r := onDebian(t, unpack(t, "testdata/cuda-layouts.txtar", nil))
	for _, target := range []string{"spread", "nvidia-layout"} {
		r.Target = target
		o, err := d.Build(ctx, r)
		if err != nil {
			t.Fatalf("%s: %v\n%s", target, err, o.Logs)
		}
		files, err := o.Files()
		must(t, err)
		one, two := files["/usr/local/bin/one"], files["/usr/local/bin/two"]
		machine, code, err := deviceCode([]byte(one))
		must(t, err)
		t.Logf("%s: %d bytes for %v with %v", target, len(one), machine, code)
		if machine != elf.EM_AARCH64 || !slices.Equal(code, []string{"ptx 87", "sm 87"}) {
			t.Errorf("%s: the program is for %v with %v", target, machine, code)
		}
		if one != two {
			t.Errorf("%s: compiled twice, the same sources give different programs", target)
		}
	}
}

// cudaRuntime builds the image, in which the program of the tree is started
// and finds Debian's runtime library. Nothing is compiled for that.
func cudaRuntime(t *testing.T, ctx context.Context, d *harness.Daemon, program string) {
	r := onDebian(t, cudaStack(t, "agx-orin"))
	r.Target = "runtime"
	o, err := d.Build(ctx, r)
	if err != nil {
		t.Fatalf("%v\n%s", err, o.Logs)
	}
	if again := o.Executed("cmake"); len(again) > 0 {
		t.Errorf("compiled again for the image: %v", again)
	}
	if ran := o.Executed("[test] compiled-program"); len(ran) != 1 {
		t.Errorf("the program was not started; what ran: %v", o.Executed("["))
	}
	files, err := o.Files()
	must(t, err)
	if files[cudaProgram] != program {
		t.Error("the image has another program than the tree")
	}
	for p := range files {
		if strings.Contains(p, "nvidia-cuda-toolkit") || p == "/usr/include/cuda.h" {
			t.Errorf("%s of the compiler is in the image", p)
		}
	}
}

// fatbinMagic begins a container of device code in section .nv_fatbin: magic,
// version (2 bytes), size of this header (2) and of what follows (8). Each
// entry has its kind (2: 1 is PTX, 2 a cubin), version (2), size of its header
// (4) and of its payload (8), and at offset 28 the compute capability (4). All
// is little-endian. NVIDIA documents none of it; cuobjdump reads the same.
const fatbinMagic = 0xba55ed50

// deviceCode reads what an ELF program is for, and which device code it has:
// "ptx 87", "sm 87" …, sorted, each once.
func deviceCode(program []byte) (elf.Machine, []string, error) {
	f, err := elf.NewFile(strings.NewReader(string(program)))
	if err != nil {
		return 0, nil, fmt.Errorf("reading the program: %w", err)
	}
	section := f.Section(".nv_fatbin")
	if section == nil {
		return f.Machine, nil, fmt.Errorf("the program has no device code")
	}
	data, err := section.Data()
	if err != nil {
		return f.Machine, nil, fmt.Errorf("reading device code: %w", err)
	}
	le := binary.LittleEndian
	var code []string
	for len(data) >= 16 {
		if le.Uint32(data) != fatbinMagic {
			data = data[8:] // containers are aligned to 8 bytes
			continue
		}
		begin, size := uint64(le.Uint16(data[6:])), le.Uint64(data[8:])
		if begin+size > uint64(len(data)) {
			return f.Machine, nil, fmt.Errorf("a container of device code is cut off")
		}
		entries := data[begin : begin+size]
		data = data[begin+size:]
		for len(entries) >= 32 {
			kind := map[uint16]string{1: "ptx", 2: "sm"}[le.Uint16(entries)]
			code = append(code, fmt.Sprintf("%s %d", kind, le.Uint32(entries[28:])))
			next := uint64(le.Uint32(entries[4:])) + le.Uint64(entries[8:])
			if next == 0 || next > uint64(len(entries)) {
				return f.Machine, nil, fmt.Errorf("an entry of device code is cut off")
			}
			entries = entries[next:]
		}
	}
	slices.Sort(code)
	return f.Machine, slices.Compact(code), nil
}
