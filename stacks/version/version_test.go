package version

import "testing"

func TestCompare(t *testing.T) {
	ascending := []string{
		"humble", "0.9", "1.2rc1", "1.2.0", "1.2.0+jetson1", "1.9", "1.10", "8.6.2.3", "9.3.0.75",
		"9.4.0.rc1", "9.4.0", "10.3.0.30", "22.04", "24.04", "36.4", "36.4.3",
	}
	for i, a := range ascending {
		for j, b := range ascending {
			want := 0
			switch {
			case i < j:
				want = -1
			case i > j:
				want = 1
			}
			if got := Compare(a, b); got != want {
				t.Errorf("Compare(%q, %q) = %d, want %d", a, b, got, want)
			}
		}
	}
	for _, same := range [][2]string{{"1.2", "1.2.0"}, {"v9.3.1", "9.3.1"}, {"22.04", "22.4"}} {
		if Compare(same[0], same[1]) != 0 {
			t.Errorf("%q and %q should compare as equal", same[0], same[1])
		}
	}
}

func TestConstraint(t *testing.T) {
	for _, tc := range []struct {
		constraint string
		yes, no    []string
	}{
		{"", []string{"1", "humble"}, nil},
		{">=9,<10", []string{"9", "9.3.1", "9.99"}, []string{"8.9", "10", "10.1"}},
		{"9.3", []string{"9.3", "9.3.1", "9.3.0.75"}, []string{"9.30", "9.2", "9"}},
		{"=9.3.1", []string{"9.3.1"}, []string{"9.3", "9.3.1.1"}},
		{"~9.3.1", []string{"9.3.1", "9.3.7"}, []string{"9.3.0", "9.4"}},
		{"^9.3", []string{"9.3", "9.6.1"}, []string{"9.2", "10.0"}},
		{"!=9.3.0", []string{"9.3.1"}, []string{"9.3.0", "9.3"}},
		{"humble", []string{"humble"}, []string{"jazzy", "1.0"}},
		{"!=humble", []string{"jazzy"}, []string{"humble"}},
		{"22.04", []string{"22.04"}, []string{"24.04", "22.10"}},
		{"2.5.0a0+nv24.08", []string{"2.5.0a0+nv24.08"}, []string{"2.5.0"}},
	} {
		c, err := ParseConstraint(tc.constraint)
		if err != nil {
			t.Errorf("%q: %v", tc.constraint, err)
			continue
		}
		for _, v := range tc.yes {
			if !c.Allows(v) {
				t.Errorf("%q should allow %q", tc.constraint, v)
			}
		}
		for _, v := range tc.no {
			if c.Allows(v) {
				t.Errorf("%q should not allow %q", tc.constraint, v)
			}
		}
	}
	for _, bad := range []string{">=", "9 3", ">=humble", "$(x)", ",", "1,"} {
		if _, err := ParseConstraint(bad); err == nil {
			t.Errorf("%q should not parse", bad)
		}
	}
}

func TestPrefix(t *testing.T) {
	for _, tc := range []struct {
		v    string
		n    int
		want string
	}{
		{"12.6.68", 2, "12.6"}, {"22.04", 2, "22.04"}, {"22.04", 1, "22"}, {"9", 2, "9"}, {"10.3.0rc1", 3, "10.3.0"}, {"humble", 1, ""},
	} {
		if got := Prefix(tc.v, tc.n); got != tc.want {
			t.Errorf("Prefix(%q, %d) = %q, want %q", tc.v, tc.n, got, tc.want)
		}
	}
}

func FuzzConstraint(f *testing.F) {
	f.Add(">=9,<10", "9.3.1")
	f.Add("~1.2.3", "1.2.4rc1")
	f.Fuzz(func(t *testing.T, constraint, v string) {
		c, err := ParseConstraint(constraint)
		if err != nil {
			return
		}
		c.Allows(v)
		if Compare(v, v) != 0 {
			t.Errorf("%q does not equal itself", v)
		}
	})
}
