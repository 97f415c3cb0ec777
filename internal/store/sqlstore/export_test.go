package sqlstore

import "io/fs"

// WithSteps returns the configuration with other steps than the built-in ones.
func WithSteps(c Config, steps fs.FS) Config {
	c.steps = steps
	return c
}
