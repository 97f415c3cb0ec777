package app

import (
	"context"
	"log/slog"
	"os"
	"os/signal"
	"syscall"
	"time"

	"signalbox/internal/config"
	"signalbox/internal/domain"
	"signalbox/internal/secrets"
	"signalbox/internal/secrets/vault"
)

// ringPoll is how often the server looks for other keys.
const ringPoll = 15 * time.Second

// loadRing reads the keys of stored secrets.
func loadRing(c *config.Config) (*secrets.Keyring, error) {
	ring, err := secrets.Load(c.Keys.File, c.Keys.AccessKeyEncryption.Reveal())
	if err != nil {
		return nil, domain.Invalid("encryption.keys_file", "%s", err)
	}
	return ring, nil
}

// watchRing reads the keys file again now and then and at SIGHUP. Keys that
// cannot be read change nothing.
func watchRing(ctx context.Context, c *config.Config, ring *secrets.Keyring, log *slog.Logger) error {
	hangup := make(chan os.Signal, 1)
	signal.Notify(hangup, syscall.SIGHUP)
	defer signal.Stop(hangup)
	tick := time.NewTicker(ringPoll)
	defer tick.Stop()
	last := ""
	for {
		asked := false
		select {
		case <-ctx.Done():
			return nil
		case <-hangup:
			asked = true
		case <-tick.C:
		}
		if c.Keys.File == "" {
			continue
		}
		fresh, err := loadRing(c)
		switch {
		case err != nil:
			if asked || err.Error() != last { // once, not every time
				log.Error("the keys of stored secrets cannot be read; the ones in use stay", "error", err)
			}
			last = err.Error()
			continue
		case !fresh.Equal(ring):
			ring.Replace(fresh)
			log.Info("read the keys of stored secrets again", "active", fresh.Keys()[0].ID, "keys", len(fresh.Keys()))
		case asked:
			log.Info("the keys of stored secrets are the same")
		}
		last = ""
	}
}

// CheckVault says which keys the stored secrets need.
func (a *admin) CheckVault(ctx context.Context) (vault.Report, error) {
	return vault.Check(ctx, a.store, a.ring)
}

// Rekey seals stored secrets again with the active key; the old keys only open.
func (a *admin) Rekey(ctx context.Context, how vault.How, old []domain.Secret) (vault.Done, error) {
	ring := a.ring
	for _, key := range old {
		var err error
		if ring, err = ring.With(key.Reveal()); err != nil {
			return vault.Done{}, domain.Invalid("--old-key", "%s", err)
		}
	}
	return vault.Rekey(ctx, a.store, ring, how)
}

// RollbackVault puts back what a backup of Rekey holds.
func (a *admin) RollbackVault(ctx context.Context, file string, dry bool) (vault.Done, error) {
	return vault.Rollback(ctx, a.store, a.ring, file, dry)
}
