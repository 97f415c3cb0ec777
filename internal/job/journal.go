package job

import (
	"encoding/binary"
	"encoding/json"
	"errors"
	"fmt"
	"hash/crc32"
	"io"
	"os"
	"path/filepath"
	"slices"
	"sync"
	"time"

	"golang.org/x/sys/unix"

	"signalbox/internal/logchunk"
)

// A journal is a sequence of frames:
//
//	u32 length of type and payload | u32 CRC-32C of the same | type | payload
//
// all little-endian. Chunks have a binary payload, the rare records JSON.
const (
	frameHeader = 8
	chunkHeader = 32
	// MaxFrame bounds what a reader believes a length to be. A chunk of text
	// that does not compress stays far below.
	MaxFrame = 8 << 20

	reserveFile = "reserve"
	reserveSize = 16 << 10
)

const (
	typeBegin   = 1
	typeStatus  = 2
	typeCommit  = 3
	typeChild   = 4
	typeChunk   = 5
	typeEnd     = 6
	typeStage   = 7
	typeResults = 8
)

// ErrCorrupt says that the journal holds bytes that no job wrote.
var ErrCorrupt = errors.New("job journal is corrupt")

var castagnoli = crc32.MakeTable(crc32.Castagnoli)

// Writer appends to a journal. It may be used by several goroutines.
type Writer struct {
	mu     sync.Mutex
	dir    string
	file   *os.File
	offset int64  // end of the last whole frame
	buf    []byte // reused
	notify func()
}

// CreateJournal starts the journal of a job directory; it must not exist.
// Notify, if not nil, is called after the journal grew by something that its
// owner wants to know at once, and must not block.
func CreateJournal(jobDir string, notify func()) (*Writer, error) {
	f, err := os.OpenFile(filepath.Join(jobDir, JournalFile), os.O_WRONLY|os.O_CREATE|os.O_EXCL|os.O_APPEND, 0o600)
	if err != nil {
		return nil, fmt.Errorf("create journal: %w", err)
	}
	w := &Writer{dir: jobDir, file: f, notify: notify}
	w.reserve()
	return w, nil
}

// reserve sets space aside that Finish frees when the disk is full. Without it
// the run still works, so a failure is not one.
func (w *Writer) reserve() {
	f, err := os.OpenFile(filepath.Join(w.dir, reserveFile), os.O_WRONLY|os.O_CREATE|os.O_TRUNC, 0o600)
	if err != nil {
		return
	}
	defer f.Close()
	if err := unix.Fallocate(int(f.Fd()), 0, 0, reserveSize); err != nil {
		_, _ = f.Write(make([]byte, reserveSize))
	}
}

// Append adds the records with one write. After an error the journal ends with
// the last record that was appended whole.
func (w *Writer) Append(records ...Record) error {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.append(records)
}

func (w *Writer) append(records []Record) error {
	buf := w.buf[:0]
	for _, r := range records {
		var err error
		if buf, err = appendFrame(buf, r); err != nil {
			return err
		}
	}
	if cap(buf) <= 1<<20 {
		w.buf = buf
	}
	n, err := w.file.Write(buf)
	if err != nil {
		if n > 0 {
			err = errors.Join(err, w.file.Truncate(w.offset))
		}
		return fmt.Errorf("append to journal: %w", err)
	}
	w.offset += int64(n)
	if w.notify != nil && slices.ContainsFunc(records, news) {
		w.notify()
	}
	return nil
}

// news reports whether an owner wants to know of a record at once. Where commands
// live is read when the job is dead, and is else reported with what comes next.
func news(r Record) bool { return r.Child == nil }

// Finish appends the last record and makes the journal durable. On a full disk
// it uses the space set aside when the journal was created.
func (w *Writer) Finish(end End) error {
	w.mu.Lock()
	defer w.mu.Unlock()
	reserve := filepath.Join(w.dir, reserveFile)
	err := w.append([]Record{{End: &end}})
	if err != nil {
		_ = os.Remove(reserve)
		err = w.append([]Record{{End: &end}})
	}
	if err != nil {
		return err
	}
	_ = os.Remove(reserve)
	if err := w.file.Sync(); err != nil {
		return fmt.Errorf("sync journal: %w", err)
	}
	return nil
}

