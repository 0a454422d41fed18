// Command seedimages fills a database with made-up images, to try how a
// service behaves with very many of them:
//
//	go run ./tools/seedimages -connection sqlite:////tmp/trial.sqlite -images 1000000
//	go run ./tools/seedimages -connection mysql+pymysql://glance:secret@127.0.0.1/trial -images 200000 -public 100
//
// The database needs its tables (glance-manage db sync); an SQLite file is
// made when missing. One that has images is refused unless -append is given,
// then with another -seed than before, since a seed makes the same ids again.
// A million images take some minutes. There is no image data behind them.
//
// The mixture, of n images: they are created over five years, one after the
// other. They belong to n/200 projects, of which the largest has some twentieth
// of all and a small one some dozens. One in a hundred is public (-public), two
// are community, 27 private, the rest shared; a tenth of the shared ones has
// one to five members, three in five of whom have accepted, mostly projects with few images. A fifth is deleted,
// with everything that hangs on it, one in fifty hidden; a few are queued,
// killed or deactivated. A third has one of forty names, the others one that
// nobody else has. Each has up to eight properties, up to three tags, and a
// location when it has data.
//
// What it prints at the end, as JSON, is what a trial asks for: the ids of a
// large, a middling and a small project and of one that many images are shared
// with, a name that many have and one that one has.
package main
