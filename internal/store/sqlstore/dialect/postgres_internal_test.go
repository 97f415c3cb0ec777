package dialect

import (
	"net"
	"syscall"
	"testing"

	"signalbox/internal/testkit"
)

// Somebody who reads already, and waits, is not waited for.
func TestSilent(t *testing.T) {
	t.Parallel()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	client, err := net.Dial("tcp", l.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	defer client.Close()
	server, err := l.Accept()
	if err != nil {
		t.Fatal(err)
	}
	socket := client.(syscall.Conn)
	read := make(chan error)
	reading := make(chan struct{})
	go func() {
		close(reading)
		_, err := client.Read(make([]byte, 1))
		read <- err
	}()
	<-reading
	for range 100 { // the reader gets to its waiting in between
		if !silent(socket) {
			t.Fatal("an open connection on which nothing was said is not silent")
		}
	}
	if _, err := server.Write([]byte("ab")); err != nil {
		t.Fatal(err)
	}
	if err := <-read; err != nil {
		t.Fatal(err)
	}
	testkit.Eventually(t, "the second byte", func() bool { return !silent(socket) })
	if _, err := client.Read(make([]byte, 1)); err != nil || !silent(socket) {
		t.Errorf("after all was read it is not silent: %v", err)
	}
	if err := server.Close(); err != nil {
		t.Fatal(err)
	}
	testkit.Eventually(t, "the end", func() bool { return !silent(socket) })
}
