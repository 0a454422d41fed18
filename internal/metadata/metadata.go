package metadata

import (
	"context"
	"time"

	"glance/internal/glance"
)

// Store is what a driver gives: all contracts over one database.
type Store interface {
	Images
	Members
	Tasks
	Locks
	Metadefs
	Caches

	// Ping reports whether the database answers; the error is Unavailable.
	Ping(ctx context.Context) error
	// Close waits for running calls and releases everything.
	Close() error
}

// Scope says whose eyes look at rows (spec database §5).
type Scope struct {
	Admin   bool   // sees every image
	Project string // empty is no project
	Deleted bool   // sees deleted images too
}

// ScopeOf gives the scope of a caller.
func ScopeOf(who glance.Caller) Scope {
	return Scope{Admin: who.Admin, Project: who.ProjectID}
}

// Everything is the scope of the service itself.
func Everything() Scope { return Scope{Admin: true} }

// Images keeps images with their properties, tags and locations.
type Images interface {
	// CreateImage stores a new image with all its children; CreatedAt and
	// UpdatedAt are set to now when zero and stand in img afterwards, as do
	// the IDs of its locations. An id that was ever used, by a deleted image
	// too, is a Conflict "Image ID X already exists!".
	CreateImage(ctx context.Context, img *glance.Image) error

	// Image gives one image. Unknown, not visible in sc, or deleted (unless
	// sc.Deleted): NotFound "No image found with ID X". Ids longer than 36
	// characters are not found without asking the database. A live image
	// comes with its active locations, a deleted one with those that are
	// pending_delete; numbers in their metadata are json.Number.
	Image(ctx context.Context, sc Scope, id string) (*glance.Image, error)

	// Images gives a page of images. Deleted ones are among them only when
	// sc.Deleted; q.Check must hold, else Invalid.
	Images(ctx context.Context, sc Scope, q Query) ([]*glance.Image, error)

	// UpdateImage changes a visible image through change, which is given the
	// present value, may be called again when another writer came between,
	// and must do nothing else. Its error, or ErrUnchanged, leaves everything
	// as it was; ErrUnchanged is not returned, the image is.
	//
	// UpdatedAt becomes now. Properties, tags and locations become what change
	// left: absent ones are soft-deleted (glance.AttemptProperty had better go
	// without a trace), deleted properties revived in place, locations are told apart by ID and may carry a status. The property
	// glance.LockProperty stays as it is whatever change does. When change
	// sets Deleted, DeletedAt becomes now and children and members are deleted
	// with the image; locations then keep the status pending_delete when
	// change gave them that, else get deleted. When change clears Deleted, the
	// image lives again, with the locations that change gave it and with the
	// properties, tags and members that were deleted together with it.
	UpdateImage(ctx context.Context, sc Scope, id string, change func(*glance.Image) error) (*glance.Image, error)

	// UpdateMetered is UpdateImage with a change that is also given what Usage
	// gives of the account, within the same transaction. Of such updates of one
	// owner's images, on all nodes, each sees what those before it have stored:
	// what change admits then never adds up to more than it admits at once.
	UpdateMetered(ctx context.Context, sc Scope, id string, of Account, change func(img *glance.Image, used int64) error) (*glance.Image, error)

	// Usage gives the bytes that the images of owner occupy, size times live
	// locations, without the image except (spec images-v2 §17.3).
	Usage(ctx context.Context, owner, except string) (int64, error)

	// Tally gives another total of the images of owner (spec images-v2 §23).
	Tally(ctx context.Context, owner string, of Total) (int64, error)
}

// Account is whose bytes UpdateMetered counts.
type Account struct {
	Owner  string
	Except string // id of an image that does not count; empty is none
}

// Total is what Tally counts. Images that are killed or deleted, pending_delete
// included, count nowhere. One is being copied when its property
// os_glance_importing_to_stores is not empty.
type Total int

// The totals.
const (
	StagedBytes     Total = iota // of the images that are uploading, importing or being copied
	ImageCount                   // of images
	UploadingImages              // of those that are saving, uploading, importing or being copied
)

// Members keeps who an image is shared with. The caller has made sure that it
// may see the image.
type Members interface {
	// Members gives the members of an image in row order.
	Members(ctx context.Context, imageID string) ([]glance.Member, error)

	// Member gives one membership; NotFound "M not found in the member list
	// of the image X."
	Member(ctx context.Context, imageID, member string) (glance.Member, error)

	// AddMember stores a membership with status pending unless m says
	// otherwise. admit is given the number of present members within the same
	// transaction; its error is returned and nothing is stored. A live
	// membership is a Conflict "Member M is duplicated for image X", before
	// admit is asked; a missing or deleted image NotFound. A removed one is
	// revived in place and keeps its CreatedAt.
	AddMember(ctx context.Context, m glance.Member, admit func(present int) error) (glance.Member, error)

	// UpdateMember changes a membership as UpdateImage changes an image.
	UpdateMember(ctx context.Context, imageID, member string, change func(*glance.Member) error) (glance.Member, error)

	// RemoveMember deletes a membership, every live row of it; NotFound as in Member.
	RemoveMember(ctx context.Context, imageID, member string) error
}

// Tasks keeps tasks. An admin sees all, others those of their project and
// those without an owner.
type Tasks interface {
	// CreateTask stores a new task; CreatedAt and UpdatedAt are set as by
	// CreateImage. An id that was ever used is a Conflict.
	CreateTask(ctx context.Context, t *glance.Task) error
	// Task gives one task; NotFound "No task found with ID X".
	Task(ctx context.Context, sc Scope, id string) (*glance.Task, error)
	// TasksOf gives the tasks of an image that have not expired; deleted ones
	// only to an admin (spec images-v2 §7).
	TasksOf(ctx context.Context, sc Scope, imageID string, now time.Time) ([]*glance.Task, error)
	// ListTasks gives a page of tasks that are not deleted, without Input,
	// Result and Message. q.Check must hold, else Invalid.
	ListTasks(ctx context.Context, sc Scope, q TaskQuery) ([]*glance.Task, error)
	// UpdateTask changes a task as UpdateImage changes an image; Deleted may be set.
	UpdateTask(ctx context.Context, sc Scope, id string, change func(*glance.Task) error) (*glance.Task, error)
}

// Locks is the import lock, one per image: the property glance.LockProperty
// with the id of the task that holds it (spec image-states §5, database §4).
type Locks interface {
	// Lock takes the lock for holder; Conflict when it is held, by holder too,
	// NotFound when there is no such image or it is deleted.
	Lock(ctx context.Context, imageID, holder string) error
	// Unlock releases the lock held by holder; NotFound when it is not.
	Unlock(ctx context.Context, imageID, holder string) error
}
