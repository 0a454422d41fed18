// Package e2e runs the real programs from outside, on embedded parts: no
// services, no packages, no root.
//
//	TestSessions    testdata/*.txtar: sessions as a user types them, among them
//	                those of the founding document; failures at start
//	TestEmbedded    glance-api without any configuration, as make run starts it
//	Test…           the life of images, accidents of uploads, crashes, two nodes
//
// The programs are built once per run. Started by root, the whole run goes on
// as nobody, because what may not be read or written is a part of it; what
// root sees is tested by test/services.
//
// A session is a new file in testdata; its extra commands are in
// sessions_test.go. Anything that sends half a request is a Go test on a
// rig.Node.
package e2e
