package main

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"time"

	"glance/test/e2e/rig"
)

// clients is how many upload at once for the measurement of memory.
const clients = 8

// bench is one run on one machine.
type bench struct {
	dir         string
	mib, rounds int

	ours      *rig.Server
	api       *rig.Client
	nginx     *exec.Cmd
	nginxURL  string
	nginxPIDs []int

	starts                    []time.Duration
	idle, loaded              int64    // bytes
	uploads, hashes, floor    []sample // floor: the hashes and a durable copy, by programs in C
	downloads, nginxDownloads []sample
}

// sample is one turn of one side.
type sample struct {
	wall, server, client time.Duration
}

func (b *bench) file() string  { return filepath.Join(b.dir, "data.raw") }
func (b *bench) small() string { return filepath.Join(b.dir, "small.raw") }

func (b *bench) measure(ctx context.Context) error {
	for _, step := range []struct {
		name string
		do   func(context.Context) error
	}{
		{"build", func(ctx context.Context) error { return rig.Build(ctx, ".", b.dir) }},
		{"random data", func(context.Context) error { return b.makeData() }},
		{"start", b.measureStart},
		{"nginx", b.startNginx},
		{"uploads", b.measureUploads},
		{"downloads", b.measureDownloads},
		{"memory", b.measureMemory},
	} {
		fmt.Fprintf(os.Stderr, "%s ...\n", step.name)
		if err := step.do(ctx); err != nil {
			return fmt.Errorf("%s: %w", step.name, err)
		}
	}
	return nil
}

func (b *bench) close() {
	if b.ours != nil {
		b.ours.Kill()
	}
	if b.nginx != nil {
		_ = b.nginx.Process.Signal(os.Interrupt) // with its workers
		_ = b.nginx.Wait()                       // its state is of no interest
	}
}

// makeData writes the file that everything is measured with, and a smaller one
// for uploads at the same time; both are left in the page cache, written back.
func (b *bench) makeData() error {
	if err := makeFile(b.small(), int64(b.mib)<<20/clients); err != nil {
		return err
	}
	return makeFile(b.file(), int64(b.mib)<<20)
}

func makeFile(name string, size int64) (err error) {
	f, err := os.Create(name)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, f.Close()) }()
	if err := f.Chmod(0o644); err != nil { // nginx's workers are somebody else
		return err
	}
	if _, err := io.CopyN(f, rand.Reader, size); err != nil {
		return err
	}
	return f.Sync()
}

func (b *bench) launch(ctx context.Context) (*rig.Server, error) {
	conf := filepath.Join(b.dir, "glance-api.conf")
	text := fmt.Sprintf(`[DEFAULT]
bind_host = 127.0.0.1
bind_port = 0
node_staging_uri = file://%[1]s/staging
[database]
connection = sqlite:///%[1]s/glance.sqlite
[glance_store]
filesystem_store_datadir = %[1]s/images
[task]
work_dir = %[1]s/tasks
`, b.dir)
	if err := os.WriteFile(conf, []byte(text), 0o600); err != nil {
		return nil, err
	}
	return rig.Start(ctx, rig.Command{Path: filepath.Join(b.dir, "glance-api"), Args: []string{"--config-file", conf}, Dir: b.dir})
}

// measureStart starts the server several times and leaves the last one
// running. The first start also makes the database and does not count.
func (b *bench) measureStart(ctx context.Context) error {
	const starts = 5
	for i := range starts + 1 {
		begin := time.Now()
		s, err := b.launch(ctx)
		if err != nil {
			return err
		}
		b.ours, b.api = s, &rig.Client{Base: s.URL}
		if _, err := b.api.List(ctx); err != nil {
			return err
		}
		if i > 0 {
			b.starts = append(b.starts, time.Since(begin))
		}
		if i < starts {
			if err := s.Stop(); err != nil {
				return err
			}
		}
	}
	var err error
	b.idle, err = rig.PSS(b.ours.PID)
	return err
}

// timed runs commands at the same time and gives the time of the slowest and
// what they used together; pids are the servers that work meanwhile.
func (b *bench) timed(pids []int, commands ...*exec.Cmd) (sample, error) {
	before, err := cpu(pids)
	if err != nil {
		return sample{}, err
	}
	begin := time.Now()
	for _, c := range commands {
		if err := c.Start(); err != nil {
			return sample{}, err
		}
	}
	var s sample
	for _, c := range commands {
		if err := c.Wait(); err != nil {
			return sample{}, fmt.Errorf("%s: %w", c.Path, err)
		}
		s.client += c.ProcessState.UserTime() + c.ProcessState.SystemTime()
	}
	s.wall = time.Since(begin)
	after, err := cpu(pids)
	s.server = after - before
	return s, err
}

