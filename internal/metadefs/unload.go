package metadefs

import "context"

// Unload deletes all metadata definitions.
func (l *Loader) Unload(ctx context.Context) error {
	tables, err := l.Database.UnloadMetadefs(ctx)
	if err != nil {
		return err
	}
	for _, table := range tables {
		l.Log.InfoContext(ctx, "Table "+table+" has been cleared")
	}
	return nil
}
