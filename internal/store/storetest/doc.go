// Package storetest is the suite that every driver of image data passes.
//
//	func TestSuite(t *testing.T) {
//		storetest.Run(t, func(t *testing.T) storetest.Fixture {
//			s, err := file.Open(file.Config{Datadir: t.TempDir()}, slog.Default())
//			…
//			return storetest.Fixture{Driver: s, Foreign: "swift://elsewhere/1"}
//		})
//	}
//
// Tests are in files by subject: writing, reading, failing, crashing. To add
// one, write a function of a Fixture and a line in the list of its file.
package storetest
