package importflow

import (
	"context"
	"log/slog"
	"time"

	"glance/internal/glance"
	"glance/internal/images"
	"glance/internal/metadata"
	"glance/internal/policy"
	"glance/internal/quota"
	"glance/internal/store"
)

// taskType is the type of the tasks that imports are.
const taskType = "api_image_import"

// Importer begins imports.
type Importer struct {
	Images   metadata.Images
	Tasks    metadata.Tasks
	Locks    metadata.Locks
	Policy   *policy.Enforcer
	Stores   *store.Set
	Stager   *images.Stager
	Uploader *images.Uploader
	Journal  images.Journal
	Jobs     *images.Jobs
	Peers    images.Peers
	Log      *slog.Logger

	Methods   map[string]Method // those that are enabled
	Steps     []Step            // image_import_plugins, in order
	Allowance *images.Allowance // nil allows everything
	Leftovers *images.Leftovers // nil leaves what fails to the next start
	Parallel  int               // max_parallel_stores, 1 or more
	SelfURL   string            // of this node, "" when it is not known
	TaskLife  time.Duration     // task_time_to_live, of finished tasks
}

func (im *Importer) lock() images.TaskLock {
	return images.TaskLock{Images: im.Images, Tasks: im.Tasks, Locks: im.Locks}
}

// Import begins to give an image data. It returns when a task has been made of
// that, or when there is nothing to do; what becomes of it shows in the task. A
// request about data that another node has staged is answered by that node;
// requestID is then that of its answer. The checks stand in the order of spec
// import §3.3.
func (im *Importer) Import(ctx context.Context, who *glance.Caller, id string, r *Request) (requestID string, err error) {
	method, ok := im.Methods[r.Method]
	if !ok {
		return "", glance.Errorf(glance.Invalid, "Unknown import method name '%s'.", r.Method)
	}
	if who.ReadOnly {
		return "", glance.Detailf(glance.Forbidden, "Read-only access")
	}
	if err := im.Allowance.Admit(ctx, who, quota.ImageSizeTotal, 0); err != nil {
		return "", err
	}
	img, err := im.Images.Image(ctx, metadata.ScopeOf(*who), id)
	if err != nil {
		return "", err
	}
	if err := im.mayImport(ctx, who, img, r); err != nil {
		return "", err
	}
	stores, none, err := r.targets(im.Stores, img)
	if err != nil || none {
		return "", err
	}
	if r.Tolerant && !im.Stores.Multi() {
		err := glance.Errorf(glance.Invalid, "All_stores_must_succeed can only be set with enabled_backends %s", orNone(r.URI))
		return "", Discreet(err, "all_stores_must_succeed without enabled_backends")
	}
	if host := images.StageHost(img, im.SelfURL); r.Method == Direct && host != "" && !r.Replayed {
		return im.Peers.Import(ctx, host, img.ID, who, r.Body, r.InStore)
	}
	if err := method.Check(ctx, r); err != nil {
		return "", err
	}
	return "", im.start(ctx, who, img, r, stores)
}

func orNone(s *string) string {
	if s == nil {
		return "None"
	}
	return *s
}

// mayImport holds rows 4 to 14.
func (im *Importer) mayImport(ctx context.Context, who *glance.Caller, img *glance.Image, r *Request) error {
	if err := r.fits(img); err != nil {
		return err
	}
	if err := r.checkRemote(); err != nil {
		return err
	}
	rule := policy.ModifyImage
	if r.copies() {
		rule = policy.CopyImage
	}
	if err := im.Policy.Image(ctx, who, rule, img); err != nil {
		return err
	}
	return im.lock().Free(ctx, img)
}

// checkRemote holds rows 10 to 12.
func (r *Request) checkRemote() error {
	switch {
	case r.Method != Download:
		return nil
	case r.Region == "":
		return glance.Errorf(glance.Invalid, "'glance_region' needs to be set for glance-download import method")
	case r.ImageID == "":
		return glance.Errorf(glance.Invalid, "'glance_image_id' needs to be set for glance-download import method")
	case !metadata.LikeUUID(r.ImageID):
		return glance.Errorf(glance.Invalid, "Remote image id does not look like a UUID: %s", r.ImageID)
	}
	return nil
}

// start takes the lock, makes the task and hands it over.
func (im *Importer) start(ctx context.Context, who *glance.Caller, img *glance.Image, r *Request, stores []string) (err error) {
	j := &job{
		Importer: im,
		plan: plan{
			image: img.ID, task: images.NewID(), method: r.Method, stores: stores, every: !r.Tolerant,
		},
		work: Work{Request: r, Log: im.Log, SizeCap: im.Stager.SizeCap},
	}
	caller := *who
	j.work.Who = &caller
	if j.done, err = im.Journal.Begin(j.entry()); err != nil {
		return err
	}
	if err := j.open(ctx, img); err != nil {
		if images.Uncertain(err) {
			j.close(ctx, err)
		} else {
			j.done()
		}
		return err
	}
	if err := im.Jobs.Start(img.ID, j.run); err != nil {
		j.close(ctx, err)
		return err
	}
	return nil
}

// open takes the lock and makes the task.
func (j *job) open(ctx context.Context, img *glance.Image) error {
	if err := j.lock().Take(ctx, img, j.task); err != nil {
		return err
	}
	r := j.work.Request
	input, err := r.input(j.image, j.stores, j.Stores.Multi())
	if err == nil {
		who := j.work.Who
		err = j.Tasks.CreateTask(ctx, &glance.Task{
			ID: j.task, Type: taskType, Status: glance.TaskPending, ImageID: j.image, Input: input,
			Owner: who.ProjectID, UserID: who.UserID, RequestID: who.RequestID,
		})
	}
	if err != nil {
		j.dropLock(context.WithoutCancel(ctx))
	}
	return err
}
