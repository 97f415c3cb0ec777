package dialect

import (
	"net"
	"testing"

	"signalbox/internal/testkit"
)

// TestQuiet_BesideAReader has a goroutine wait for data on the connection, as
// the driver leaves one behind after a slow write.
func TestQuiet_BesideAReader(t *testing.T) {
	t.Parallel()
	listener := testkit.Listen(t)
	client, err := net.Dial("tcp", listener.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	server, err := listener.Accept()
	if err != nil {
		t.Fatal(err)
	}
	ended := make(chan struct{})
	t.Cleanup(func() {
		_ = client.Close() // so that the reader ends
		<-ended
	})
	go func() {
		defer close(ended)
		_, _ = client.Read(make([]byte, 1)) // until the end of the test
	}()
	answer := make(chan bool, 1)
	go func() {
		all := true
		for range 1000 { // the reader is there before the last of them
			all = quiet(client) && all
		}
		answer <- all
	}()
	if !testkit.Receive(t, answer, "an answer although somebody reads") {
		t.Error("a connection on which nothing comes is not quiet")
	}
	if err := server.Close(); err != nil {
		t.Fatal(err)
	}
	testkit.Eventually(t, "the end of the connection to show", func() bool { return !quiet(client) })
}
