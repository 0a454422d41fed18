//go:build services

package services_test

import (
	"errors"
	"fmt"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"

	"glance/internal/glance"
	"glance/internal/metadata"
	"glance/internal/metadata/sqldb"
)

const (
	plannedImages = 20_000 // 16,000 of them live, 3200 of these public
	// aPage is what a page may read: rows of images that it passes by, their
	// properties, tags and locations, and what is counted to choose the way.
	aPage = 10_000
	whole = 1 << 30 // docs/databases.md says that a table is read
)

// TestDatabasePlans: what a list reads, as the servers count it, is the page
// wherever it lies, and the table where no index can serve and the page of
// the documentation says so.
func TestDatabasePlans(t *testing.T) {
	t.Parallel()
	for _, start := range []func(*testing.T) *planned{countingMariaDB, countingPostgreSQL} {
		p := start(t)
		t.Run(p.name, func(t *testing.T) {
			p.t = t
			synced(t, p.engine, "plans")
			var seed struct {
				Large, Middle, Small, Member string
				UniqueName                   string `json:"unique_name"`
			}
			p.json(&seed, filepath.Join(programs(), "seedimages"), "-connection", p.url("plans"), "-images", strconv.Itoa(plannedImages), "-public", "20", "-quiet")
			var pages []plannedPage
			for caller, sc := range map[string]metadata.Scope{
				"admin": metadata.Everything(), "large": {Project: seed.Large}, "small": {Project: seed.Small}, "member": {Project: seed.Member},
			} {
				for _, l := range plannedLists(seed.UniqueName, seed.Small) {
					pages = append(pages, p.pages(caller, sc, l)...)
				}
			}
			for i, action := range []string{"drop_indexes", "add_indexes"} {
				p.run(filepath.Join(programs(), "glance-manage"), "--config-file", p.config("plans"), "db", action)
				for _, page := range pages {
					if read, most := p.reads(page), page.most[i]; read > most {
						t.Errorf("after %s: %s, %s: %d rows read, want at most %d", action, page.caller, page.name, read, most)
					}
				}
			}
		})
	}
}

type plannedList struct {
	name string
	q    metadata.Query
	most [2]int // rows read without and with the extra indexes
}

func plannedLists(uniqueName, owner string) []plannedList {
	with := func(change func(*metadata.Query)) metadata.Query {
		q := metadata.Query{
			Limit: 25, Deleted: new(bool), Where: []metadata.Condition{{Column: metadata.ColumnHidden}},
			Sort: []metadata.SortKey{{Column: metadata.ColumnCreatedAt, Desc: true}, {Column: metadata.ColumnID, Desc: true}},
		}
		change(&q)
		return q
	}
	where := func(column metadata.Column, text string) metadata.Query {
		return with(func(q *metadata.Query) {
			q.Where = append(q.Where, metadata.Condition{Column: column, Op: metadata.Eq, Texts: []string{text}})
		})
	}
	return []plannedList{
		{"default order", with(func(*metadata.Query) {}), [2]int{aPage, aPage}},
		{"name", where(metadata.ColumnName, uniqueName), [2]int{whole, aPage}},
		{"owner", where(metadata.ColumnOwner, owner), [2]int{aPage, aPage}},
		{"checksum", where(metadata.ColumnChecksum, "d41d8cd98f00b204e9800998ecf8427e"), [2]int{aPage, aPage}},
		{"visibility", with(func(q *metadata.Query) { q.Visibility = glance.VisibilityPublic }), [2]int{aPage, aPage}},
		{"frequent property", with(func(q *metadata.Query) {
			q.Properties = []metadata.PropertyIs{{Name: "architecture", Value: "x86_64"}}
		}), [2]int{whole, aPage}},
		{"property that none has", with(func(q *metadata.Query) { q.Properties = []metadata.PropertyIs{{Name: "os_version", Value: "none"}} }), [2]int{whole, aPage}},
		{"tag that none has", with(func(q *metadata.Query) { q.Tags = []string{"none"} }), [2]int{whole, aPage}},
		{"sorted by name", with(func(q *metadata.Query) {
			q.Sort = []metadata.SortKey{{Column: metadata.ColumnName}, {Column: metadata.ColumnCreatedAt}, {Column: metadata.ColumnID}}
		}), [2]int{whole, aPage}},
	}
}

// planned is a server that counts the rows it reads.
type planned struct {
	*engine
	forget func()     // begins to count anew
	rows   func() int // read since
}

func countingMariaDB(t *testing.T) *planned {
	e := startMariaDB(t, "--userstat=1")
	return &planned{
		engine: e,
		forget: func() { e.sql("", "FLUSH TABLE_STATISTICS") },
		rows: func() int {
			return number(e, "SELECT COALESCE(SUM(ROWS_READ), 0) FROM information_schema.TABLE_STATISTICS WHERE TABLE_SCHEMA = 'plans' AND TABLE_NAME LIKE 'image%'")
		},
	}
}

func countingPostgreSQL(t *testing.T) *planned {
	e := startPostgreSQL(t, "-c", "enable_seqscan=off", "-c", "random_page_cost=1.1")
	return &planned{
		engine: e,
		forget: func() { e.sql("plans", "SELECT pg_stat_reset()") },
		rows: func() int {
			for number(e, "SELECT COUNT(*) FROM pg_stat_activity WHERE datname = 'plans' AND pid <> pg_backend_pid()") > 0 {
				time.Sleep(10 * time.Millisecond) // a session tells what it counted when it ends
			}
			return number(e, "SELECT (SELECT SUM(seq_tup_read) FROM pg_stat_user_tables WHERE relname LIKE 'image%') + "+
				"(SELECT SUM(idx_tup_read) FROM pg_stat_user_indexes WHERE relname LIKE 'image%')")
		},
	}
}

func number(e *engine, statement string) int {
	e.t.Helper()
	n, err := strconv.Atoi(strings.TrimSpace(e.sql("plans", statement)))
	if err != nil {
		e.t.Fatal(err)
	}
	return n
}

// plannedPage is a page of a list for a caller.
type plannedPage struct {
	plannedList
	caller string
	scope  metadata.Scope
}

// reads counts the rows that a page reads, with nothing remembered.
func (p *planned) reads(page plannedPage) int {
	p.t.Helper()
	p.forget()
	p.list(page.scope, page.q)
	return p.rows()
}

func (p *planned) list(sc metadata.Scope, q metadata.Query) []*glance.Image {
	p.t.Helper()
	db, err := sqldb.Open(p.t.Context(), p.url("plans"), sqldb.Options{SQLMode: "TRADITIONAL"})
	if err != nil {
		p.t.Fatal(err)
	}
	images, err := db.Images(p.t.Context(), sc, q)
	if err := errors.Join(err, db.Close()); err != nil {
		p.t.Fatal(err)
	}
	return images
}

// pages are the first one, one in the middle and the last one.
func (p *planned) pages(caller string, sc metadata.Scope, l plannedList) []plannedPage {
	all := l.q
	all.Limit = -1
	images := p.list(sc, all)
	pages := []plannedPage{{l, caller, sc}}
	for _, at := range []int{len(images) / 2, len(images) - l.q.Limit} {
		if at <= l.q.Limit {
			continue
		}
		later := l
		later.name += fmt.Sprintf(" from image %d on", at)
		later.q.After = images[at-1]
		pages = append(pages, plannedPage{later, caller, sc})
	}
	return pages
}
