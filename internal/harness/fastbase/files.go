package main

import (
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"runtime"
	"strconv"
	"strings"
	"time"

	"golang.org/x/sys/unix"
)

var errEOF = io.EOF

// flags takes the single-letter flags off the arguments.
func flags(args []string) (map[rune]bool, []string) {
	set := map[rune]bool{}
	for len(args) > 0 && len(args[0]) > 1 && args[0][0] == '-' {
		if args[0] == "--" {
			return set, args[1:]
		}
		for _, r := range args[0][1:] {
			set[r] = true
		}
		args = args[1:]
	}
	return set, args
}

func each(paths []string, fn func(string) error) error {
	for _, p := range paths {
		if err := fn(p); err != nil {
			return err
		}
	}
	return nil
}

func mkdir(args []string) error {
	f, paths := flags(args)
	return each(paths, func(p string) error {
		if f['p'] {
			return os.MkdirAll(p, 0o755)
		}
		return os.Mkdir(p, 0o755)
	})
}

func rm(args []string) error {
	f, paths := flags(args)
	return each(paths, func(p string) error {
		if f['r'] {
			return os.RemoveAll(p)
		}
		err := os.Remove(p)
		if f['f'] && os.IsNotExist(err) {
			return nil
		}
		return err
	})
}

func rmdir(args []string) error {
	_, paths := flags(args)
	return each(paths, func(p string) error { return unix.Rmdir(p) })
}

func ln(args []string) error {
	f, p := flags(args)
	if len(p) != 2 {
		return fmt.Errorf("two paths are needed")
	}
	if f['f'] {
		_ = os.Remove(p[1])
	}
	if f['s'] {
		return os.Symlink(p[0], p[1])
	}
	return os.Link(p[0], p[1])
}

func chmod(args []string) error {
	mode, err := strconv.ParseUint(args[0], 8, 32)
	if err != nil {
		return err
	}
	return each(args[1:], func(p string) error { return os.Chmod(p, fs.FileMode(mode)) })
}

func readlink(args []string) error {
	t, err := os.Readlink(args[len(args)-1])
	if err == nil {
		fmt.Println(t)
	}
	return err
}

func cp(args []string) error {
	f, p := flags(args)
	dst := p[len(p)-1]
	st, err := os.Stat(dst)
	into := err == nil && st.IsDir()
	return each(p[:len(p)-1], func(src string) error {
		to := dst
		if into && !strings.HasSuffix(src, "/.") {
			to = filepath.Join(dst, filepath.Base(src))
		}
		if f['R'] || f['r'] || f['a'] {
			return copyTree(strings.TrimSuffix(src, "/."), to)
		}
		return copyFile(src, to)
	})
}

func copyTree(src, dst string) error {
	return filepath.WalkDir(src, func(p string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		rel, err := filepath.Rel(src, p)
		if err != nil {
			return err
		}
		to := filepath.Join(dst, rel)
		switch {
		case d.IsDir():
			return os.MkdirAll(to, 0o755)
		case d.Type()&fs.ModeSymlink != 0:
			t, err := os.Readlink(p)
			if err != nil {
				return err
			}
			_ = os.Remove(to)
			return os.Symlink(t, to)
		}
		return copyFile(p, to)
	})
}

func copyFile(src, dst string) error {
	in, err := os.Open(src)
	if err != nil {
		return err
	}
	defer in.Close()
	st, err := in.Stat()
	if err != nil {
		return err
	}
	out, err := os.OpenFile(dst, os.O_CREATE|os.O_TRUNC|os.O_WRONLY, st.Mode().Perm())
	if err != nil {
		return err
	}
	if _, err := io.Copy(out, in); err != nil {
		out.Close()
		return err
	}
	return out.Close()
}

// touch knows -h and -d @SECONDS.
func touch(args []string) error {
	at := time.Now()
	var paths []string
	for i := 0; i < len(args); i++ {
		switch a := args[i]; {
		case a == "-h":
		case a == "-d":
			i++
			n, err := strconv.ParseInt(strings.TrimPrefix(args[i], "@"), 10, 64)
			if err != nil {
				return err
			}
			at = time.Unix(n, 0)
		default:
			paths = append(paths, a)
		}
	}
	return each(paths, func(p string) error {
		if _, err := os.Lstat(p); os.IsNotExist(err) {
			return os.WriteFile(p, nil, 0o644)
		}
		ts := unix.NsecToTimespec(at.UnixNano())
		return unix.UtimesNanoAt(unix.AT_FDCWD, p, []unix.Timespec{ts, ts}, unix.AT_SYMLINK_NOFOLLOW)
	})
}

// find knows `find DIR [! -type d]`, which prints, and `find DIR -exec touch -h
// -d @N {} +`.
func find(args []string) error {
	root, rest := args[0], args[1:]
	onlyFiles := len(rest) >= 3 && rest[0] == "!" && rest[1] == "-type" && rest[2] == "d"
	var all []string
	err := filepath.WalkDir(root, func(p string, d fs.DirEntry, err error) error {
		if err != nil || onlyFiles && d.IsDir() {
			return err
		}
		if root == "." && p != "." {
			p = "./" + p
		}
		all = append(all, p)
		return nil
	})
	if err != nil {
		return err
	}
	if len(rest) > 1 && rest[0] == "-exec" && rest[1] == "touch" {
		return touch(append(rest[2:len(rest)-2], all...))
	}
	for _, p := range all {
		fmt.Println(p)
	}
	return nil
}

func ls(args []string) error {
	_, paths := flags(args)
	if len(paths) == 0 {
		paths = []string{"."}
	}
	return each(paths, func(p string) error {
		entries, err := os.ReadDir(p)
		for _, e := range entries {
			fmt.Println(e.Name())
		}
		return err
	})
}

func nproc([]string) error {
	fmt.Println(runtime.NumCPU())
	return nil
}

func uname(args []string) error {
	f, _ := flags(args)
	if f['m'] {
		fmt.Println(map[string]string{"amd64": "x86_64", "arm64": "aarch64"}[runtime.GOARCH])
		return nil
	}
	fmt.Println("Linux")
	return nil
}

func date([]string) error {
	fmt.Println(time.Now().Unix())
	return nil
}

func sleep(args []string) error {
	s, err := strconv.ParseFloat(args[0], 64)
	time.Sleep(time.Duration(s * float64(time.Second)))
	return err
}

func env([]string) error {
	for _, e := range os.Environ() {
		fmt.Println(e)
	}
	return nil
}
