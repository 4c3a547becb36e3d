package op

import (
	"bytes"
	"crypto/rand"
	"crypto/sha1"
	"encoding/base64"
	"encoding/binary"
	"fmt"
	"strings"
	"testing"
)

// publicKey is the body of an RSA public key of version 4 with random numbers.
func publicKey() []byte {
	body := []byte{4, 0x5f, 0, 0, 0, 1}
	for _, bits := range []uint16{2048, 17} {
		number := make([]byte, (bits+7)/8)
		rand.Read(number)
		body = append(binary.BigEndian.AppendUint16(body, bits), number...)
	}
	return body
}

// old and fresh are a packet with the header of OpenPGP's old and new format.
func old(tag byte, body []byte) []byte {
	return append(binary.BigEndian.AppendUint16([]byte{0x80 | tag<<2 | 1}, uint16(len(body))), body...)
}

func fresh(tag byte, body []byte) []byte {
	out := []byte{0xc0 | tag}
	switch n := len(body); {
	case n < 192:
		out = append(out, byte(n))
	case n < 8384:
		out = append(out, byte((n-192)>>8)+192, byte(n-192))
	default:
		out = binary.BigEndian.AppendUint32(append(out, 255), uint32(n))
	}
	return append(out, body...)
}

func fingerprint(body []byte) string {
	return fmt.Sprintf("%X", sha1.Sum(old(6, body)))
}

func armored(packets []byte) []byte {
	var b bytes.Buffer
	b.WriteString("-----BEGIN PGP PUBLIC KEY BLOCK-----\nComment: a key\n\n")
	text := base64.StdEncoding.EncodeToString(packets)
	for len(text) > 64 {
		b.WriteString(text[:64] + "\n")
		text = text[64:]
	}
	b.WriteString(text + "\n=abcd\n-----END PGP PUBLIC KEY BLOCK-----\n")
	return b.Bytes()
}

// TestKeyIsTheOneThatIsTrusted: a file with one primary key is held to its
// fingerprint, and one that may hold another key is refused.
func TestKeyIsTheOneThatIsTrusted(t *testing.T) {
	key, other := publicKey(), publicKey()
	rest := bytes.Join([][]byte{fresh(13, []byte("A name <a@example.invalid>")), old(2, make([]byte, 300)), fresh(2, make([]byte, 9000)), fresh(14, other), fresh(2, make([]byte, 40))}, nil)
	whole := append(fresh(6, key), rest...)
	v5 := bytes.Clone(key)
	v5[0] = 5
	const notOne = "the key of vendor is not one OpenPGP key"
	for _, tt := range []struct {
		name  string
		file  []byte
		want  string
		error string
	}{
		{"new header", whole, fingerprint(key), ""},
		{"old header", append(old(6, key), rest...), fingerprint(key), ""},
		{"armored", armored(whole), fingerprint(key), ""},
		{"armored, with other ends of lines", bytes.ReplaceAll(armored(whole), []byte("\n"), []byte("\r\n")), fingerprint(key), ""},
		{"another key", armored(append(fresh(6, other), rest...)), fingerprint(key), "the key of vendor has the fingerprint " + fingerprint(other)},
		{"the subkey's", whole, fingerprint(other), "the key of vendor has the fingerprint " + fingerprint(key)},
		{"a second key", append(bytes.Clone(whole), old(6, other)...), fingerprint(key), notOne},
		{"a second key first", append(old(6, other), whole...), fingerprint(key), notOne},
		{"a second block", append(armored(whole), armored(fresh(6, other))...), fingerprint(key), notOne},
		{"a block within", append(bytes.Clone(whole), fresh(2, armored(fresh(6, other)))...), fingerprint(key), notOne},
		{"packed", append(bytes.Clone(whole), fresh(8, []byte("packed"))...), fingerprint(key), notOne},
		{"cut off", whole[:100], fingerprint(key), notOne},
		{"of version 5", fresh(6, v5), fingerprint(v5), notOne},
		{"no key", []byte("<html>not found</html>"), fingerprint(key), notOne},
		{"nothing", nil, fingerprint(key), notOne},
		{"no fingerprint", []byte("<html>not found</html>"), "", ""},
	} {
		t.Run(strings.ReplaceAll(tt.name, " ", "-"), func(t *testing.T) {
			p := newPlace(t)
			p.write("keys/vendor.asc", string(tt.file))
			if tt.want != "" {
				p.write("apt/fingerprints", "vendor "+tt.want+"\n")
			}
			out, err := p.run("key.sh", nil)
			if (err == nil) != (tt.error == "") || !strings.Contains(out, tt.error) {
				t.Errorf("%v\n%s", err, out)
			}
		})
	}
}
