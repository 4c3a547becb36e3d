package daemon

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"os/user"
	"path/filepath"
	"runtime"
	"strconv"
	"strings"
	"time"
)

// Host are the programs that a builder on this machine uses.
type Host struct {
	Runc        string
	Rootlesskit string // of a builder without root
}

// CheckHost finds what a builder needs, or says what is missing and how to get
// it. It is asked before a daemon starts; a running one proves the rest.
func CheckHost(ctx context.Context, uid int, getenv func(string) string) (Host, error) {
	if runtime.GOOS != "linux" {
		return Host{}, problem("the private builder runs on Linux alone", "name a builder with --builder or BUILDKIT_HOST")
	}
	var h Host
	var err error
	dirs := filepath.SplitList(systemPath(getenv))
	if h.Runc = lookup(dirs, "runc"); h.Runc == "" {
		return h, problem("runc, which runs the steps of a build, is not installed",
			"on Debian, Ubuntu and a Jetson: sudo apt-get install runc", "(Docker's packages bring it as containerd.io)")
	}
	if err = checkRunc(ctx, h.Runc); err != nil {
		return h, err
	}
	if err = checkKernel(); err != nil {
		return h, err
	}
	if uid != 0 {
		h.Rootlesskit, err = checkRootless(dirs, uid)
	}
	return h, err
}

// systemPath is PATH with the folders of system programs, which Debian leaves
// out of the PATH of an ordinary user.
func systemPath(getenv func(string) string) string {
	list := filepath.SplitList(getenv("PATH"))
	for _, d := range []string{"/usr/local/sbin", "/usr/local/bin", "/usr/sbin", "/usr/bin", "/sbin", "/bin"} {
		seen := false
		for _, have := range list {
			seen = seen || have == d
		}
		if !seen {
			list = append(list, d)
		}
	}
	return strings.Join(list, string(os.PathListSeparator))
}

func lookup(dirs []string, name string) string {
	for _, d := range dirs {
		p := filepath.Join(d, name)
		if st, err := os.Stat(p); filepath.IsAbs(d) && err == nil && st.Mode().IsRegular() && st.Mode().Perm()&0o111 != 0 {
			return p
		}
	}
	return ""
}

// checkRunc looks for what a runc of one's own making often lacks: BuildKit
// gives every container a seccomp profile, and a runc without it refuses them.
func checkRunc(ctx context.Context, path string) error {
	ctx, cancel := context.WithTimeout(ctx, 5*time.Second)
	defer cancel()
	out, err := exec.CommandContext(ctx, path, "--version").Output()
	if err != nil {
		return problem(fmt.Sprintf("%s does not run: %v", path, err), "install it anew: sudo apt-get install --reinstall runc")
	}
	text := string(out)
	if strings.HasPrefix(text, "runc version") && !strings.Contains(text, "libseccomp:") {
		return problem(path+" was built without seccomp and cannot run a build's steps", "use the distribution's: sudo apt-get install runc")
	}
	return nil
}

// checkKernel looks for what a container cannot do without.
func checkKernel() error {
	for _, ns := range []string{"mnt", "pid", "net", "ipc", "uts"} {
		if _, err := os.Stat("/proc/self/ns/" + ns); err != nil {
			return problem("this kernel has no "+ns+" namespaces, which containers need",
				"Debian's, Ubuntu's and NVIDIA's Jetson Linux kernels have them; one of your own needs CONFIG_NAMESPACES with all its options")
		}
	}
	if entries, err := os.ReadDir("/sys/fs/cgroup"); err != nil || len(entries) == 0 {
		return problem("no control groups are mounted on /sys/fs/cgroup, which runc needs",
			"with systemd they always are; without it: sudo mount -t cgroup2 cgroup2 /sys/fs/cgroup")
	}
	return nil
}

