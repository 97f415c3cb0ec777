// Command openapi writes the description of the HTTP API to api/openapi.json,
// or to the file named as its argument.
package main

import (
	"fmt"
	"os"

	"signalbox/internal/httpapi"
)

func main() {
	path := "api/openapi.json"
	if len(os.Args) > 1 {
		path = os.Args[1]
	}
	doc, err := httpapi.OpenAPI()
	if err == nil {
		err = os.WriteFile(path, doc, 0o644)
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, "openapi:", err)
		os.Exit(1)
	}
}
