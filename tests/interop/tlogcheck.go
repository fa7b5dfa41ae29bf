// tlogcheck reads Steward's published ledger with Go's public packages for notes and
// transparency logs (golang.org/x/mod/sumdb/note and tlog), and makes a log of its own for
// Steward's verifier to read.
//
//	tlogcheck read DIR VKEY-FILE   open the checkpoint, take tiles from DIR, prove every
//	                               entry and the growth from every smaller size (sampled)
//	tlogcheck write DIR NAME N     a log of N entries signed by a new key; prints its key
package main

import (
	"bytes"
	"crypto/rand"
	"encoding/base64"
	"encoding/binary"
	"fmt"
	"log"
	"os"
	"path/filepath"
	"strconv"
	"strings"

	"golang.org/x/mod/sumdb/note"
	"golang.org/x/mod/sumdb/tlog"
)

const height = 8

// number writes n as tlog-tiles wants it: groups of three digits, an x before all but the
// last.
func number(n int64) string {
	s := fmt.Sprintf("%03d", n%1000)
	for n >= 1000 {
		n /= 1000
		s = fmt.Sprintf("x%03d/%s", n%1000, s)
	}
	return s
}

// Go's tile paths have the height in them and other directories; C2SP's do not.
func path(t tlog.Tile) string {
	level := strconv.Itoa(t.L)
	if t.L < 0 {
		level = "entries"
	}
	p := "tile/" + level + "/" + number(t.N)
	if t.W < 1<<t.H {
		p += ".p/" + strconv.Itoa(t.W)
	}
	return p
}

// reader gives tiles of the directory to tlog.TileHashReader, which checks each of them
// against the tree.
type reader struct{ dir string }

func (r reader) Height() int { return height }
func (r reader) ReadTiles(tiles []tlog.Tile) ([][]byte, error) {
	var data [][]byte
	for _, t := range tiles {
		b, err := os.ReadFile(filepath.Join(r.dir, path(t)))
		if os.IsNotExist(err) && t.W < 1<<t.H {
			full := t
			full.W = 1 << t.H
			b, err = os.ReadFile(filepath.Join(r.dir, path(full)))
			if len(b) > t.W*tlog.HashSize {
				b = b[:t.W*tlog.HashSize]
			}
		}
		if err != nil {
			return nil, err
		}
		data = append(data, b)
	}
	return data, nil
}
func (r reader) SaveTiles([]tlog.Tile, [][]byte) {}

func tree(text string) tlog.Tree {
	lines := strings.Split(text, "\n")
	if len(lines) < 4 {
		log.Fatalf("a checkpoint of %d lines", len(lines))
	}
	size, err := strconv.ParseInt(lines[1], 10, 64)
	if err != nil {
		log.Fatal(err)
	}
	raw, err := base64.StdEncoding.DecodeString(lines[2])
	if err != nil || len(raw) != tlog.HashSize {
		log.Fatalf("root hash %q: %v", lines[2], err)
	}
	t := tlog.Tree{N: size}
	copy(t.Hash[:], raw)
	return t
}

// entries reads the bundles: a length of two bytes before each entry.
func entries(dir string, size int64) [][]byte {
	var all [][]byte
	for n := int64(0); int64(len(all)) < size; n++ {
		w := size - n<<height
		if w > 1<<height {
			w = 1 << height
		}
		t := tlog.Tile{H: height, L: -1, N: n, W: int(w)}
		b, err := os.ReadFile(filepath.Join(dir, path(t)))
		if err != nil {
			log.Fatal(err)
		}
		for i := int64(0); i < w; i++ {
			if len(b) < 2 || len(b)-2 < int(binary.BigEndian.Uint16(b)) {
				log.Fatalf("%s ends in entry %d", path(t), i)
			}
			n := 2 + int(binary.BigEndian.Uint16(b))
			all = append(all, b[2:n])
			b = b[n:]
		}
		if len(b) != 0 {
			log.Fatalf("%s: %d bytes too many", path(t), len(b))
		}
	}
	return all
}