// Close closes the file.
func (w *Writer) Close() error { return w.file.Close() }

func appendFrame(buf []byte, r Record) ([]byte, error) {
	start := len(buf)
	buf = append(buf, make([]byte, frameHeader)...)
	var err error
	if buf, err = appendBody(buf, r); err != nil {
		return nil, err
	}
	body := buf[start+frameHeader:]
	if len(body) > MaxFrame {
		return nil, fmt.Errorf("journal record of %d bytes is too large", len(body))
	}
	binary.LittleEndian.PutUint32(buf[start:], uint32(len(body)))
	binary.LittleEndian.PutUint32(buf[start+4:], crc32.Checksum(body, castagnoli))
	return buf, nil
}

func appendBody(buf []byte, r Record) ([]byte, error) {
	if c, kind := r.Chunk, byte(typeChunk); c != nil || r.Results != nil {
		if c == nil {
			c, kind = r.Results, typeResults
		}
		buf = append(buf, kind)
		buf = binary.LittleEndian.AppendUint64(buf, uint64(c.FirstSeq))
		buf = binary.LittleEndian.AppendUint32(buf, uint32(c.Count))
		buf = binary.LittleEndian.AppendUint64(buf, uint64(c.FirstTime.UnixNano()))
		buf = binary.LittleEndian.AppendUint64(buf, uint64(c.LastTime.UnixNano()))
		buf = binary.LittleEndian.AppendUint32(buf, uint32(c.RawBytes))
		return append(buf, c.Payload...), nil
	}
	var (
		kind byte
		v    any
	)
	switch {
	case r.Begin != nil:
		kind, v = typeBegin, r.Begin
	case r.Status != nil:
		kind, v = typeStatus, r.Status
	case r.Commit != nil:
		kind, v = typeCommit, r.Commit
	case r.Child != nil:
		kind, v = typeChild, r.Child
	case r.Stage != nil:
		kind, v = typeStage, r.Stage
	case r.End != nil:
		kind, v = typeEnd, r.End
	default:
		return nil, errors.New("empty journal record")
	}
	text, err := json.Marshal(v)
	if err != nil {
		return nil, fmt.Errorf("encode journal record: %w", err)
	}
	return append(append(buf, kind), text...), nil
}

// decodeBody turns type and payload into a record. The chunk's payload is a
// copy.
func decodeBody(body []byte) (Record, error) {
	var r Record
	if len(body) == 0 {
		return r, ErrCorrupt
	}
	kind, payload := body[0], body[1:]
	var v any
	switch kind {
	case typeChunk, typeResults:
		if len(payload) < chunkHeader {
			return r, fmt.Errorf("%w: chunk of %d bytes", ErrCorrupt, len(payload))
		}
		le := binary.LittleEndian
		c := &logchunk.Chunk{
			FirstSeq:  int64(le.Uint64(payload)),
			Count:     int(le.Uint32(payload[8:])),
			FirstTime: time.Unix(0, int64(le.Uint64(payload[12:]))).UTC(),
			LastTime:  time.Unix(0, int64(le.Uint64(payload[20:]))).UTC(),
			RawBytes:  int(le.Uint32(payload[28:])),
			Payload:   append([]byte(nil), payload[chunkHeader:]...),
		}
		if kind == typeChunk {
			r.Chunk = c
		} else {
			r.Results = c
		}
		return r, nil
	case typeBegin:
		r.Begin = new(Begin)
		v = r.Begin
	case typeStatus:
		r.Status = new(Status)
		v = r.Status
	case typeCommit:
		r.Commit = new(Commit)
		v = r.Commit
	case typeChild:
		r.Child = new(Child)
		v = r.Child
	case typeStage:
		r.Stage = new(Stage)
		v = r.Stage
	case typeEnd:
		r.End = new(End)
		v = r.End
	default:
		return Record{}, fmt.Errorf("%w: record type %d", ErrCorrupt, kind)
	}
	if err := json.Unmarshal(payload, v); err != nil {
		return Record{}, fmt.Errorf("%w: %w", ErrCorrupt, err)
	}
	return r, nil
}

