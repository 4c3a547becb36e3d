package main

import (
	"bufio"
	"bytes"
	"fmt"
	"io"
	"os"
	"regexp"
	"slices"
	"strconv"
	"strings"
)

// input is the files named, or standard input.
func input(paths []string) ([]byte, error) {
	if len(paths) == 0 {
		return io.ReadAll(os.Stdin)
	}
	var b bytes.Buffer
	for _, p := range paths {
		data, err := os.ReadFile(p)
		if err != nil {
			return nil, err
		}
		b.Write(data)
	}
	return b.Bytes(), nil
}

func lines(paths []string) ([]string, error) {
	data, err := input(paths)
	text := strings.TrimSuffix(string(data), "\n")
	if err != nil || text == "" && len(data) == 0 {
		return nil, err
	}
	return strings.Split(text, "\n"), nil
}

func show(list []string) {
	w := bufio.NewWriter(os.Stdout)
	for _, l := range list {
		fmt.Fprintln(w, l)
	}
	w.Flush()
}

func cat(args []string) error {
	data, err := input(args)
	if err == nil {
		_, err = os.Stdout.Write(data)
	}
	return err
}

func sortLines(args []string) error {
	f, paths := flags(args)
	l, err := lines(paths)
	if err != nil {
		return err
	}
	slices.Sort(l)
	if f['u'] {
		l = slices.Compact(l)
	}
	show(l)
	return nil
}

// uniq knows -d.
func uniq(args []string) error {
	f, paths := flags(args)
	l, err := lines(paths)
	if err != nil {
		return err
	}
	var out []string
	for i := 0; i < len(l); {
		j := i + 1
		for j < len(l) && l[j] == l[i] {
			j++
		}
		if !f['d'] || j-i > 1 {
			out = append(out, l[i])
		}
		i = j
	}
	show(out)
	return nil
}

// comm knows -12: what two sorted files share.
func comm(args []string) error {
	_, p := flags(args)
	a, err := lines(p[:1])
	if err != nil {
		return err
	}
	b, err := lines(p[1:2])
	if err != nil {
		return err
	}
	show(slices.DeleteFunc(a, func(s string) bool { return !slices.Contains(b, s) }))
	return nil
}

// cut knows -cN- .
func cut(args []string) error {
	from, err := strconv.Atoi(strings.TrimSuffix(strings.TrimPrefix(args[0], "-c"), "-"))
	if err != nil {
		return err
	}
	l, err := lines(args[1:])
	for i, s := range l {
		l[i] = s[min(from-1, len(s)):]
	}
	show(l)
	return err
}

func count(args []string) (int, []string, error) {
	if len(args) >= 2 && args[0] == "-n" {
		n, err := strconv.Atoi(args[1])
		return n, args[2:], err
	}
	return 10, args, nil
}

func head(args []string) error {
	n, paths, err := count(args)
	if err != nil {
		return err
	}
	l, err := lines(paths)
	show(l[:min(n, len(l))])
	return err
}

func tail(args []string) error {
	n, paths, err := count(args)
	if err != nil {
		return err
	}
	l, err := lines(paths)
	show(l[max(0, len(l)-n):])
	return err
}

func tr(args []string) error {
	data, err := io.ReadAll(os.Stdin)
	if err == nil {
		_, err = os.Stdout.Write(bytes.ReplaceAll(data, []byte(args[0]), []byte(args[1])))
	}
	return err
}

func wc(args []string) error {
	_, paths := flags(args)
	l, err := lines(paths)
	fmt.Println(len(l))
	return err
}

// grep knows -q, -v, -x, -F, -E, -e PATTERN and -f FILE.
func grep(args []string) error {
	set := map[rune]bool{}
	var pattern string
	have := false
	for len(args) > 0 && len(args[0]) > 1 && args[0][0] == '-' {
		for _, r := range args[0][1:] {
			set[r] = true
		}
		if set['e'] || set['f'] {
			pattern, have = args[1], true
			args = args[1:]
		}
		args = args[1:]
	}
	if !have {
		pattern, args = args[0], args[1:]
	}
	if set['f'] {
		data, err := os.ReadFile(pattern)
		if err != nil {
			return err
		}
		pattern = strings.TrimSuffix(string(data), "\n")
	}
	if set['F'] {
		pattern = regexp.QuoteMeta(pattern)
	}
	if set['x'] {
		pattern = "^(" + pattern + ")$"
	}
	re, err := regexp.Compile(pattern)
	if err != nil {
		return err
	}
	l, err := lines(args)
	if err != nil {
		return err
	}
	l = slices.DeleteFunc(l, func(s string) bool { return re.MatchString(s) == set['v'] })
	if !set['q'] {
		show(l)
	}
	if len(l) == 0 {
		return exitStatus(1)
	}
	return nil
}
