package llb

import "testing"

func TestFileName(t *testing.T) {
	for address, want := range map[string]string{
		"https://example.org/whl/torch-2.11.0%2Bcu130-cp312-cp312-manylinux_2_28_aarch64.whl": "torch-2.11.0+cu130-cp312-cp312-manylinux_2_28_aarch64.whl",
		"https://example.org/pool/lz4_1.9.4.orig.tar.gz":                                      "lz4_1.9.4.orig.tar.gz",
		"https://example.org/get/x.zip?redirect=true":                                         "x.zip",
		"https://example.org":                "download",
		"https://example.org/":               "download",
		"https://example.org/a/..":           "download",
		"https://example.org/a%2F..%2Fb.whl": "b.whl",
	} {
		if got := fileName(address); got != want {
			t.Errorf("%s: %q, want %q", address, got, want)
		}
	}
}
