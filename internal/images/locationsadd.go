package images

import (
	"context"
	"encoding/json"
	"log/slog"
	"slices"
	"strings"
	"time"

	"glance/internal/glance"
	"glance/internal/metadata"
	"glance/internal/multihash"
	"glance/internal/policy"
	"glance/internal/quota"
	"glance/internal/store"
)

// locationTask is the type of the tasks that Locator makes.
const locationTask = "location_import"

// Locator gives images data that lies somewhere already, and tells where their
// data lies (spec images-v2 §11).
type Locator struct {
	Images  metadata.Images
	Tasks   metadata.Tasks
	Locks   metadata.Locks
	Policy  *policy.Enforcer
	Protect *policy.Protection // nil protects nothing
	Stores  *store.Set
	Journal Journal
	Buffers *multihash.Pool
	Jobs    *Jobs
	Log     *slog.Logger

	Leftovers *Leftovers // nil leaves what fails to the next start

	Limits     quota.Limits
	Quota      quota.Storage
	SecureHash bool          // do_secure_hash
	Attempts   int           // http_retries, of hashing
	HashAlgo   string        // hashing_algorithm
	SelfURL    string        // of this node, "" when it is not known
	TaskLife   time.Duration // task_time_to_live, of finished tasks
}

func (l *Locator) lock() TaskLock {
	return TaskLock{Images: l.Images, Tasks: l.Tasks, Locks: l.Locks}
}

// Locations tells where the data of an image lies.
func (l *Locator) Locations(ctx context.Context, who *glance.Caller, id string) ([]glance.Location, error) {
	img, err := l.Images.Image(ctx, metadata.ScopeOf(*who), id)
	if err != nil {
		return nil, err
	}
	if err := l.Policy.Image(ctx, who, policy.FetchImageLocation, img); err != nil {
		return nil, err
	}
	return present(who, img, l.Protect, l.Stores).Locations, nil
}

// Add begins to give a queued image a location. It returns when a task has
// been made of that; whether the location is any good shows in the task.
func (l *Locator) Add(ctx context.Context, who *glance.Caller, id string, want NewLocation) error {
	img, err := l.Images.Image(ctx, metadata.ScopeOf(*who), id)
	if err != nil {
		return err
	}
	if err := l.mayAdd(ctx, who, img, want); err != nil {
		return err
	}
	id = img.ID // databases may find it by another spelling
	a := &adding{Locator: l, who: *who, id: id, task: newID(), want: want}
	if err := a.deed.begin(l.Journal, l.Leftovers, locationEntry(id, a.task)); err != nil {
		return err
	}
	if err := a.open(ctx, img); err != nil {
		if Uncertain(err) {
			a.close(ctx, err)
		} else {
			a.done()
		}
		return err
	}
	if err := l.Jobs.Start(id, a.run); err != nil {
		a.close(ctx, err)
		return err
	}
	return nil
}

// mayAdd holds the rows of the table, in order, up to the lock.
func (l *Locator) mayAdd(ctx context.Context, who *glance.Caller, img *glance.Image, want NewLocation) error {
	if img.Status != glance.StatusQueued {
		return errNotQueued(img)
	}
	if who.ReadOnly {
		return glance.Detailf(glance.Forbidden, "Read-only access")
	}
	if err := l.Policy.Image(ctx, who, policy.AddImageLocation, img); err != nil {
		return err
	}
	isService := who.HasRole("service") || slices.Contains(who.ServiceRoles, "service")
	if !isService && (!strings.HasPrefix(want.URL, "http") || !slices.Contains(l.Stores.Schemes(), "http")) {
		return glance.Errorf(glance.Forbidden, "http store must be enabled to use location API by normal user.")
	}
	return checkClaimedHash(want.Validation)
}

func errNotQueued(img *glance.Image) error {
	return glance.Errorf(glance.Conflict, "It's not allowed to add locations if image status is %s.", img.Status)
}

// open takes the lock and makes the task.
func (a *adding) open(ctx context.Context, img *glance.Image) error {
	if err := a.lock().Take(ctx, img, a.task); err != nil {
		return err
	}
	input, err := json.Marshal(locationInput{a.id, a.want.URL, orEmpty(a.want.Validation)})
	if err == nil {
		err = a.Tasks.CreateTask(ctx, &glance.Task{
			ID: a.task, Type: locationTask, Status: glance.TaskPending, ImageID: a.id, Input: input,
			Owner: a.who.ProjectID, UserID: a.who.UserID, RequestID: a.who.RequestID,
		})
	}
	if err != nil {
		a.dropLock(context.WithoutCancel(ctx))
	}
	return err
}

// locationInput is the input of a task.
type locationInput struct {
	ImageID    string            `json:"image_id"`
	URL        string            `json:"loc_url"`
	Validation map[string]string `json:"validation_data"`
}

func orEmpty(m map[string]string) map[string]string {
	if m == nil {
		return map[string]string{}
	}
	return m
}
