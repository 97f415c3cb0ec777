package httpapi

import "signalbox/internal/authz"

// addSignInRoutes are the steps of a sign-in beyond the password, and the way
// back for who forgot it. The session they need is half of one or none.
func (a *api) addSignInRoutes() {
	const tag = "system"
	handle(a, Route{Method: post, Path: "/auth/login/email", ID: "loginByMail", Tag: tag, Summary: "Have a code mailed and sign in by it; the same answer for every address", Action: authz.Public}, a.loginByMail)
	handle(a, Route{Method: post, Path: "/auth/login/email/resend", ID: "resendMailedCode", Tag: tag, Summary: "Have another code mailed, a minute after the last at the earliest", Action: authz.Public, BodyOptional: true}, a.resendMail)
	handle(a, Route{Method: post, Path: "/auth/password", ID: "changeRequiredPassword", Tag: tag, Summary: "Choose the password that the sign-in asks for (401 PASSWORD_CHANGE_REQUIRED)", Action: authz.Public}, a.changeRequired)
	handle(a, Route{Method: post, Path: "/auth/enrol", ID: "enrolRequiredFactor", Tag: tag, Summary: "Set up the second factor that the sign-in asks for (401 MFA_ENROLMENT_REQUIRED); its first code goes to /auth/verify", Action: authz.Public, Status: 200, BodyOptional: true}, a.enrolRequired)
	handle(a, Route{Method: post, Path: "/auth/reset", ID: "askPasswordReset", Tag: tag, Summary: "Have a link to a new password mailed; the same answer for every name", Action: authz.Public}, a.askReset)
	handle(a, Route{Method: post, Path: "/auth/reset/confirm", ID: "resetPassword", Tag: tag, Summary: "Set a password by a mailed link", Action: authz.Public}, a.resetPassword)
}
