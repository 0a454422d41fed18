package file

import (
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"os"
	"strconv"
	"sync"

	"glance/internal/store"
)

// Config holds the options of a store of type file.
type Config struct {
	Datadir      string `ini:"filesystem_store_datadir" default:"/var/lib/glance/images" help:"Directory to which the filesystem backend store writes images. It is made when it is missing."`
	MetadataFile string `ini:"filesystem_store_metadata_file" help:"File of one JSON object, or a list of them, with id and mountpoint: the one that holds an image is added to the metadata of its location."`
	FilePerm     int    `ini:"filesystem_store_file_perm" default:"0" help:"Permissions of image files, in octal digits (640); 0 leaves them to the umask."`
	ChunkSize    int    `ini:"filesystem_store_chunk_size" default:"65536" min:"1" help:"Bytes of the chunks that thin provisioning looks at."`
	Thin         bool   `ini:"filesystem_thin_provisioning" default:"false" help:"Leave a hole in the file for every chunk that is all zero."`

	// Local system calls need no pool of threads and no time limit here.
	Timeout             int `ini:"filesystem_store_timeout" default:"0" min:"0" accept:"true" help:"Limit in seconds for calls that ask for sizes and delete; without effect."`
	ThreadPoolSize      int `ini:"filesystem_store_thread_pool_size" default:"10" min:"1" accept:"true" help:"Threads for calls with a limit; without effect."`
	ThreadPoolThreshold int `ini:"filesystem_store_threadpool_threshold" default:"75" min:"1" max:"100" accept:"true" help:"Percentage of threads in use that is worth a warning; without effect."`

	// Datadirs are the values of filesystem_store_datadirs, dir[:priority].
	Datadirs []string
}

// bufferSize is what is written at once when the source does not hand out
// buffers of its own.
const bufferSize = 1 << 20

// Store is an open store of files.
type Store struct {
	dirs    []dir // by priority, highest first
	many    bool  // whether there is a choice of directories
	perm    os.FileMode
	setPerm bool
	chunk   int
	thin    bool
	mounts  []mount
	log     *slog.Logger
	buffers sync.Pool
}

// Open makes directories as far as they are missing and checks the options. A
// *store.BadConfig comes with a Store that can be read but not written.
func Open(cfg Config, log *slog.Logger) (*Store, error) {
	s := &Store{chunk: cfg.ChunkSize, thin: cfg.Thin, log: log}
	if s.chunk <= 0 {
		s.chunk = 65536
	}
	s.buffers.New = func() any { return new([bufferSize]byte) }
	return s, s.configure(cfg)
}

func (s *Store) configure(cfg Config) error {
	// What reads need comes first: it holds although the rest may fail.
	dirsErr := s.setDirs(cfg)
	permErr := s.setFilePerm(cfg.FilePerm)
	if err := errors.Join(dirsErr, permErr); err != nil {
		return err
	}
	for _, d := range s.dirs {
		if err := s.prepare(d.path); err != nil {
			return err
		}
	}
	if cfg.MetadataFile == "" {
		return nil
	}
	mounts, err := readMounts(cfg.MetadataFile)
	s.mounts = mounts
	return err
}

// setFilePerm reads the permissions: octal digits that an integer option holds.
func (s *Store) setFilePerm(value int) error {
	if value <= 0 {
		return nil
	}
	perm, err := strconv.ParseUint(strconv.Itoa(value), 8, 12)
	if err != nil {
		return bad("Invalid value %d of filesystem_store_file_perm: octal digits are wanted", value)
	}
	if perm&0o400 == 0 {
		return bad("Please ensure filesystem_store_file_perm lets the owner read: %d", value)
	}
	s.perm, s.setPerm = os.FileMode(perm&0o777), true
	if perm&0o4000 != 0 {
		s.perm |= fs.ModeSetuid
	}
	if perm&0o2000 != 0 {
		s.perm |= fs.ModeSetgid
	}
	if perm&0o1000 != 0 {
		s.perm |= fs.ModeSticky
	}
	return nil
}

// prepare makes a directory that is missing and checks that it can be written.
func (s *Store) prepare(path string) error {
	if err := os.MkdirAll(path, 0o777); err != nil { // Compat: the umask decides, as in the original
		return bad("Unable to create datadir: %s", path)
	}
	if !writable(path) {
		return bad("Permission to write in %s denied", path)
	}
	return s.letPass(path)
}

// letPass lets those into the directory who may read its files.
func (s *Store) letPass(path string) error {
	info, err := os.Stat(path)
	if err != nil {
		return bad("Unable to read datadir: %s", path)
	}
	mode := info.Mode()
	if s.perm&0o007 != 0 {
		mode |= 0o001
	}
	if s.perm&0o070 != 0 {
		mode |= 0o010
	}
	if mode == info.Mode() {
		return nil
	}
	if err := os.Chmod(path, mode); err != nil {
		s.log.Warn("Unable to set execution permission of owner-group and/or other-users to datadir",
			"datadir", path, "error", err)
	}
	return nil
}

// Info describes the store.
func (s *Store) Info() store.Info {
	properties := map[string]any{"data_dir": nil, "chunk_size": s.chunk, "thin_provisioning": s.thin}
	if d, err := s.choose(0); err == nil {
		properties["data_dir"] = d
	}
	return store.Info{Type: "file", Schemes: []string{"file", "filesystem"}, RandomRead: true, Properties: properties}
}

func bad(format string, args ...any) error {
	return &store.BadConfig{Store: "filesystem", Reason: fmt.Sprintf(format, args...)}
}
