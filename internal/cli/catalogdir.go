package cli

import (
	"fmt"
	"io/fs"
	"os"

	"github.com/org/jetson-frontend/stacks/platform"
)

// over puts a folder of the user's over the catalog and the platforms.
func (s *shelf) over(dir string) error {
	st, err := os.Stat(dir)
	if err != nil || !st.IsDir() {
		return usagef("--catalog %s is not a folder", dir)
	}
	fsys := os.DirFS(dir)
	if err := s.cat.Over(fsys, dir+"/"); err != nil {
		return fmt.Errorf("reading the catalog %s: %w", dir, err)
	}
	if _, err := fs.Stat(fsys, "platform"); err != nil {
		return nil
	}
	over, diags := platform.Load(fsys, "platform", dir+"/")
	s.db = s.db.Under(over)
	return diags.Err()
}
