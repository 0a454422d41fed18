//go:build !linux

package xattrindex

import (
	"errors"

	"glance/internal/cache"
)

// Open fails: attributes of files are known on Linux only.
func Open(string) (cache.Index, error) {
	return nil, errors.New("image_cache_driver xattr needs Linux")
}
