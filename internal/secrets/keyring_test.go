package secrets

import (
	"bytes"
	"encoding/base64"
	"errors"
	"fmt"
	"strings"
	"testing"

	"signalbox/internal/domain"
)

func encoded(size int, fill byte) string {
	return base64.StdEncoding.EncodeToString(bytes.Repeat([]byte{fill}, size))
}

func TestNew_RefusesBadKeys(t *testing.T) {
	t.Parallel()
	for name, keys := range map[string][]string{
		"none":       nil,
		"not base64": {"!!!"},
		"short":      {encoded(15, 1)},
		"long":       {encoded(33, 1)},
		"second bad": {encoded(32, 1), "x"},
	} {
		if _, err := New(keys...); err == nil {
			t.Errorf("%s: New accepted it", name)
		} else if strings.Contains(err.Error(), "AQEB") {
			t.Errorf("%s: the error shows the key: %v", name, err)
		}
	}
}

func TestSealOpen(t *testing.T) {
	t.Parallel()
	for _, size := range []int{16, 24, 32} {
		ring, err := New(encoded(size, 7))
		if err != nil {
			t.Fatal(err)
		}
		sealed, err := ring.Seal([]byte("hush"), "here")
		if err != nil {
			t.Fatal(err)
		}
		if strings.Contains(sealed, "hush") {
			t.Errorf("sealed text shows the secret: %s", sealed)
		}
		if plain, err := ring.Open(sealed, "here"); err != nil || string(plain) != "hush" {
			t.Errorf("%d bytes: got %q, %v", size, plain, err)
		}
		if _, err := ring.Open(sealed, "there"); !errors.Is(err, ErrDamaged) {
			t.Errorf("another place: got %v, want ErrDamaged", err)
		}
		again, err := ring.Seal([]byte("hush"), "here")
		if err != nil || again == sealed {
			t.Errorf("sealing twice gave the same text (%v)", err)
		}
	}
}

func TestOpen_DamagedTexts(t *testing.T) {
	t.Parallel()
	ring, err := New(encoded(32, 1))
	if err != nil {
		t.Fatal(err)
	}
	sealed, err := ring.Seal([]byte("hush"), "x")
	if err != nil {
		t.Fatal(err)
	}
	last := byte('A')
	if sealed[len(sealed)-2] == 'A' {
		last = 'B'
	}
	for _, text := range []string{"", "sb1", "sb1..", "plain", sealed[:20], sealed[:len(sealed)-2] + string(last) + sealed[len(sealed)-1:], "sb2" + sealed[3:]} {
		if _, err := ring.Open(text, "x"); err == nil {
			t.Errorf("opened %q", text)
		}
	}
}

func TestRotation(t *testing.T) {
	t.Parallel()
	before, err := New(encoded(32, 1))
	if err != nil {
		t.Fatal(err)
	}
	sealed, err := before.Seal([]byte("hush"), "x")
	if err != nil {
		t.Fatal(err)
	}
	after, err := New(encoded(32, 2), encoded(32, 1))
	if err != nil {
		t.Fatal(err)
	}
	if plain, err := after.Open(sealed, "x"); err != nil || string(plain) != "hush" {
		t.Errorf("after rotation: got %q, %v", plain, err)
	}
	if !after.Stale(sealed) || before.Stale(sealed) {
		t.Error("Stale does not tell the primary key from an older one")
	}
	lost, err := New(encoded(32, 2))
	if err != nil {
		t.Fatal(err)
	}
	if _, err := lost.Open(sealed, "x"); !errors.Is(err, ErrUnknownKey) {
		t.Errorf("without the key: got %v, want ErrUnknownKey", err)
	}
}

func TestKeys_BelongToTheirProject(t *testing.T) {
	t.Parallel()
	ring, err := New(GenerateKey())
	if err != nil {
		t.Fatal(err)
	}
	secret := domain.KeySecret{Login: "git", Passphrase: "pp", PrivateKey: "pem"}
	sealed, err := ring.SealKey(3, domain.KeySSH, secret)
	if err != nil {
		t.Fatal(err)
	}
	got, err := ring.OpenKey(domain.Key{ID: 1, ProjectID: 3, Ciphertext: sealed})
	if err != nil || got != secret {
		t.Errorf("got %v (equal: %v), %v", got, got == secret, err)
	}
	_, err = ring.OpenKey(domain.Key{ID: 1, ProjectID: 4, Ciphertext: sealed})
	if !errors.Is(err, ErrDamaged) {
		t.Errorf("in another project: got %v, want ErrDamaged", err)
	}
	if empty, err := ring.SealKey(3, domain.KeySSH, domain.KeySecret{}); err != nil || empty != "" {
		t.Errorf("an empty secret gave %q, %v", empty, err)
	}
	if text := fmt.Sprintf("%v %+v %s", got, got, ring); strings.Contains(text, "pem") {
		t.Errorf("printing shows the secret: %s", text)
	}
}
