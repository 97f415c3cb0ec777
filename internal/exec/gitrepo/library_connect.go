package gitrepo

import (
	"crypto/tls"
	"crypto/x509"
	"errors"
	"net"
	"net/http"
	"net/url"
	"os"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/go-git/go-git/v5/plumbing/storer"
	"github.com/go-git/go-git/v5/plumbing/transport"
	gitproto "github.com/go-git/go-git/v5/plumbing/transport/git"
	githttp "github.com/go-git/go-git/v5/plumbing/transport/http"
	"github.com/go-git/go-git/v5/plumbing/transport/server"
	gitssh "github.com/go-git/go-git/v5/plumbing/transport/ssh"
	"golang.org/x/crypto/ssh"
	"golang.org/x/net/http/httpproxy"

	"signalbox/internal/exec/fault"
	"signalbox/internal/exec/keys"
)

// connectTimeout bounds reaching a server; what it then takes to pack a large
// repository is its affair, and the task's limit counts.
const connectTimeout = 30 * time.Second

// connect opens a session with the remote.
func (l *library) connect() (transport.UploadPackSession, error) {
	if dir := localPath(l.Repository); dir != "" {
		git := gitDir(dir)
		if git == "" {
			return nil, transport.ErrRepositoryNotFound
		}
		// In this process: no git is needed on the machine.
		return server.NewClient(oneRepository(git)).NewUploadPackSession(&transport.Endpoint{Protocol: "file", Path: git}, nil)
	}
	ep, err := transport.NewEndpoint(l.URL)
	if err != nil {
		return nil, fault.Wrap(err, "The address %s of the repository '%s' cannot be read. Correct it.", endpoint(l.URL), l.Name)
	}
	switch l.Kind {
	case "https":
		return l.connectHTTP(ep)
	case "ssh":
		return l.connectSSH(ep)
	case "git":
		return gitproto.DefaultClient.NewUploadPackSession(ep, nil)
	}
	return nil, fault.New("The repository '%s' uses a protocol that is not allowed. Use https or ssh.", l.Name)
}

// oneRepository serves the git directory it names.
type oneRepository string

func (dir oneRepository) Load(*transport.Endpoint) (storer.Storer, error) {
	return openStorage(string(dir)), nil
}

func (l *library) connectHTTP(ep *transport.Endpoint) (transport.UploadPackSession, error) {
	roots, err := l.authorities()
	if err != nil {
		return nil, err
	}
	proxy := (&httpproxy.Config{
		HTTPProxy: l.variable("http_proxy", "HTTP_PROXY"), HTTPSProxy: l.variable("https_proxy", "HTTPS_PROXY"), NoProxy: l.variable("no_proxy", "NO_PROXY"),
	}).ProxyFunc()
	client := &http.Client{Transport: &http.Transport{
		Proxy:               func(r *http.Request) (*url.URL, error) { return proxy(r.URL) },
		DialContext:         (&net.Dialer{Timeout: connectTimeout}).DialContext,
		TLSHandshakeTimeout: connectTimeout,
		TLSClientConfig:     &tls.Config{RootCAs: roots},
		ForceAttemptHTTP2:   true,
		DisableKeepAlives:   true, // a job makes few requests, and then must not hold connections
	}}
	var auth transport.AuthMethod
	if c := l.credential; c != nil && c.Kind == "login_password" && c.Password != "" {
		a := keys.NewAccount(l.URL, c)
		auth = &githttp.BasicAuth{Username: a.Username, Password: a.Password}
	}
	return githttp.NewClient(client).NewUploadPackSession(ep, auth)
}

// authorities are those of the machine and of the variables that git knows.
func (l *library) authorities() (*x509.CertPool, error) {
	file := l.variable("GIT_SSL_CAINFO", "SSL_CERT_FILE")
	if file == "" {
		return nil, nil // the machine's
	}
	pool, err := x509.SystemCertPool()
	if err != nil {
		pool = x509.NewCertPool()
	}
	text, err := os.ReadFile(file)
	if err != nil || !pool.AppendCertsFromPEM(text) {
		return nil, fault.Wrap(err, "The file %s, which GIT_SSL_CAINFO or SSL_CERT_FILE names, has no certificates that can be read. Correct the variable.", file)
	}
	return pool, nil
}

// variable reads the first of some variables that is set.
func (l *library) variable(names ...string) string {
	for _, name := range names {
		for _, e := range slices.Backward(l.Env) {
			if value, ok := strings.CutPrefix(e, name+"="); ok {
				return value
			}
		}
	}
	return ""
}

func (l *library) connectSSH(ep *transport.Endpoint) (transport.UploadPackSession, error) {
	auth := &sshAuth{hosts: l.KnownHosts, user: ep.User}
	if c := l.credential; c != nil && c.Kind == "ssh" && c.PrivateKey != "" {
		signer, err := l.Ring.Signer(c)
		if err != nil {
			return nil, err
		}
		auth.signers = append(auth.signers, signer)
		if auth.user == "" {
			auth.user = c.Login
		}
	}
	if auth.user == "" {
		auth.user = "git"
	}
	port := ep.Port
	if port <= 0 {
		port = 22
	}
	auth.address = net.JoinHostPort(ep.Host, strconv.Itoa(port))
	s, err := gitssh.NewClient(nil).NewUploadPackSession(ep, auth)
	if auth.refused != nil { // the library passes on only its words
		err = errors.Join(auth.refused, err)
	}
	return s, err
}

// sshAuth is how the library signs in by ssh, and how it knows the server.
type sshAuth struct {
	hosts   keys.KnownHosts
	user    string
	address string
	signers []ssh.Signer
	refused error
}

func (*sshAuth) Name() string   { return "ssh-public-keys" }
func (*sshAuth) String() string { return "ssh-public-keys" }

// ClientConfig is asked for when the connection is made.
func (a *sshAuth) ClientConfig() (*ssh.ClientConfig, error) {
	return &ssh.ClientConfig{
		User: a.user, Auth: []ssh.AuthMethod{ssh.PublicKeys(a.signers...)}, Timeout: connectTimeout,
		HostKeyAlgorithms: a.hosts.Algorithms(a.address),
		HostKeyCallback: func(address string, remote net.Addr, key ssh.PublicKey) error {
			a.refused = a.hosts.Check(address, remote, key)
			return a.refused
		},
	}, nil
}
