package schema

import "fmt"

// TooNewError is given for a database that a newer program has migrated.
type TooNewError struct{ Have, Know int64 }

func (e *TooNewError) Error() string {
	return fmt.Sprintf("its schema has version %d, this program knows up to %d: use the newer program, or the snapshot made before the upgrade",
		e.Have, e.Know)
}

// IrreversibleError is given for a step that cannot be undone.
type IrreversibleError struct{ Version int64 }

func (e *IrreversibleError) Error() string {
	return fmt.Sprintf("the step to version %d cannot be undone; restore the copy made before the upgrade", e.Version)
}

// NoSuchVersionError is given for a version that this program does not know.
type NoSuchVersionError struct{ Want, Latest int64 }

func (e *NoSuchVersionError) Error() string {
	return fmt.Sprintf("there is no version %d; the latest is %d", e.Want, e.Latest)
}