// Reader reads a journal that may still grow. It is for one goroutine.
type Reader struct {
	file   *os.File
	offset int64 // of the next frame
	buf    []byte
	have   int // bytes of buf that are read, from offset
	used   int // bytes of them already given out
}

// OpenJournal reads the journal of a job directory from an offset that an
// earlier Next returned, or 0.
func OpenJournal(jobDir string, offset int64) (*Reader, error) {
	f, err := os.Open(filepath.Join(jobDir, JournalFile))
	if err != nil {
		return nil, fmt.Errorf("open journal: %w", err)
	}
	return &Reader{file: f, offset: offset}, nil
}

// Close closes the file.
func (r *Reader) Close() error { return r.file.Close() }

// Offset is where the next record begins.
func (r *Reader) Offset() int64 { return r.offset }

// Next returns a record and the offset after it. It returns io.EOF when there
// is no whole record yet; calling it again later may find one. Bytes that are
// not a record give ErrCorrupt, unless they are the torn end of the file.
func (r *Reader) Next() (Record, int64, error) {
	if err := r.fill(frameHeader); err != nil {
		return Record{}, r.offset, err
	}
	head := r.buf[r.used:r.have]
	size := int64(binary.LittleEndian.Uint32(head))
	sum := binary.LittleEndian.Uint32(head[4:])
	if size == 0 || size > MaxFrame {
		return Record{}, r.offset, r.damaged(fmt.Errorf("%w: frame of %d bytes at offset %d", ErrCorrupt, size, r.offset))
	}
	if err := r.fill(frameHeader + int(size)); err != nil {
		return Record{}, r.offset, err
	}
	body := r.buf[r.used+frameHeader : r.used+frameHeader+int(size)]
	if crc32.Checksum(body, castagnoli) != sum {
		return Record{}, r.offset, r.damaged(fmt.Errorf("%w: wrong checksum at offset %d", ErrCorrupt, r.offset))
	}
	rec, err := decodeBody(body)
	if err != nil {
		return Record{}, r.offset, fmt.Errorf("%w at offset %d", err, r.offset)
	}
	r.used += frameHeader + int(size)
	r.offset += frameHeader + size
	return rec, r.offset, nil
}

// fill makes at least n bytes from the current offset available.
func (r *Reader) fill(n int) error {
	if r.have-r.used >= n {
		return nil
	}
	if r.used > 0 {
		copy(r.buf, r.buf[r.used:r.have])
		r.have -= r.used
		r.used = 0
	}
	if len(r.buf) < n {
		grown := make([]byte, max(n, 64<<10))
		copy(grown, r.buf[:r.have])
		r.buf = grown
	}
	for r.have < n {
		got, err := r.file.ReadAt(r.buf[r.have:], r.offset+int64(r.have))
		r.have += got
		if r.have >= n {
			return nil
		}
		if err != nil {
			// A partial frame may still be cut off by the writer, so it is
			// read afresh the next time.
			r.have = 0
			if errors.Is(err, io.EOF) {
				return io.EOF
			}
			return fmt.Errorf("read journal: %w", err)
		}
	}
	return nil
}

// damaged tells the end that a crash of the machine left behind (a last frame
// whose blocks never arrived, or zeros) from damage in the middle.
func (r *Reader) damaged(err error) error {
	defer func() { r.have, r.used = 0, 0 }()
	info, statErr := r.file.Stat()
	if statErr != nil {
		return errors.Join(err, statErr)
	}
	rest := info.Size() - r.offset
	size := int64(binary.LittleEndian.Uint32(r.buf[r.used:]))
	if size != 0 && size <= MaxFrame && frameHeader+size >= rest {
		return io.EOF
	}
	buf := make([]byte, 32<<10)
	for at := r.offset; at < info.Size(); {
		n, readErr := r.file.ReadAt(buf, at)
		for _, b := range buf[:n] {
			if b != 0 {
				return err
			}
		}
		at += int64(n)
		if readErr != nil {
			break
		}
	}
	return io.EOF
}
