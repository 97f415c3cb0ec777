package logchunk

import (
	"encoding/binary"
	"errors"
	"fmt"
	"sync"
	"time"

	"github.com/klauspost/compress/zstd"
)

// ErrCorrupt is given for a payload that no Builder made.
var ErrCorrupt = errors.New("damaged log chunk")

// Decode takes a chunk apart. The texts of the lines share one buffer that
// belongs to the caller.
func Decode(c Chunk) ([]Line, error) {
	lines := []Line(nil)
	err := walk(c, nil, func(count int) {
		lines = make([]Line, 0, count)
	}, func(l Line) error {
		lines = append(lines, l)
		return nil
	})
	if err != nil {
		return nil, err
	}
	return lines, nil
}

// Walk calls fn for each line of the chunk in order, until fn returns an error,
// which it returns. The text of a line is valid during the call only.
func Walk(c Chunk, fn func(Line) error) error {
	buf := buffers.Get().(*[]byte)
	defer buffers.Put(buf)
	return walk(c, buf, func(int) {}, fn)
}

func walk(c Chunk, buf *[]byte, start func(count int), fn func(Line) error) error {
	if c.Count == 0 && len(c.Payload) == 0 {
		return nil
	}
	body, err := unpack(c, buf)
	if err != nil {
		return err
	}
	// Every line takes at least a byte in each of two columns.
	if c.Count <= 0 || c.Count > len(body)/2 {
		return fmt.Errorf("%w: %d lines in %d bytes", ErrCorrupt, c.Count, len(body))
	}
	// Find the columns and check them whole before the first line is given out.
	sizes, err := skip(body, c.Count)
	if err != nil {
		return err
	}
	text, total, err := sum(sizes, c.Count)
	if err != nil {
		return err
	}
	if total != len(text) {
		return fmt.Errorf("%w: %d bytes of text, the lines have %d", ErrCorrupt, len(text), total)
	}
	start(c.Count)
	at := c.FirstTime.UnixMicro()
	for i := range c.Count {
		delta, n := binary.Varint(body)
		body = body[n:]
		size, n := binary.Uvarint(sizes)
		sizes = sizes[n:]
		at += delta
		end := int(size >> 1)
		err := fn(Line{
			Seq:     c.FirstSeq + int64(i),
			Time:    time.UnixMicro(at).UTC(),
			Text:    text[:end:end],
			Partial: size&1 != 0,
		})
		if err != nil {
			return err
		}
		text = text[end:]
	}
	return nil
}

// skip returns what follows count varints.
func skip(b []byte, count int) ([]byte, error) {
	for range count {
		_, n := binary.Varint(b)
		if n <= 0 {
			return nil, fmt.Errorf("%w: bad time", ErrCorrupt)
		}
		b = b[n:]
	}
	return b, nil
}

// sum returns what follows count sizes and the text they describe.
func sum(b []byte, count int) (rest []byte, total int, err error) {
	for range count {
		size, n := binary.Uvarint(b)
		if n <= 0 || size>>1 > maxBody {
			return nil, 0, fmt.Errorf("%w: bad line length", ErrCorrupt)
		}
		b = b[n:]
		total += int(size >> 1)
		if total > maxBody {
			return nil, 0, fmt.Errorf("%w: bad line length", ErrCorrupt)
		}
	}
	return b, total, nil
}

// unpack returns the body of a chunk, in buf if that is given.
func unpack(c Chunk, buf *[]byte) ([]byte, error) {
	p := c.Payload
	if len(p) < 2 || p[0] != version || p[1]&^flags != 0 {
		return nil, fmt.Errorf("%w: unknown format", ErrCorrupt)
	}
	compressed := p[1]&flagZstd != 0
	p = p[2:]
	count, n := binary.Uvarint(p)
	if n <= 0 || count != uint64(c.Count) {
		return nil, fmt.Errorf("%w: it holds %d lines, not %d", ErrCorrupt, count, c.Count)
	}
	p = p[n:]
	size, n := binary.Uvarint(p)
	if n <= 0 || size > maxBody {
		return nil, fmt.Errorf("%w: bad length", ErrCorrupt)
	}
	p = p[n:]
	if !compressed {
		if uint64(len(p)) != size {
			return nil, fmt.Errorf("%w: %d bytes, want %d", ErrCorrupt, len(p), size)
		}
		return p, nil
	}
	var dst []byte
	if buf != nil {
		dst = (*buf)[:0]
	}
	// zstd cannot shrink below this; a lying header must not cost memory.
	if size/(1<<16) > uint64(len(p)) {
		return nil, fmt.Errorf("%w: bad length", ErrCorrupt)
	}
	if uint64(cap(dst)) < size {
		dst = make([]byte, 0, size)
	}
	dec := decoders.Get().(*zstd.Decoder)
	defer decoders.Put(dec)
	out, err := dec.DecodeAll(p, dst)
	if err != nil {
		return nil, fmt.Errorf("%w: %w", ErrCorrupt, err)
	}
	if buf != nil {
		*buf = out
	}
	if uint64(len(out)) != size {
		return nil, fmt.Errorf("%w: %d bytes, want %d", ErrCorrupt, len(out), size)
	}
	return out, nil
}

// decoders and buffers keep what Decode and Walk need, as encoders does.
var (
	decoders = sync.Pool{New: func() any {
		dec, err := zstd.NewReader(nil,
			zstd.WithDecoderConcurrency(1),
			zstd.WithDecoderLowmem(true),
			zstd.WithDecoderMaxMemory(maxBody),
			zstd.WithDecoderMaxWindow(maxBody))
		if err != nil {
			panic(err) // the options above are constants
		}
		return dec
	}}
	buffers = sync.Pool{New: func() any { return new([]byte) }}
)
