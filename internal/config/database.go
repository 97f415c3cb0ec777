package config

import (
	"fmt"
	"net/url"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"signalbox/internal/domain"
)

// Where describes the database without secrets, and the same way every time.
func (d Database) Where() string {
	if d.Dialect == "sqlite" || d.Dialect == "bolt" {
		return d.Dialect + " " + d.Path
	}
	s := d.Server()
	return fmt.Sprintf("%s %s on %s", d.Dialect, s.Name, s.Address())
}

// LoadDatabase finds the database that an argument of the command line names:
// sqlite:PATH, bolt:PATH, postgres://user@host/name?option=value and
// mysql://user@host/name?option=value, or a configuration file. Flag is what the
// argument belongs to, such as "--to".
//
// A file is read without the variables of databases, since those belong to the
// configured one. Instead, the password may come from SIGNALBOX_TO_DB_PASS, or
// the file that SIGNALBOX_TO_DB_PASS_FILE names, for the flag --to. From an
// address only the field Database is set.
func LoadDatabase(o Options, flag, text string) (*Config, *Report, error) {
	l := &loader{options: o, env: environment(o.Environ), report: &Report{origins: map[string]string{}}}
	variable := strings.ToUpper(strings.TrimLeft(flag, "-")) + "_DB_PASS"
	l.markSecret(nativePrefix + variable)
	l.markSecret(referencePrefix + variable)
	_, password, _ := l.variable(option{key: "password", env: variable, secret: true})
	d, isAddress, err := parseDatabase(text)
	if err != nil {
		l.problem(flag, "", err.Error())
	}
	if len(l.problems) > 0 {
		return nil, l.report, &Error{Problems: l.problems}
	}
	c, report := &Config{Database: d}, l.report
	if !isAddress {
		o.Path, o.PathFlag, o.NoFile = text, flag, false
		o.Environ = slices.DeleteFunc(slices.Clone(o.Environ), isDatabaseVariable)
		if c, report, err = Load(o); err != nil {
			return nil, report, err
		}
		report.SecretVariables = append(report.SecretVariables, l.report.SecretVariables...)
	}
	if password != "" {
		c.Database.MySQL.Password, c.Database.Postgres.Password = domain.Secret(password), domain.Secret(password)
	}
	return c, report, nil
}

func isDatabaseVariable(entry string) bool {
	name, _, _ := strings.Cut(entry, "=")
	for _, prefix := range []string{nativePrefix, referencePrefix} {
		if suffix, ours := strings.CutPrefix(name, prefix); ours && (suffix == "DB" || strings.HasPrefix(suffix, "DB_")) {
			return true
		}
	}
	return false
}

// parseDatabase reads an address; false for a text that is none. What the text
// holds is never repeated: there may be a password in it all the same.
func parseDatabase(text string) (d Database, ok bool, err error) {
	scheme, rest, found := strings.Cut(text, ":")
	if !found {
		return d, false, nil
	}
	switch scheme {
	case "sqlite", "bolt":
		path := strings.TrimPrefix(rest, "//")
		if path == "" {
			return d, true, errorText("name the file: " + scheme + ":PATH")
		}
		d.Dialect = scheme
		d.Path, err = filepath.Abs(path)
		return d, true, err
	case "postgres", "postgresql":
		d.Dialect = "postgres"
		d.Postgres, err = parseServer(text)
		return d, true, err
	case "mysql", "mariadb":
		d.Dialect = "mysql"
		d.MySQL, err = parseServer(text)
		return d, true, err
	}
	if strings.HasPrefix(rest, "//") {
		return d, true, errorText("this kind of address is not known; use sqlite:PATH, bolt:PATH, postgres://… or mysql://…")
	}
	if _, err := os.Stat(text); err != nil && strings.Contains(rest, "@") { // the form of a driver, with a password perhaps
		return d, true, errorText("neither a configuration file nor an address; use sqlite:PATH, bolt:PATH, postgres://… or mysql://…")
	}
	return d, false, nil
}

func parseServer(text string) (s DatabaseServer, err error) {
	u, err := url.Parse(text)
	if err != nil {
		return s, errorText("the address cannot be read; write it as postgres://user@host:port/name?option=value, with %xx for special characters")
	}
	if _, given := u.User.Password(); given {
		return s, errorText("the address holds a password, which other users of the machine can see; give it by a variable (…_DB_PASS or …_DB_PASS_FILE) or use a configuration file")
	}
	s = databaseServer()
	s.Host, s.User, s.Name = u.Host, u.User.Username(), strings.TrimPrefix(u.Path, "/")
	query, err := url.ParseQuery(u.RawQuery)
	if err != nil {
		return s, errorText("the options of the address cannot be read")
	}
	for name, values := range query {
		switch name {
		case "host": // a socket, which has no place before the path
			s.Host = values[0]
		case "password", "passwd":
			return s, errorText("the address holds a password, which other users of the machine can see; give it by a variable (…_DB_PASS or …_DB_PASS_FILE) or use a configuration file")
		default:
			if s.Options == nil {
				s.Options = map[string]domain.Secret{}
			}
			s.Options[name] = domain.Secret(values[0])
		}
	}
	for _, needed := range []struct{ what, value string }{{"host", s.Host}, {"user", s.User}, {"name", s.Name}} {
		if needed.value == "" {
			return s, errorText("the address has no " + needed.what + " (of host, user and name of the database)")
		}
	}
	return s, nil
}