func cpu(pids []int) (time.Duration, error) {
	var sum time.Duration
	for _, pid := range pids {
		t, err := rig.CPU(pid)
		if err != nil {
			return 0, err
		}
		sum += t
	}
	return sum, nil
}

func (b *bench) newImage(ctx context.Context) (string, error) {
	img, err := b.api.Create(ctx, map[string]any{"name": "bench", "disk_format": "raw", "container_format": "bare"})
	if err != nil {
		return "", err
	}
	return img.ID, nil
}

func (b *bench) put(ctx context.Context, id, file string) *exec.Cmd {
	return exec.CommandContext(ctx, "curl", "-sSf", "-T", file, "-H", "Content-Type: "+rig.OctetStream,
		b.api.Base+"/v2/images/"+id+"/file")
}

func fetch(ctx context.Context, url string) *exec.Cmd {
	return exec.CommandContext(ctx, "curl", "-sSf", "-o", "/dev/null", url)
}

func (b *bench) measureUploads(ctx context.Context) error {
	for range b.rounds {
		id, err := b.newImage(ctx)
		if err != nil {
			return err
		}
		ours, err := b.timed([]int{b.ours.PID}, b.put(ctx, id, b.file()))
		if err != nil {
			return err
		}
		if err := b.api.Delete(ctx, id); err != nil {
			return err
		}
		theirs, err := b.timed(nil, b.hashing(ctx)...)
		if err != nil {
			return err
		}
		floor, err := b.timed(nil, append(b.hashing(ctx),
			exec.CommandContext(ctx, "dd", "if="+b.file(), "of="+b.file()+".copy", "bs=1M", "conv=fsync", "status=none"))...)
		if err := errors.Join(err, os.Remove(b.file()+".copy")); err != nil {
			return err
		}
		for _, s := range []*sample{&theirs, &floor} {
			s.server, s.client = s.client, 0 // this is the work, nobody is a client
		}
		b.uploads, b.hashes, b.floor = append(b.uploads, ours), append(b.hashes, theirs), append(b.floor, floor)
	}
	return nil
}

func (b *bench) hashing(ctx context.Context) []*exec.Cmd {
	return []*exec.Cmd{
		exec.CommandContext(ctx, "openssl", "md5", b.file()), exec.CommandContext(ctx, "openssl", "sha512", b.file()),
	}
}

func (b *bench) measureDownloads(ctx context.Context) error {
	id, err := b.newImage(ctx)
	if err != nil {
		return err
	}
	if err := b.put(ctx, id, b.file()).Run(); err != nil {
		return err
	}
	for i := range b.rounds + 1 {
		ours, err := b.timed([]int{b.ours.PID}, fetch(ctx, b.api.Base+"/v2/images/"+id+"/file"))
		if err != nil {
			return err
		}
		theirs, err := b.timed(b.nginxPIDs, fetch(ctx, b.nginxURL))
		if err != nil {
			return err
		}
		if i > 0 { // the first round warms up
			b.downloads, b.nginxDownloads = append(b.downloads, ours), append(b.nginxDownloads, theirs)
		}
	}
	return b.api.Delete(ctx, id)
}

// measureMemory takes the highest of many looks while eight clients upload.
func (b *bench) measureMemory(ctx context.Context) error {
	var commands []*exec.Cmd
	var ids []string
	for range clients {
		id, err := b.newImage(ctx)
		if err != nil {
			return err
		}
		ids = append(ids, id)
		commands = append(commands, b.put(ctx, id, b.small()))
	}
	done := make(chan error, 1)
	go func() {
		_, err := b.timed(nil, commands...)
		done <- err
	}()
	look := time.NewTicker(20 * time.Millisecond)
	defer look.Stop()
	for {
		select {
		case err := <-done:
			for _, id := range ids {
				err = errors.Join(err, b.api.Delete(ctx, id))
			}
			return err
		case <-look.C:
			now, err := rig.PSS(b.ours.PID)
			if err != nil {
				return err
			}
			b.loaded = max(b.loaded, now)
		}
	}
}
