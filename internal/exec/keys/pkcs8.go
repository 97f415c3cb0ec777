package keys

import (
	"crypto/aes"
	"crypto/cipher"
	"crypto/des"
	"crypto/pbkdf2"
	"crypto/sha1"
	"crypto/sha256"
	"crypto/sha512"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/asn1"
	"encoding/pem"
	"errors"
	"hash"

	"golang.org/x/crypto/scrypt"
)

// lockedPKCS8 is the kind of PEM block of a key that "openssl pkcs8" and
// "ssh-keygen -m PKCS8" lock. The ssh library does not open it.
const lockedPKCS8 = "ENCRYPTED PRIVATE KEY"

var errScheme = errors.New("the key is locked in a way that is not supported")

// The forms of RFC 8018 and RFC 7914.
type (
	encryptedKey struct {
		Algorithm pkix.AlgorithmIdentifier
		Data      []byte
	}
	pbes2 struct{ KDF, Cipher pkix.AlgorithmIdentifier }
	pbkdf struct {
		Salt      []byte
		Rounds    int
		KeyLength int                      `asn1:"optional"`
		PRF       pkix.AlgorithmIdentifier `asn1:"optional"`
	}
	scryptParams struct {
		Salt      []byte
		N, R, P   int
		KeyLength int `asn1:"optional"`
	}
)

// openPKCS8 unlocks a private key. A wrong passphrase is
// x509.IncorrectPasswordError.
func openPKCS8(block *pem.Block, passphrase string) (any, error) {
	var locked encryptedKey
	if rest, err := asn1.Unmarshal(block.Bytes, &locked); err != nil || len(rest) > 0 {
		return nil, errScheme
	}
	var scheme pbes2
	if locked.Algorithm.Algorithm.String() != "1.2.840.113549.1.5.13" {
		return nil, errScheme
	}
	if _, err := asn1.Unmarshal(locked.Algorithm.Parameters.FullBytes, &scheme); err != nil {
		return nil, errScheme
	}
	var iv []byte
	if _, err := asn1.Unmarshal(scheme.Cipher.Parameters.FullBytes, &iv); err != nil {
		return nil, errScheme
	}
	makeCipher, length, err := cipherOf(scheme.Cipher.Algorithm)
	if err != nil {
		return nil, err
	}
	key, err := derive(scheme.KDF, passphrase, length)
	if err != nil {
		return nil, err
	}
	c, err := makeCipher(key)
	if err != nil || len(iv) != c.BlockSize() || len(locked.Data) == 0 || len(locked.Data)%c.BlockSize() != 0 {
		return nil, errScheme
	}
	plain := make([]byte, len(locked.Data))
	cipher.NewCBCDecrypter(c, iv).CryptBlocks(plain, locked.Data)
	padding := int(plain[len(plain)-1])
	if padding == 0 || padding > c.BlockSize() {
		return nil, x509.IncorrectPasswordError
	}
	raw, err := x509.ParsePKCS8PrivateKey(plain[:len(plain)-padding])
	if err != nil {
		return nil, x509.IncorrectPasswordError
	}
	return raw, nil
}

func cipherOf(id asn1.ObjectIdentifier) (func([]byte) (cipher.Block, error), int, error) {
	switch id.String() {
	case "2.16.840.1.101.3.4.1.2":
		return aes.NewCipher, 16, nil
	case "2.16.840.1.101.3.4.1.22":
		return aes.NewCipher, 24, nil
	case "2.16.840.1.101.3.4.1.42":
		return aes.NewCipher, 32, nil
	case "1.2.840.113549.3.7":
		return des.NewTripleDESCipher, 24, nil
	}
	return nil, 0, errScheme
}

// derive makes the key of a passphrase. The work it may cost is bounded: the
// numbers come from whoever wrote the key.
func derive(kdf pkix.AlgorithmIdentifier, passphrase string, length int) ([]byte, error) {
	switch kdf.Algorithm.String() {
	case "1.2.840.113549.1.5.12":
		var p pbkdf
		if _, err := asn1.Unmarshal(kdf.Parameters.FullBytes, &p); err != nil || p.Rounds < 1 || p.Rounds > 10_000_000 {
			return nil, errScheme
		}
		prf, ok := map[string]func() hash.Hash{
			"": sha1.New, "1.2.840.113549.2.7": sha1.New, "1.2.840.113549.2.9": sha256.New,
			"1.2.840.113549.2.10": sha512.New384, "1.2.840.113549.2.11": sha512.New,
		}[p.PRF.Algorithm.String()]
		if !ok {
			return nil, errScheme
		}
		return pbkdf2.Key(prf, passphrase, p.Salt, p.Rounds, length)
	case "1.3.6.1.4.1.11591.4.11":
		var p scryptParams
		if _, err := asn1.Unmarshal(kdf.Parameters.FullBytes, &p); err != nil || p.N > 1<<20 || p.R > 64 || p.P > 16 || p.N*p.R > 1<<21 {
			return nil, errScheme
		}
		return scrypt.Key([]byte(passphrase), p.Salt, p.N, p.R, p.P, length)
	}
	return nil, errScheme
}
