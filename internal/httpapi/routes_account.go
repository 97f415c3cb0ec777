package httpapi

import (
	"reflect"

	"signalbox/internal/authz"
	"signalbox/internal/httpapi/wire"
)

// addAccountRoutes are the second factor, sessions and own settings of users.
func (a *api) addAccountRoutes() {
	const tag = "users"
	const user = "/users/{user_id}"
	handle(a, Route{Method: post, Path: "/auth/verify", ID: "verify", Tag: "system", Summary: "Give the second factor of a sign-in; 204 when none is pending", Action: authz.Public, Status: 200}, a.verify)
	handle(a, Route{Method: post, Path: "/auth/recovery", ID: "recover", Tag: "system", Summary: "Complete a sign-in by a recovery code, which takes the second factor away", Action: authz.Public}, a.recover)

	handle(a, Route{Method: post, Path: user + "/2fas/totp", ID: "createTOTP", Tag: tag, Summary: "Set up a second factor; its secrets are shown only here", Action: authz.ManageOwnUser, Status: 200}, a.createTOTP)
	handle(a, Route{Method: post, Path: user + "/2fas/totp/{totp_id}/confirm", ID: "confirmTOTP", Tag: tag, Summary: "Make a second factor count by a code of it", Action: authz.ManageOwnUser}, a.confirmTOTP)
	stream(a, Route{Method: get, Path: user + "/2fas/totp/{totp_id}/qr", ID: "getTOTPQR", Tag: tag, Summary: "Draw the QR code of a second factor that is being set up", Action: authz.ManageOwnUser, Media: pngType},
		reflect.TypeFor[string](), a.totpQR)
	handle(a, Route{Method: del, Path: user + "/2fas/totp/{totp_id}", ID: "deleteTOTP", Tag: tag, Summary: "Remove a second factor; one's own in a browser by a proof", Action: authz.ManageOwnUser, BodyOptional: true}, a.deleteTOTP)
	handle(a, Route{Method: post, Path: user + "/unlock", ID: "unlockUser", Tag: tag, Summary: "Let a user try again who was locked out by wrong passwords or codes", Action: authz.ManageUsers}, a.unlockUser)

	handle(a, Route{Method: get, Path: "/user/sessions", ID: "listSessions", Tag: tag, Summary: "List the caller's sessions, the latest used first", Action: authz.UseAccount}, a.listSessions)
	handle(a, Route{Method: del, Path: "/user/sessions", ID: "deleteSessions", Tag: tag, Summary: "End the caller's other sessions", Action: authz.UseAccount}, a.deleteSessions)
	handle(a, Route{Method: del, Path: "/user/sessions/{session_id}", ID: "deleteSession", Tag: tag, Summary: "End one of the caller's sessions", Action: authz.UseAccount}, a.deleteSession)
	handle(a, Route{Method: get, Path: user + "/sessions", ID: "listUserSessions", Tag: tag, Summary: "List a user's sessions, the latest used first", Action: authz.ManageOwnUser}, a.listSessions)
	handle(a, Route{Method: del, Path: user + "/sessions", ID: "deleteUserSessions", Tag: tag, Summary: "End a user's sessions but the one that asks", Action: authz.ManageOwnUser}, a.deleteSessions)
	handle(a, Route{Method: del, Path: user + "/sessions/{session_id}", ID: "deleteUserSession", Tag: tag, Summary: "End one of a user's sessions", Action: authz.ManageOwnUser}, a.deleteSession)

	handle(a, Route{Method: get, Path: "/user/options", ID: "getUserOptions", Tag: tag, Summary: "Read what clients keep for the caller", Action: authz.UseAccount}, a.userOptions)
	stream(a, Route{Method: post, Path: "/user/options", ID: "setUserOption", Tag: tag, Summary: "Keep something for the caller", Action: authz.UseAccount, Status: 200},
		reflect.TypeFor[wire.UserOption](), a.setUserOption)
}
