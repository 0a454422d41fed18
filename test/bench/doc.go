// Command bench measures the two paths that are the product against what this
// very machine can do, and prints ratios:
//
//	make bench                     1 GiB, 3 rounds
//	BENCH_MIB=128 make bench       quick
//	BENCH_ROUNDS=9 BENCH_DIR=/data make bench
//
// An upload is compared with openssl md5 and openssl sha512 over the same file
// at the same time, a download with nginx (sendfile on); the client is curl
// each time, the data random and in the page cache. Ours and theirs take turns,
// the medians count. Beside that: processor seconds of server and client per
// GiB, memory (PSS) at rest and under eight uploads at once, and the time from
// start to the first answer.
//
// Metadata has two measurements of its own:
//
//	make bench-original            calls beside the original's, BENCH_ROUNDS=3 BENCH_SECONDS=5 BENCH_PUBLIC=200000
//	make bench-list                lists of BENCH_IMAGES=100000, BENCH_ROUNDS=3
//	BENCH_DATABASE=sqlite BENCH_IMAGES=1000000 make bench-list
//	BENCH_DATABASE=postgresql://... make bench-list
//	BENCH_LISTS='admin, .*pages' make bench-list      some lists only, a regular expression
//
// The first starts MariaDB, ours, and the original under uWSGI with the options
// of its package, both on the same database and with callers in headers, and
// loads them in turns with wrk: show, list of 20, create, and a list where very
// many images are public. The original ends every connection, as it does in
// production; ours keeps them. What counts is the ratio of answers a second;
// beside it stands that of processor time, of server and database, which
// others on the machine disturb less. What the original refuses among very many
// images does not count.
//
// The second fills a database with tools/seedimages and takes the time of
// pages for several callers, compared with the first pages, without and with
// the indexes of `glance-manage db add_indexes`. A database that is named by a
// URL must have its tables and no images, or with BENCH_SEEDED=1 those of an
// earlier run; it keeps images and indexes.
//
// The first needs curl, nginx and openssl, the others say what they miss. It asserts nothing: it says whether the
// bars are met, and its exit code is 0 whenever it could measure.
//
// A new measurement is a method of bench that adds rows to the report.
package main
