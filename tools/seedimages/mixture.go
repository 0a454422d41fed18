package main

import (
	"fmt"
	"math/rand/v2"
	"time"
)

// seeder makes images one after the other, the same ones for the same numbers.
type seeder struct {
	count, public, projects int
	rand                    *rand.Rand
	at                      time.Time
	step                    time.Duration

	images, properties, tags, locations, members *table
	tables                                       []*table // parents first

	owned, shared map[int]int // live images of projects, accepted memberships
	unique        string      // a name that one image has
}

func newSeeder(count int, seed uint64, public int) *seeder {
	s := &seeder{
		count: count, public: public, projects: max(count/200, 5), rand: rand.New(rand.NewPCG(seed, 0x676c616e6365)),
		at: time.Date(2021, 1, 1, 0, 0, 0, 0, time.UTC), step: 5 * 365 * 24 * time.Hour / time.Duration(count),
		owned: map[int]int{}, shared: map[int]int{},
	}
	child := func(name string, columns ...string) *table {
		return &table{name: name, columns: append([]string{"image_id", "created_at", "updated_at", "deleted_at", "deleted"}, columns...)}
	}
	s.images = &table{name: "images", columns: []string{
		"id", "created_at", "updated_at", "deleted_at", "deleted", "name", "status", "visibility", "owner", "disk_format", "container_format",
		"size", "virtual_size", "checksum", "os_hash_algo", "os_hash_value", "min_disk", "min_ram", "protected", "os_hidden",
	}}
	s.properties, s.tags = child("image_properties", "name", "value"), child("image_tags", "value")
	s.locations = child("image_locations", "value", "meta_data", "status")
	s.members = child("image_members", "member", "can_share", "status")
	s.tables = []*table{s.images, s.properties, s.tags, s.locations, s.members}
	return s
}

// image is what the children of an image need to know of it.
type image struct {
	id      string
	owner   int
	shared  bool
	data    bool
	stamps  []any // of the row and of each child
	deleted bool
}

func (s *seeder) image(n int) {
	s.at = s.at.Add(s.step/2 + time.Duration(s.rand.Int64N(int64(s.step)+1)))
	visibility, status := s.visibility(), s.status()
	img := image{id: s.uuid(), owner: s.project(), shared: visibility == "shared", deleted: s.percent(20), data: status != "queued" && status != "killed"}
	updated := s.at.Add(time.Duration(s.rand.Int64N(int64(30 * 24 * time.Hour))))
	img.stamps = []any{s.at, updated, nil, img.deleted}
	if img.deleted {
		status, img.stamps[2] = "deleted", updated
	} else {
		s.owned[img.owner]++
	}
	var size, virtual, checksum, algorithm, hash any
	if img.data {
		size, virtual = s.rand.Int64N(20<<30), int64(20<<30)
		checksum, algorithm, hash = s.hex(32), "sha512", s.hex(128)
	}
	s.images.add(append(append([]any{img.id}, img.stamps...), s.name(n), status, visibility, project(img.owner),
		s.one("qcow2", "raw", "raw", "vmdk", "iso"), "bare", size, virtual, checksum, algorithm, hash,
		s.rand.IntN(40), 512*s.rand.IntN(8), s.percent(5), s.percent(2))...)
	s.children(img)
}

func (s *seeder) children(img image) {
	row := func(t *table, values ...any) { t.add(append(append([]any{img.id}, img.stamps...), values...)...) }
	for _, name := range []string{"os_distro", "os_version", "architecture", "hw_disk_bus", "hw_qemu_guest_agent", "base_image_ref", "instance_uuid", "image_type"} {
		if s.percent(50) {
			row(s.properties, name, s.property(name))
		}
	}
	tag := s.rand.IntN(20)
	for range s.rand.IntN(4) {
		row(s.tags, fmt.Sprintf("tag-%02d", tag))
		tag = (tag + 1 + s.rand.IntN(5)) % 20
	}
	if img.data {
		status := "active"
		if img.deleted {
			status = "deleted"
		}
		row(s.locations, "file:///var/lib/glance/images/"+img.id, `{"store": "file"}`, status)
	}
	if !img.shared || !s.percent(10) {
		return
	}
	seen := map[int]bool{img.owner: true}
	for range 1 + s.rand.IntN(5) {
		member, status := s.projects-1-s.project(), s.one("accepted", "accepted", "accepted", "pending", "rejected")
		if seen[member] {
			continue
		}
		seen[member] = true
		row(s.members, project(member), s.percent(10), status)
		if status == "accepted" && !img.deleted {
			s.shared[member]++
		}
	}
}

func (s *seeder) property(name string) string {
	switch name {
	case "os_distro":
		return s.one("ubuntu", "ubuntu", "ubuntu", "debian", "debian", "rocky", "windows", "fedora", "arch", "rare")
	case "os_version":
		return fmt.Sprint(s.rand.IntN(500))
	case "architecture":
		return s.one("x86_64", "x86_64", "x86_64", "aarch64")
	case "hw_disk_bus":
		return s.one("virtio", "scsi")
	case "hw_qemu_guest_agent":
		return s.one("yes", "no")
	case "image_type":
		return "snapshot"
	}
	return s.uuid()
}

func (s *seeder) name(n int) string {
	if s.percent(33) {
		return common(s.rand.IntN(commonNames))
	}
	s.unique = fmt.Sprintf("snapshot-%s-%07d", s.hex(8), n)
	return s.unique
}

const commonNames = 40

func common(n int) string { return fmt.Sprintf("distribution-%02d", n) }

func (s *seeder) visibility() string {
	n := s.rand.IntN(100)
	switch rest := 100 - s.public; {
	case n < s.public:
		return "public"
	case s.rand.IntN(max(rest, 1)) < 2:
		return "community"
	case s.percent(28):
		return "private"
	}
	return "shared"
}

func (s *seeder) status() string {
	switch n := s.rand.IntN(1000); {
	case n < 20:
		return "queued"
	case n < 25:
		return "killed"
	case n < 35:
		return "deactivated"
	}
	return "active"
}

// project chooses one, the first ones far more often than the last.
func (s *seeder) project() int {
	u := s.rand.Float64()
	return int(float64(s.projects) * u * u * u)
}

func project(n int) string { return fmt.Sprintf("%024x%08x", 0x5eed, n) }

func (s *seeder) percent(n int) bool { return s.rand.IntN(100) < n }

func (s *seeder) one(values ...string) string { return values[s.rand.IntN(len(values))] }

const digits = "0123456789abcdef"

func (s *seeder) hex(n int) string {
	b := make([]byte, n)
	var bits uint64
	for i := range b {
		if i%16 == 0 {
			bits = s.rand.Uint64()
		}
		b[i], bits = digits[bits&15], bits>>4
	}
	return string(b)
}

// uuid is a random one of version 4.
func (s *seeder) uuid() string {
	x := s.hex(30)
	return x[:8] + "-" + x[8:12] + "-4" + x[12:15] + "-" + digits[8+s.rand.IntN(4):][:1] + x[15:18] + "-" + x[18:30]
}
