package webhook

import (
	"errors"
	"net"
	"net/netip"
	"net/url"
	"slices"
	"strings"
)

// errLinkLocal is about addresses that are never called.
var errLinkLocal = errors.New("the address is link-local or belongs to the metadata service of a cloud, which is never called")

// CheckURL checks the address of a service as far as that is possible without
// calling it. Its error does not show the address.
func CheckURL(text string) error {
	u, err := url.Parse(text)
	if err != nil || u.Scheme != "http" && u.Scheme != "https" || u.Hostname() == "" || u.Fragment != "" {
		return errors.New("the address is not one such as https://chat.example.org/hooks/1")
	}
	// A proxy would be asked for it instead of being called.
	if ip, err := netip.ParseAddr(strings.TrimSuffix(u.Hostname(), ".")); err == nil && forbidden(ip) {
		return errLinkLocal
	}
	if strings.EqualFold(strings.TrimSuffix(u.Hostname(), "."), "metadata.google.internal") {
		return errLinkLocal
	}
	return nil
}

// checkAddress checks what a connection is made to, after names were looked up.
func checkAddress(address string) error {
	host, _, err := net.SplitHostPort(address)
	if err != nil {
		return err
	}
	ip, err := netip.ParseAddr(host)
	if err != nil {
		return err
	}
	if forbidden(ip) {
		return errLinkLocal
	}
	return nil
}

// metadata are addresses of clouds that are not link-local.
func metadata() []netip.Addr {
	return []netip.Addr{
		netip.MustParseAddr("100.100.100.200"), // Alibaba
		netip.MustParseAddr("168.63.129.16"),   // Azure
		netip.MustParseAddr("192.0.0.192"),     // Oracle
		netip.MustParseAddr("fd00:ec2::254"),   // Amazon
	}
}

// forbidden reports whether nothing is sent to an address. IPv4 addresses are
// found inside of IPv6 ones too, since a gateway may unpack them.
func forbidden(ip netip.Addr) bool {
	ip = ip.Unmap().WithZone("")
	if ip.IsLinkLocalUnicast() || ip.IsMulticast() || ip.IsUnspecified() || slices.Contains(metadata(), ip) {
		return true
	}
	if !ip.Is6() {
		return ip == netip.AddrFrom4([4]byte{255, 255, 255, 255})
	}
	b := ip.As16()
	switch {
	case netip.MustParsePrefix("64:ff9b::/96").Contains(ip):
		return forbidden(netip.AddrFrom4([4]byte(b[12:])))
	case netip.MustParsePrefix("2002::/16").Contains(ip):
		return forbidden(netip.AddrFrom4([4]byte(b[2:6])))
	}
	return false
}
