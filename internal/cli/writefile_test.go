package cli

import (
	"io"
	"os"
	"path/filepath"
	"syscall"
	"testing"
)

// What is there stays what it is: a pipe is written to, a file keeps its owner
// and mode.
func TestReplaceFileKeepsWhatIsThere(t *testing.T) {
	dir := t.TempDir()
	pipe := filepath.Join(dir, "pipe")
	if err := syscall.Mkfifo(pipe, 0o600); err != nil {
		t.Fatal(err)
	}
	got := make(chan string)
	go func() {
		f, err := os.Open(pipe)
		if err != nil {
			got <- err.Error()
			return
		}
		defer f.Close()
		data, _ := io.ReadAll(f)
		got <- string(data)
	}()
	if err := replaceFile(pipe, []byte("text"), 0o644); err != nil {
		t.Fatal(err)
	}
	if text := <-got; text != "text" {
		t.Errorf("the pipe gave %q", text)
	}
	if st, err := os.Lstat(pipe); err != nil || st.Mode().Type() != os.ModeNamedPipe {
		t.Errorf("the pipe is now %v (%v)", st.Mode(), err)
	}

	file := filepath.Join(dir, "file")
	if err := os.WriteFile(file, []byte("old"), 0o640); err != nil {
		t.Fatal(err)
	}
	uid := os.Getuid()
	if uid == 0 {
		uid = 12345
		if err := os.Chown(file, uid, uid); err != nil {
			t.Fatal(err)
		}
	}
	if err := replaceFile(file, []byte("new"), 0o644); err != nil {
		t.Fatal(err)
	}
	st, err := os.Stat(file)
	if err != nil {
		t.Fatal(err)
	}
	if owner := int(st.Sys().(*syscall.Stat_t).Uid); owner != uid || st.Mode().Perm() != 0o640 {
		t.Errorf("the file is %v of %d, not 0640 of %d", st.Mode(), owner, uid)
	}
	if data, _ := os.ReadFile(file); string(data) != "new" {
		t.Errorf("the file holds %q", data)
	}
}

// A link to nothing makes the file that it names.
func TestReplaceFileThroughALinkToNothing(t *testing.T) {
	dir := t.TempDir()
	link := filepath.Join(dir, "link")
	if err := os.Symlink("target", link); err != nil {
		t.Fatal(err)
	}
	if err := replaceFile(link, []byte("new"), 0o644); err != nil {
		t.Fatal(err)
	}
	if data, err := os.ReadFile(filepath.Join(dir, "target")); err != nil || string(data) != "new" {
		t.Errorf("the target holds %q (%v)", data, err)
	}
}
