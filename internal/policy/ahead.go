package policy

import (
	"context"
	"errors"
)

// Ahead gives an Enforcer for whoever must not wait for servers, as in a
// transaction: http: and https: checks are answered by what servers have said
// before. One that cannot be answered denies; Answers know that, and get the
// answer for the next try:
//
//	e, answers := enforcer.Ahead()
//	for {
//		decide(e)
//		if !answers.Missing() {
//			break
//		}
//		err = answers.Ask(ctx)
//	}
//
// A question is the same only when the rule, the caller and every attribute of
// the target are: what was said about an image that has changed since does not
// count.
func (e *Enforcer) Ahead() (*Enforcer, *Answers) {
	a := &Answers{post: e.post}
	if e.post == nil {
		return e, a
	}
	return &Enforcer{engine: e.engine, answers: a}, a
}

// Answers are what servers have said to one who asked them before. They are for
// one goroutine.
type Answers struct {
	post    Post
	known   map[question]answer
	missing *question
}

type question struct{ url, contentType, body string }

type answer struct {
	body []byte
	err  error
}

var errNotAsked = errors.New("the server has not been asked about this yet")

// given is a Post that knows only answers.
func (a *Answers) given(_ context.Context, url, contentType string, body []byte) ([]byte, error) {
	q := question{url, contentType, string(body)}
	if said, ok := a.known[q]; ok {
		return said.body, said.err
	}
	if a.missing == nil {
		a.missing = &q
	}
	return nil, errNotAsked
}

// Missing reports whether a decision since the last Ask wanted an answer that
// is not there: it does not count.
func (a *Answers) Missing() bool { return a.missing != nil }

// Ask gets the answer that is missing. A server that fails has answered, too:
// the check denies. The error is only that of ctx.
func (a *Answers) Ask(ctx context.Context) error {
	if a.missing == nil {
		return nil
	}
	q := *a.missing
	body, err := a.post(ctx, q.url, q.contentType, []byte(q.body))
	if ctx.Err() != nil {
		return ctx.Err()
	}
	if a.known == nil {
		a.known = map[question]answer{}
	}
	a.known[q], a.missing = answer{body, err}, nil
	return nil
}
