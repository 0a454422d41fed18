package journal

// Unsynced is how many notes a power failure may lose.
func (j *Journal) Unsynced() uint64 {
	j.syncing.Lock()
	defer j.syncing.Unlock()
	j.mu.Lock()
	defer j.mu.Unlock()
	return j.written - j.synced
}
