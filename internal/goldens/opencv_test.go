package goldens

import (
	"regexp"
	"slices"
	"testing"

	"github.com/org/jetson-frontend/stacks/plan"
)

// TestOpenCVBesideROS plans stacks that compile OpenCV and have ROS: no package
// of the distribution's OpenCV, nor of ROS's on it, and what cv_bridge is taken
// from is one overlay of the distribution's own release.
func TestOpenCVBesideROS(t *testing.T) {
	var w writer
	for _, c := range []struct {
		stack, jetpack string
		has            map[string]string // components and their versions; "" is none
		overlays       []string
	}{
		{"humble:base+opencv:cuda", "6.2", map[string]string{"opencv": "4.13.0", "vision-opencv": "", "perception-pcl": ""}, nil},
		{"humble:base+opencv:cuda+vision-opencv", "6.2", map[string]string{"vision-opencv": "3.2.1", "desktop-opencv": ""}, []string{"vision-opencv"}},
		{"humble+opencv:cuda", "6.2", map[string]string{"vision-opencv": "3.2.1", "desktop-opencv": "0.20.9", "vtk": ""}, []string{"desktop-opencv", "vision-opencv"}},
		{"humble+vtk9+opencv:cuda", "6.2", map[string]string{"vision-opencv": "3.2.1", "desktop-opencv": "0.20.9", "perception-pcl": "2.4.5"}, []string{"desktop-opencv", "perception-pcl", "vision-opencv"}},
		{"humble:perception+vtk9+opencv:cuda", "6.2", map[string]string{"vision-opencv": "3.2.1", "desktop-opencv": ""}, []string{"perception-pcl", "vision-opencv"}},
		{"iron+opencv:cuda", "6.2", map[string]string{"vision-opencv": "3.5.0", "desktop-opencv": "0.27.2"}, []string{"desktop-opencv", "vision-opencv"}},
		{"jazzy+opencv:cuda", "7.0", map[string]string{"vision-opencv": "4.1.0", "desktop-opencv": "0.33.11"}, []string{"desktop-opencv", "vision-opencv"}},
		{"kilted+opencv:cuda", "7.0", map[string]string{"vision-opencv": "4.1.0-2", "desktop-opencv": "0.36.5"}, []string{"desktop-opencv", "vision-opencv"}},
		{"foxy+vtk9+opencv:cuda", "5.1.6", map[string]string{"vision-opencv": "3.0.7", "desktop-opencv": "0.9.4", "perception-pcl": "2.2.1"}, []string{"desktop-opencv", "perception-pcl", "vision-opencv"}},
		{"galactic+opencv:cuda", "5.1.6", map[string]string{"vision-opencv": "3.1.3", "desktop-opencv": "0.14.4"}, []string{"desktop-opencv", "vision-opencv"}},
	} {
		title := c.stack + " on JetPack " + c.jetpack
		_, r := flagship(t).resolve(t, map[string]string{"STACK": c.stack, "JETPACK": c.jetpack})
		w.result(title, r)
		if r.Plan == nil {
			t.Errorf("%s: %v", title, r.Diags.Err())
			continue
		}
		for name, version := range c.has {
			got := ""
			if c, ok := r.Plan.Component(name); ok {
				got = c.Version
			}
			if got != version {
				t.Errorf("%s: %s is %q, not %q", title, name, got, version)
			}
		}
		for _, p := range packagesOf(r.Plan) {
			if onTheDistributionsOpenCV.MatchString(p) {
				t.Errorf("%s: %s is installed", title, p)
			}
		}
		if got := overlaysOf(r.Plan); !slices.Equal(got, c.overlays) {
			t.Errorf("%s: the overlays are those of %q, not %q", title, got, c.overlays)
		}
	}
	golden(t, "opencv-with-ros.txt", w.String())
}

var onTheDistributionsOpenCV = regexp.MustCompile(`^(libopencv|python3-opencv$|ros-[a-z]+-(cv-bridge|image-geometry|vision-opencv|image-tools|intra-process-demo|depthimage-to-laserscan|rqt-image-view|desktop|perception)$)`)

// packagesOf are the packages of the image, of its dev image and of what a
// component is built with.
func packagesOf(p *plan.Plan) []string {
	var out []string
	links := slices.Concat(p.Apt.Run, p.Apt.Dev)
	for _, c := range p.Components {
		links = append(links, slices.Concat(c.Apt, c.HostApt)...)
	}
	for _, l := range links {
		out = append(out, l.Packages...)
	}
	return out
}

func overlaysOf(p *plan.Plan) []string {
	var out []string
	for _, c := range p.Components {
		if slices.ContainsFunc(c.Steps, func(s plan.Step) bool { return s.Colcon != nil }) {
			out = append(out, c.Name)
		}
	}
	slices.Sort(out)
	return out
}
