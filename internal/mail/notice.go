package mail

import (
	"strings"

	"signalbox/internal/domain"
)

// Notice is something that happened to an account and that its user should know.
type Notice string

const (
	PasswordChanged Notice = "password changed"
	PasswordReset   Notice = "password reset"
	PasswordSet     Notice = "password set"
	FactorOn        Notice = "factor on"
	FactorOff       Notice = "factor off"
	FactorRecovered Notice = "factor recovered"
	TokenMade       Notice = "token made"
	EmailChanged    Notice = "email changed"
)

func (n Notice) words() (subject, line string) {
	switch n {
	case PasswordChanged:
		return "Your password was changed", "The password of your Signalbox account %s was changed. All other browsers were signed out."
	case PasswordReset:
		return "Your password was reset", "The password of your Signalbox account %s was set by a link sent to this address. All browsers were signed out."
	case PasswordSet:
		return "Your password was set by an administrator", "An administrator set the password of your Signalbox account %s. All browsers were signed out."
	case FactorOn:
		return "Second factor switched on", "A second factor was set up for your Signalbox account %s."
	case FactorOff:
		return "Second factor switched off", "The second factor of your Signalbox account %s was removed."
	case FactorRecovered:
		return "A recovery code was used", "Your Signalbox account %s was entered by a recovery code, and its second factor was removed."
	case TokenMade:
		return "New API token", "A new API token was made for your Signalbox account %s."
	}
	return "Your e-mail address was changed", "The e-mail address of your Signalbox account %s was changed. Letters go to the new one from now on."
}

// About writes the letter about a notice to the user it is about. The address is
// where it was done from, "" when that is not known.
func (n Notice) About(user domain.User, address, webHost string) Message {
	subject, line := n.words()
	l := Letter{
		Subject: subject, Lines: []string{strings.Replace(line, "%s", user.Username, 1)},
		Footer: "If this was neither you nor your administrator, tell your administrator at once.",
	}
	if address != "" {
		l.Lines = append(l.Lines, "It was done from the address "+address+".")
	}
	if webHost != "" {
		l.Link, l.Action = webHost+"/account", "Look at your account"
	}
	return l.To(user.Email, user.Name)
}
