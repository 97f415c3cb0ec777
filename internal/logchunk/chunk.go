// Package logchunk is the codec of task output: many lines in one immutable,
// compressed block. The job makes chunks, its journal carries them, the
// database stores them as they are, and only readers take them apart.
//
// A line is the bytes between two newlines, any bytes, of any length up to
// MaxLine; a longer one is cut into pieces of which all but the last are
// Partial. Concatenating the lines, with a newline after each that is not
// Partial, gives back what the program wrote, except that output which does not
// end in a newline gets a last line that is Partial.
package logchunk

import "time"

const (
	// MaxLine is the longest line kept in one piece, in bytes.
	MaxLine = 64 << 10
	// TargetSize is how many bytes of text a full chunk holds.
	TargetSize = 256 << 10
	// MaxLines bounds the lines of a chunk, so that one chunk is quick to read.
	MaxLines = 16 << 10
)

// Line is one line of output.
type Line struct {
	Seq     int64 // from 1
	Time    time.Time
	Text    []byte // without the newline
	Partial bool   // no newline followed: the next line continues this one
}

// Chunk is a run of lines. Payload is the encoded form.
type Chunk struct {
	FirstSeq  int64
	Count     int
	FirstTime time.Time
	LastTime  time.Time
	RawBytes  int // what the program wrote for these lines, newlines included
	Payload   []byte
}

// LastSeq is the number of the chunk's last line.
func (c Chunk) LastSeq() int64 { return c.FirstSeq + int64(c.Count) - 1 }
