// Command schemadocs writes internal/httpapi/schemadocs.go: what the shapes of
// the API are, in the words of the comments of their types.
package main

import (
	"encoding/json"
	"fmt"
	"os"

	"signalbox/internal/httpapi"
	"signalbox/internal/httpapi/schemadocs"
)

func main() {
	if err := run(); err != nil {
		fmt.Fprintln(os.Stderr, "schemadocs:", err)
		os.Exit(1)
	}
}

func run() error {
	doc, err := httpapi.OpenAPI()
	if err != nil {
		return err
	}
	var d struct {
		Components struct{ Schemas map[string]json.RawMessage }
	}
	if err := json.Unmarshal(doc, &d); err != nil {
		return err
	}
	source, err := schemadocs.Source(".", d.Components.Schemas)
	if err != nil {
		return err
	}
	return os.WriteFile("internal/httpapi/schemadocs.go", source, 0o644)
}
