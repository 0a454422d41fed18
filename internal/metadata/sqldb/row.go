package sqldb

import (
	"database/sql"

	"glance/internal/glance"
)

// imageColumns are read in this order by imageRow.
const imageColumns = "id, name, status, visibility, owner, disk_format, container_format, size, virtual_size, checksum, " +
	"os_hash_algo, os_hash_value, min_disk, min_ram, protected, os_hidden, created_at, updated_at, deleted_at, deleted"

// imageRow takes rows of images one after the other.
type imageRow struct {
	id, name, status, visibility, owner, diskFormat, containerFormat text
	checksum, hashAlgo, hashValue                                    text
	size, virtualSize, minDisk, minRAM                               number
	protected, hidden, deleted                                       flag
	createdAt, updatedAt, deletedAt                                  stamp
	dest                                                             []any
}

func newImageRow() *imageRow {
	r := &imageRow{}
	r.dest = []any{
		&r.id, &r.name, &r.status, &r.visibility, &r.owner, &r.diskFormat, &r.containerFormat, &r.size, &r.virtualSize, &r.checksum,
		&r.hashAlgo, &r.hashValue, &r.minDisk, &r.minRAM, &r.protected, &r.hidden, &r.createdAt, &r.updatedAt, &r.deletedAt, &r.deleted,
	}
	return r
}

func (r *imageRow) scan(rows *sql.Rows) (*glance.Image, error) {
	if err := rows.Scan(r.dest...); err != nil {
		return nil, err
	}
	return r.image(), nil
}

// image gives the row that was scanned last.
func (r *imageRow) image() *glance.Image {
	return &glance.Image{
		ID: r.id.value, Name: r.name.pointer(), Status: glance.Status(r.status.value),
		Visibility: glance.Visibility(r.visibility.value), Owner: r.owner.value,
		DiskFormat: r.diskFormat.value, ContainerFormat: r.containerFormat.value,
		Size: r.size.pointer(), VirtualSize: r.virtualSize.pointer(), Checksum: r.checksum.value,
		HashAlgo: r.hashAlgo.value, HashValue: r.hashValue.value, MinDisk: r.minDisk.value, MinRAM: r.minRAM.value,
		Protected: bool(r.protected), Hidden: bool(r.hidden), CreatedAt: r.createdAt.Time, UpdatedAt: r.updatedAt.Time,
		DeletedAt: r.deletedAt.Time, Deleted: bool(r.deleted),
	}
}

// column is a column of images that an update may change, with the value it
// has in an image.
type column struct {
	name  string
	value any
}

// changeable gives what an update may change, in the order of the table.
func changeable(img *glance.Image) [16]column {
	return [...]column{
		{"name", optional(img.Name)},
		{"status", string(img.Status)},
		{"visibility", string(img.Visibility)},
		{"owner", unlessEmpty(img.Owner)},
		{"disk_format", unlessEmpty(img.DiskFormat)},
		{"container_format", unlessEmpty(img.ContainerFormat)},
		{"size", optional(img.Size)},
		{"virtual_size", optional(img.VirtualSize)},
		{"checksum", unlessEmpty(img.Checksum)},
		{"os_hash_algo", unlessEmpty(img.HashAlgo)},
		{"os_hash_value", unlessEmpty(img.HashValue)},
		{"min_disk", img.MinDisk},
		{"min_ram", img.MinRAM},
		{"protected", img.Protected},
		{"os_hidden", img.Hidden},
		{"deleted", img.Deleted},
	}
}

func optional[T any](p *T) any {
	if p == nil {
		return nil
	}
	return *p
}

func unlessEmpty(s string) any {
	if s == "" {
		return nil
	}
	return s
}
