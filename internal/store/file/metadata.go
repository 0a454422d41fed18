package file

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"os"
	"slices"
	"strings"
)

// mount tells where a shared file system is mounted, so that a hypervisor that
// has it too can use an image in place.
type mount struct {
	point string
	entry map[string]any // as it was read: all of it becomes metadata
}

// readMounts reads the file of option filesystem_store_metadata_file.
func readMounts(path string) ([]mount, error) {
	text, err := os.ReadFile(path)
	if err != nil {
		return nil, bad("The path for the metadata file %s could not be accessed: %v.", path, err)
	}
	mounts, err := parseMounts(text)
	if err != nil {
		return nil, bad("The JSON in the metadata file %s is not valid and it can not be used: %v.", path, err)
	}
	return mounts, nil
}

func parseMounts(text []byte) ([]mount, error) {
	text = bytes.TrimSpace(text)
	if bytes.HasPrefix(text, []byte("{")) {
		text = append(append([]byte("["), text...), ']')
	}
	var entries []map[string]any
	if err := json.Unmarshal(text, &entries); err != nil {
		return nil, err
	}
	if len(entries) == 0 {
		return nil, errors.New("it is empty")
	}
	mounts := make([]mount, len(entries))
	for i, entry := range entries {
		point, ok := entry["mountpoint"].(string)
		if !ok {
			return nil, fmt.Errorf("entry %d has no mountpoint", i)
		}
		if _, ok := entry["id"].(string); !ok {
			return nil, fmt.Errorf("entry %d has no id", i)
		}
		if !onlyText(entry) {
			return nil, fmt.Errorf("entry %d holds more than texts, lists and objects", i)
		}
		mounts[i] = mount{point, entry}
	}
	return mounts, nil
}

// onlyText reports whether v is what the metadata of a location may be.
func onlyText(v any) bool {
	switch v := v.(type) {
	case string:
		return true
	case []any:
		return !slices.ContainsFunc(v, func(item any) bool { return !onlyText(item) })
	case map[string]any:
		for _, item := range v {
			if !onlyText(item) {
				return false
			}
		}
		return true
	}
	return false
}

// metadata gives what the location of a file says besides its URL.
func (s *Store) metadata(path string) map[string]any {
	for _, m := range s.mounts {
		if strings.HasPrefix(path, m.point) {
			return maps.Clone(m.entry)
		}
	}
	if len(s.mounts) > 0 {
		s.log.Error("The image path does not start with any of the mountpoints of the metadata file", "path", path)
	}
	return map[string]any{}
}
