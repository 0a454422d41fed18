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
// It needs curl, nginx and openssl. It asserts nothing: it says whether the
// bars are met, and its exit code is 0 whenever it could measure.
//
// A new measurement is a method of bench that adds rows to the report.
package main
