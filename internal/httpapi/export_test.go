package httpapi

import "github.com/danielgtaylor/huma/v2"

// Described returns the description as it is published, for tests to hold the
// server to it.
func Described() (*huma.OpenAPI, error) {
	a := newAPI(Deps{}, true)
	_, err := a.document()
	return a.huma.OpenAPI(), err
}
