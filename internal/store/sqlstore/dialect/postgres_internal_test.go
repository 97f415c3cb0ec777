package dialect

import (
	"net"
	"testing"
	"time"
)

// TestQuiet_DoesNotWaitForAReader: the driver may have a read going in the
// background, and looking at the connection must not wait for it to end.
func TestQuiet_DoesNotWaitForAReader(t *testing.T) {
	t.Parallel()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer listener.Close()
	conn, err := net.Dial("tcp", listener.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	far, err := listener.Accept()
	if err != nil {
		t.Fatal(err)
	}
	defer far.Close()

	reading := make(chan error)
	go func() {
		var b [1]byte
		_, err := conn.Read(b[:])
		reading <- err
	}()
	time.Sleep(20 * time.Millisecond) // for the reader to get there; later is as well
	if !quiet(conn) {
		t.Error("a connection that waits for an answer is not quiet")
	}
	if _, err := far.Write([]byte("x")); err != nil {
		t.Fatal(err)
	}
	if err := <-reading; err != nil {
		t.Fatal(err)
	}

	if err := far.Close(); err != nil {
		t.Fatal(err)
	}
	for deadline := time.Now().Add(10 * time.Second); quiet(conn); {
		if time.Now().After(deadline) {
			t.Fatal("a connection that the other side closed stays quiet")
		}
		time.Sleep(time.Millisecond)
	}
}
