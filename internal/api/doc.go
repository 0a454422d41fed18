// Package api is what all doors share: how an error becomes an answer, how a
// path finds its handler, how a JSON body is read, and the pipeline in front
// of the applications: request ids, identity, versions, CORS, proxies, health.
//
// # For whoever writes a door
//
// A handler returns an error and writes nothing when it does:
//
//	func (d *Door) show(w http.ResponseWriter, r *http.Request) error {
//		img, err := d.Catalog.Show(r.Context(), api.CallerFrom(r.Context()), r.PathValue("image_id"))
//		if err != nil {
//			return err // a glance.Error decides the status, anything else is a 500
//		}
//		return d.writeImage(w, img)
//	}
//
// A door is a table of routes, which NewRouter makes an http.Handler. Patterns
// are relative to where the door is mounted (/v2 is taken off before):
//
//	api.NewRouter(
//		api.Route{Method: "GET", Pattern: "/images/{image_id}", Handle: d.show, NoBody: true},
//		api.Route{Method: "PATCH", Pattern: "/images/{image_id}", Handle: d.patch, Writes: true},
//		api.Route{Method: "HEAD", Pattern: "/images/{image_id}/file", Handle: d.head, Unlisted: true},
//		api.Route{Method: "GET", Pattern: "/images/{image_id}/tasks", Handle: d.tasks, NoBody: true, Only: true},
//		api.Route{Pattern: "", Handle: api.AddSlash},
//	)
//
//	JSON(r)              the decoded body of a request: map[string]any or []any, numbers as json.Number
//	JSONObject(r)        the same when only an object makes sense
//	HasBody(r)           whether a request has one
//	Query(r)             parameters in order, as the original reads them
//	Absolute(r, path)    URL for a Location header; BaseURL(r) and Mount(r) are its parts
//	CallerFrom(ctx)      who asks; WithCaller(ctx, c) puts a caller there, for tests
//	WithHeader(err, k, v) a header that goes out with the error: Accept-Patch, Content-Range
//	PreconditionFailed(text), MethodNotAllowed(allow, detail)  errors that only HTTP has a name for
//	Handle(h), Fail(w, r, err)  for handlers outside a router, and for middleware
//	OnHeader(w, f)       calls f(status, header) just before the header of the answer goes out
//
// No door wraps a ResponseWriter without Unwrap, and none on the way of image
// data without ReadFrom: the kernel sends files by itself only when it sees the
// real connection (io.Copy and http.ServeContent do the right thing).
//
// # For whoever builds a server
//
//	h, err := api.Pipeline(paste, "glance-api", flavor, api.Parts{…}) // paste nil: built in
//	server.Handler = api.Entrance{Log: log, Access: access}.Wrap(h)
//
// # Promises
//
// Only errors.go knows which glance.Kind is which status, and only it writes a
// status of 400 or more. Whatever goes wrong before the first byte of a body
// becomes a well-formed answer; afterwards the connection is broken off, so
// that nobody takes half an image for a whole one. Unknown errors and panics
// are 500 with a fixed text; their details stand in the log under the request
// id.
//
// Texts, statuses and orders of checks follow spec images-v2 §1 to §3 and
// auth-policy §1.
//
// # Adding to it
//
// Middleware is one file named after it and one line in the table of
// pipeline.go.
package api
