package sqldb

import (
	"context"
	"slices"
	"sync"
	"time"
)

// batcher lets calls that come while others of their kind run wait for these
// and then run as one: what costs a database most is to be asked at all. An
// answer is never older than its question, since a batch that has begun takes
// nobody in; who comes while there is room runs at once and alone.
type batcher[Q, A any] struct {
	run   func(ctx context.Context, questions []Q) (A, error)
	lanes int // batches that run at the same time
	most  int // questions of one batch
	// patience is after which time a batch counts as stuck, so that who comes
	// does not wait for it; 0 is never. No more than spare are left alone so.
	patience time.Duration
	spare    int

	mu      sync.Mutex
	running int
	began   time.Time      // the last batch
	next    []*batch[Q, A] // those that wait for a lane, the last may not be full
}

type batch[Q, A any] struct {
	questions []Q
	waiting   int // who still wants the answer
	ctx       context.Context
	cancel    context.CancelFunc
	done      chan struct{} // closed when answer and err are there
	answer    A
	err       error
}

// ask gives the answer to a batch that holds the question, and whether others
// have the same answer.
func (b *batcher[Q, A]) ask(ctx context.Context, question Q) (answer A, shared bool, err error) {
	b.mu.Lock()
	if b.free() {
		b.running++
		b.began = time.Now()
		b.mu.Unlock()
		defer b.leave()
		answer, err = b.run(ctx, []Q{question})
		return answer, false, err
	}
	t := b.join(question)
	b.mu.Unlock()
	select {
	case <-t.done:
		return t.answer, true, t.err
	case <-ctx.Done():
		b.mu.Lock()
		defer b.mu.Unlock()
		if t.waiting--; t.waiting == 0 {
			t.cancel()
			b.next = slices.DeleteFunc(b.next, func(other *batch[Q, A]) bool { return other == t }) // nobody may join it
		}
		return answer, false, ctx.Err()
	}
}

func (b *batcher[Q, A]) free() bool {
	stuck := b.patience > 0 && b.running < b.lanes+b.spare && time.Since(b.began) > b.patience
	return b.running < b.lanes || stuck
}

// join puts a question into the last batch that waits.
func (b *batcher[Q, A]) join(question Q) *batch[Q, A] {
	if len(b.next) == 0 || len(b.next[len(b.next)-1].questions) >= b.most {
		t := &batch[Q, A]{done: make(chan struct{})}
		t.ctx, t.cancel = context.WithCancel(context.Background())
		b.next = append(b.next, t)
	}
	t := b.next[len(b.next)-1]
	t.questions, t.waiting = append(t.questions, question), t.waiting+1
	return t
}

// leave gives the lane to the batch that waits longest.
func (b *batcher[Q, A]) leave() {
	b.mu.Lock()
	defer b.mu.Unlock()
	if len(b.next) == 0 {
		b.running--
		return
	}
	b.began = time.Now()
	t := b.next[0]
	b.next = b.next[1:]
	go func() { // ends with the call of the database, which DB.Close waits for
		defer b.leave()
		defer t.cancel()
		defer close(t.done)
		t.answer, t.err = b.run(t.ctx, t.questions)
	}()
}

// batchers has a batcher for each key that is asked for at the moment.
type batchers[Q, A any] struct {
	mu   sync.Mutex
	keys map[string]*kept[Q, A]
}

type kept[Q, A any] struct {
	*batcher[Q, A]
	users int
}

// ask asks the batcher of a key, which is made by create when there is none.
func (k *batchers[Q, A]) ask(ctx context.Context, key string, question Q, create func() *batcher[Q, A]) (answer A, shared bool, err error) {
	k.mu.Lock()
	if k.keys == nil {
		k.keys = map[string]*kept[Q, A]{}
	}
	b := k.keys[key]
	if b == nil {
		b = &kept[Q, A]{batcher: create()}
		k.keys[key] = b
	}
	b.users++
	k.mu.Unlock()
	defer func() {
		k.mu.Lock()
		defer k.mu.Unlock()
		if b.users--; b.users == 0 {
			delete(k.keys, key)
		}
	}()
	return b.ask(ctx, question)
}