func read(dir, keys string) {
	var verifiers []note.Verifier
	text, err := os.ReadFile(keys)
	if err != nil {
		log.Fatal(err)
	}
	for _, line := range strings.Fields(string(text)) {
		v, err := note.NewVerifier(line)
		if err != nil {
			log.Fatal(err)
		}
		verifiers = append(verifiers, v)
	}
	msg, err := os.ReadFile(filepath.Join(dir, "checkpoint"))
	if err != nil {
		log.Fatal(err)
	}
	n, err := note.Open(msg, note.VerifierList(verifiers...))
	if err != nil {
		log.Fatal(err)
	}
	t := tree(n.Text)
	hashes := tlog.TileHashReader(t, reader{dir})
	for i, entry := range entries(dir, t.N) {
		proof, err := tlog.ProveRecord(t.N, int64(i), hashes)
		if err != nil {
			log.Fatalf("entry %d: %v", i, err)
		}
		if err := tlog.CheckRecord(proof, t.N, t.Hash, int64(i), tlog.RecordHash(entry)); err != nil {
			log.Fatalf("entry %d: %v", i, err)
		}
	}
	grown := 0
	for size := int64(1); size <= t.N; size += 1 + size/7 {
		old, err := tlog.TreeHash(size, hashes)
		if err != nil {
			log.Fatal(err)
		}
		proof, err := tlog.ProveTree(t.N, size, hashes)
		if err != nil {
			log.Fatal(err)
		}
		if err := tlog.CheckTree(proof, t.N, t.Hash, size, old); err != nil {
			log.Fatalf("size %d: %v", size, err)
		}
		grown++
	}
	fmt.Printf("%d entries included, growth from %d sizes, signed by %d keys\n", t.N, grown, len(n.Sigs))
}

type stored []tlog.Hash

func (s stored) ReadHashes(indexes []int64) ([]tlog.Hash, error) {
	var out []tlog.Hash
	for _, i := range indexes {
		out = append(out, s[i])
	}
	return out, nil
}

func put(dir, name string, data []byte) {
	full := filepath.Join(dir, name)
	if err := os.MkdirAll(filepath.Dir(full), 0o755); err != nil {
		log.Fatal(err)
	}
	if err := os.WriteFile(full, data, 0o644); err != nil {
		log.Fatal(err)
	}
}

func write(dir, name string, n int64) {
	skey, vkey, err := note.GenerateKey(rand.Reader, name)
	if err != nil {
		log.Fatal(err)
	}
	signer, err := note.NewSigner(skey)
	if err != nil {
		log.Fatal(err)
	}
	var all stored
	var bundle bytes.Buffer
	for i := int64(0); i < n; i++ {
		entry := []byte(fmt.Sprintf("entry %d %s", i, strings.Repeat("x", int(i%300))))
		add, err := tlog.StoredHashes(i, entry, all)
		if err != nil {
			log.Fatal(err)
		}
		all = append(all, add...)
		_ = binary.Write(&bundle, binary.BigEndian, uint16(len(entry)))
		bundle.Write(entry)
		if (i+1)%(1<<height) == 0 || i+1 == n {
			w := int(i%(1<<height)) + 1
			put(dir, path(tlog.Tile{H: height, L: -1, N: i >> height, W: w}), bundle.Bytes())
			bundle.Reset()
		}
	}
	for _, t := range tlog.NewTiles(height, 0, n) {
		data, err := tlog.ReadTileData(t, all)
		if err != nil {
			log.Fatal(err)
		}
		put(dir, path(t), data)
	}
	root, err := tlog.TreeHash(n, all)
	if err != nil {
		log.Fatal(err)
	}
	text := fmt.Sprintf("%s\n%d\n%s\n", name, n, base64.StdEncoding.EncodeToString(root[:]))
	msg, err := note.Sign(&note.Note{Text: text}, signer)
	if err != nil {
		log.Fatal(err)
	}
	put(dir, "checkpoint", msg)
	fmt.Println(vkey)
}

func main() {
	log.SetFlags(0)
	log.SetPrefix("tlogcheck: ")
	switch {
	case len(os.Args) == 4 && os.Args[1] == "read":
		read(os.Args[2], os.Args[3])
	case len(os.Args) == 5 && os.Args[1] == "write":
		n, err := strconv.ParseInt(os.Args[4], 10, 64)
		if err != nil {
			log.Fatal(err)
		}
		write(os.Args[2], os.Args[3], n)
	default:
		log.Fatal("usage: tlogcheck read DIR VKEYS | write DIR NAME N")
	}
}
