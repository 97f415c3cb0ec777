package logchunk

import (
	"encoding/binary"
	"sync"
	"time"

	"github.com/klauspost/compress/zstd"
)

// The payload of a chunk:
//
//	version byte, flags byte, uvarint count, uvarint length of the body, body
//
// The body, compressed when the flag says so, is columnar, because alike values
// next to each other compress better: for each line the zigzag varint of the
// microseconds since the line before (the first: since Chunk.FirstTime), then
// for each line the uvarint of its length with the partial flag in the lowest
// bit, then the text of all lines.
const (
	version  = 1
	flagZstd = 1 << 0
	flags    = flagZstd

	// rawBelow is the body size under which compression costs more than it saves.
	rawBelow = 512
	// maxBody bounds a body, so that a damaged payload cannot ask for all memory.
	// A full chunk stays far below it.
	maxBody = 8 << 20
)

// Builder collects lines into chunks. It is for one goroutine.
type Builder struct {
	next  int64 // number of the next line
	first int64
	count int
	raw   int

	firstTime, lastTime int64 // µs

	times []byte
	sizes []byte
	text  []byte
}

// NewBuilder returns a builder whose first line gets the number firstSeq.
func NewBuilder(firstSeq int64) *Builder {
	return &Builder{next: firstSeq, first: firstSeq}
}

// Add appends a line and returns its number. A text longer than MaxLine is cut
// into pieces, each a line of its own; the number is then that of the last. The
// text is copied. Callers cut chunks by asking Full after each Add.
func (b *Builder) Add(at time.Time, text []byte, partial bool) int64 {
	for len(text) > MaxLine {
		b.add(at, text[:MaxLine], true)
		text = text[MaxLine:]
	}
	return b.add(at, text, partial)
}

func (b *Builder) add(at time.Time, text []byte, partial bool) int64 {
	us := at.UnixMicro()
	if b.count == 0 {
		b.first = b.next
		b.firstTime, b.lastTime = us, us
	}
	b.times = binary.AppendVarint(b.times, us-b.lastTime)
	b.lastTime = us
	size := uint64(len(text)) << 1
	b.raw += len(text)
	if partial {
		size |= 1
	} else {
		b.raw++
	}
	b.sizes = binary.AppendUvarint(b.sizes, size)
	b.text = append(b.text, text...)
	b.count++
	b.next++
	return b.next - 1
}

// Full reports whether the chunk should be finished before the next line.
func (b *Builder) Full() bool { return b.raw >= TargetSize || b.count >= MaxLines }

// Empty reports whether there is nothing to finish.
func (b *Builder) Empty() bool { return b.count == 0 }

// Len returns the lines collected, and Size what the program wrote for them.
func (b *Builder) Len() int { return b.count }

// Size returns the bytes of the collected lines, newlines included.
func (b *Builder) Size() int { return b.raw }

// NextSeq returns the number that the next line gets.
func (b *Builder) NextSeq() int64 { return b.next }

// Finish returns the collected lines as a chunk and starts the next one. An
// empty builder gives a chunk without lines, which must not be stored.
func (b *Builder) Finish() Chunk {
	if b.count == 0 {
		return Chunk{FirstSeq: b.next}
	}
	c := Chunk{
		FirstSeq:  b.first,
		Count:     b.count,
		FirstTime: time.UnixMicro(b.firstTime).UTC(),
		LastTime:  time.UnixMicro(b.lastTime).UTC(),
		RawBytes:  b.raw,
	}
	size := len(b.times) + len(b.sizes) + len(b.text)
	head := make([]byte, 0, 2+2*binary.MaxVarintLen64)
	head = append(head, version, 0)
	head = binary.AppendUvarint(head, uint64(b.count))
	head = binary.AppendUvarint(head, uint64(size))
	body := make([]byte, 0, size)
	body = append(body, b.times...)
	body = append(body, b.sizes...)
	body = append(body, b.text...)
	c.Payload = pack(head, body)

	b.count, b.raw = 0, 0
	b.times, b.sizes, b.text = b.times[:0], b.sizes[:0], b.text[:0]
	return c
}

// pack joins head and body, compressed if that makes it smaller.
func pack(head, body []byte) []byte {
	if len(body) >= rawBelow {
		enc := encoders.Get().(*zstd.Encoder)
		defer encoders.Put(enc)
		out := make([]byte, len(head), len(head)+len(body)/4)
		copy(out, head)
		out[1] |= flagZstd
		out = enc.EncodeAll(body, out)
		if len(out) < len(head)+len(body) {
			// The slice outlives this call in queues and caches: give back the room
			// that compression did not need.
			if cap(out) > len(out)+len(out)/4 {
				out = append(make([]byte, 0, len(out)), out...)
			}
			return out
		}
	}
	return append(head, body...)
}

// encoders keeps idle encoders, whose tables are costly to set up. The garbage
// collector takes what is not used, so an idle process holds none.
var encoders = sync.Pool{New: func() any {
	enc, err := zstd.NewWriter(nil,
		zstd.WithEncoderConcurrency(1),
		zstd.WithEncoderLevel(zstd.SpeedFastest),
		zstd.WithWindowSize(TargetSize),
		zstd.WithLowerEncoderMem(true),
		zstd.WithEncoderCRC(true))
	if err != nil {
		panic(err) // the options above are constants
	}
	return enc
}}
