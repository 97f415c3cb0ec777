package httpapi_test

import "signalbox/internal/auth"

func authClient() auth.Client { return auth.Client{Address: "192.0.2.1", UserAgent: "test"} }
