package wire

import "signalbox/internal/backup"

// BackupInput asks for a backup with secrets.
type BackupInput struct {
	Passphrase Plain `json:"passphrase" doc:"Encrypts the secrets; at least 10 characters"`
}

// RestoreInput is a document to restore.
type RestoreInput struct {
	backup.Document
	Passphrase Plain `json:"passphrase,omitempty" doc:"Opens the secrets of the document; without it they are left out"`
}

// RestoredProject is a project that was made of a document.
type RestoredProject struct {
	Project
	Warnings []string `json:"warnings,omitempty" doc:"What could not be taken over"`
}
