package oslolog

import (
	"encoding/json"
	"os"
	"time"
)

// jsonRecord has the names of oslo.log's JSON formatter.
type jsonRecord struct {
	Message     string            `json:"message"`
	Asctime     string            `json:"asctime"`
	Name        string            `json:"name"`
	LevelName   string            `json:"levelname"`
	LevelNumber int               `json:"levelno"`
	Created     float64           `json:"created"`
	Msecs       float64           `json:"msecs"`
	Process     int               `json:"process"`
	Hostname    string            `json:"hostname"`
	Context     map[string]string `json:"context"`
	Extra       map[string]string `json:"extra"`
}

// jsonLayout writes records as objects of one line each.
type jsonLayout struct {
	text     *layout // for dates and identities
	hostname string
}

func newJSONLayout(text *layout) (*jsonLayout, error) {
	hostname, err := os.Hostname()
	return &jsonLayout{text: text, hostname: hostname}, err
}

func (l *jsonLayout) append(b []byte, r *record) []byte {
	out := jsonRecord{
		Message:     r.message,
		Asctime:     string(l.text.date.append(nil, r.time)),
		Name:        r.logger,
		LevelName:   levelName(r.level),
		LevelNumber: levelNumber(r.level),
		Created:     float64(r.time.UnixMicro()) / 1e6,
		Msecs:       float64(r.time.Nanosecond()) / float64(time.Millisecond),
		Process:     os.Getpid(),
		Hostname:    l.hostname,
		Context:     map[string]string{},
		Extra:       map[string]string{},
	}
	if r.request != "" {
		out.Context[RequestID] = r.request
		out.Context[UserIdentity] = string(l.text.appendIdentity(nil, r.identity))
	}
	if r.global != "" {
		out.Context[GlobalRequestID] = r.global
	}
	for _, f := range r.fields {
		out.Extra[f.key] = f.text()
	}
	line, err := json.Marshal(out)
	if err != nil { // texts and numbers can always be written
		panic(err)
	}
	return append(append(b, line...), '\n')
}