// checkRootless finds rootlesskit and looks for what it needs.
func checkRootless(dirs []string, uid int) (string, error) {
	kit := lookup(dirs, "rootlesskit")
	if kit == "" {
		return "", problem("a builder without root needs rootlesskit, which is not installed",
			"on Debian 12, Ubuntu 22.04 and later, and a Jetson with JetPack 6: sudo apt-get install rootlesskit uidmap", "or run the builder as root: sudo jetson builder start")
	}
	for _, p := range []string{"newuidmap", "newgidmap"} {
		if lookup(dirs, p) == "" {
			return "", problem("a builder without root needs "+p+", which is not installed", "on Debian, Ubuntu and a Jetson: sudo apt-get install uidmap")
		}
	}
	for _, f := range []string{"/etc/subuid", "/etc/subgid"} {
		if ok, name := hasRange(f, uid); !ok {
			return "", problem(fmt.Sprintf("%s gives %s no range of IDs, which a builder without root needs", f, name),
				"sudo usermod --add-subuids 100000-165535 --add-subgids 100000-165535 "+name)
		}
	}
	if sysctl("/proc/sys/kernel/unprivileged_userns_clone") == "0" {
		return "", problem("the kernel lets only root make user namespaces", "sudo sysctl -w kernel.unprivileged_userns_clone=1")
	}
	if sysctl("/proc/sys/user/max_user_namespaces") == "0" {
		return "", problem("the kernel allows no user namespaces", "sudo sysctl -w user.max_user_namespaces=28633")
	}
	if sysctl("/proc/sys/kernel/apparmor_restrict_unprivileged_userns") == "1" && !apparmorAllows(kit) {
		return "", problem("AppArmor lets no ordinary program make a user namespace (Ubuntu 24.04 and later)",
			"give "+kit+" a profile with `userns,`, or: sudo sysctl -w kernel.apparmor_restrict_unprivileged_userns=0")
	}
	return kit, nil
}

// apparmorAllows reports whether a profile is there for a program; which rules
// it has only root may read.
func apparmorAllows(program string) bool {
	name := strings.ReplaceAll(strings.TrimPrefix(program, "/"), "/", ".")
	for _, n := range []string{name, filepath.Base(program)} {
		if _, err := os.Stat("/etc/apparmor.d/" + n); err == nil {
			return true
		}
	}
	return false
}

func sysctl(path string) string {
	data, err := os.ReadFile(path)
	if err != nil {
		return "" // this kernel does not have the switch
	}
	return strings.TrimSpace(string(data))
}

// hasRange reports whether a file such as /etc/subuid names a user, by name or
// by number, and returns what the user is called.
func hasRange(file string, uid int) (bool, string) {
	name := strconv.Itoa(uid)
	if u, err := user.LookupId(name); err == nil {
		name = u.Username
	}
	f, err := os.Open(file)
	if err != nil {
		return false, name
	}
	defer f.Close()
	for s := bufio.NewScanner(f); s.Scan(); {
		owner, _, _ := strings.Cut(s.Text(), ":")
		if owner == name || owner == strconv.Itoa(uid) {
			return true, name
		}
	}
	return false, name
}

// Emulator reports whether this machine runs programs of an architecture, as
// arm64, that is not its own: through a handler of the kernel, or through an
// emulator that BuildKit itself finds on PATH.
func Emulator(arch string, getenv func(string) string) bool {
	machine := map[string]string{"arm64": "aarch64", "amd64": "x86_64"}[arch]
	if machine == "" {
		return false
	}
	if lookup(filepath.SplitList(systemPath(getenv)), "buildkit-qemu-"+machine) != "" {
		return true
	}
	// Whoever registers a handler names it; qemu-aarch64 is what Debian's
	// package does, others are found by the magic number.
	entries, err := filepath.Glob("/proc/sys/fs/binfmt_misc/*")
	if err != nil {
		return false
	}
	for _, e := range entries {
		data, err := os.ReadFile(e)
		if err == nil && strings.HasPrefix(string(data), "enabled") && strings.Contains(string(data), elfMagic(arch)) {
			return true
		}
	}
	return false
}

// elfMagic is the start of a program's file for an architecture, as binfmt_misc
// shows it: class, data and version, padding, then type and machine (ELF
// specification; EM_AARCH64 is 183, EM_X86_64 is 62).
func elfMagic(arch string) string {
	code := map[string]string{"arm64": "b700", "amd64": "3e00"}[arch]
	return "magic 7f454c46020101" + strings.Repeat("00", 9) + "0200" + code
}

// NoEmulator is the problem of a machine that lacks one.
func NoEmulator(arch, step string) error {
	return problem(fmt.Sprintf("this build runs programs for linux/%s (first: %s), and the kernel here has no handler for them", arch, step),
		"on Debian and Ubuntu: sudo apt-get install qemu-user-static binfmt-support",
		"on a Jetson the programs of arm64 run by themselves; for amd64 the same two packages are needed",
		"without them: --target COMPONENT builds one component's tree, cross-compiled")
}

// ErrNotRunning says that no private builder runs.
var ErrNotRunning = errors.New("the private builder is not running")
