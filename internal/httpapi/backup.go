package httpapi

import (
	"signalbox/internal/backup"
	"signalbox/internal/httpapi/wire"
)

func (a *api) backup(c *call, _ *none) (backup.Document, error) {
	return a.Catalog.Backup(c.r.Context(), c.grant)
}

func (a *api) backupWithSecrets(c *call, in *wire.BackupInput) (backup.Document, error) {
	return a.Catalog.BackupWithSecrets(c.r.Context(), c.grant, in.Passphrase.Secret())
}

func (a *api) restore(c *call, in *wire.RestoreInput) (wire.RestoredProject, error) {
	done, err := a.Catalog.Restore(c.r.Context(), c.actor(), in.Document, in.Passphrase.Secret())
	return wire.RestoredProject{Project: wire.FromProject(done.Project), Warnings: done.Warnings}, err
}
