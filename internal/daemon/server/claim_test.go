package server

import (
	"os"
	"testing"

	"github.com/sirupsen/logrus"

	"github.com/org/jetson-frontend/internal/daemon"
)

// A daemon that is killed while it claims a root leaves one that the next takes:
// the stamp comes first, and says nothing yet of how layers are kept.
func TestClaimAfterAKilledOne(t *testing.T) {
	o := Options{Paths: daemon.Paths{Root: t.TempDir()}, Owner: os.Getuid(), Log: logrus.New()}
	begun := daemon.Stamp{Layout: daemon.Layout, BuildKit: daemon.BuildKitVersion(), Owner: o.Owner}
	if err := o.Paths.WriteStamp(begun); err != nil {
		t.Fatal(err)
	}
	if err := os.Mkdir(o.Paths.State(), 0o711); err != nil {
		t.Fatal(err)
	}
	snap, err := claim(o)
	if err != nil || snap == "" {
		t.Fatalf("the root is not taken: %q %v", snap, err)
	}
	if s, ok, err := o.Paths.ReadStamp(); err != nil || !ok || s.Snapshotter != snap {
		t.Errorf("the stamp is %+v (%v)", s, err)
	}
}
