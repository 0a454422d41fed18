package s3

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"slices"

	"github.com/aws/smithy-go"
	smithyhttp "github.com/aws/smithy-go/transport/http"

	"glance/internal/glance"
	"glance/internal/store"
)

// status is the code of an answer, 0 when there was none.
func status(err error) int {
	var answer *smithyhttp.ResponseError
	if errors.As(err, &answer) {
		return answer.HTTPStatusCode()
	}
	return 0
}

// code is the name that S3 gives an error.
func code(err error) string {
	var api smithy.APIError
	if errors.As(err, &api) {
		return api.ErrorCode()
	}
	return ""
}

// taken reports whether a request failed because there is such an object.
func taken(err error) bool {
	return status(err) == http.StatusPreconditionFailed || code(err) == "ConditionalRequestConflict"
}

// unconditional reports whether the server does not know conditions of writing.
func unconditional(err error) bool {
	return status(err) == http.StatusNotImplemented || code(err) == "NotImplemented"
}

// missing reports whether a bucket, an object or an upload is not there.
func missing(err error) bool { return status(err) == http.StatusNotFound }

// reading classifies what the server says about an object that is read.
func reading(ctx context.Context, key string, err error) error {
	var known *glance.Error
	switch {
	case ctx.Err() != nil:
		return context.Cause(ctx)
	case errors.As(err, &known):
		return err
	case missing(err):
		return store.NoImage(key, err)
	}
	return store.Unreachable(err)
}

// full are the codes of servers that have no more room.
func full(err error) bool {
	codes := []string{"EntityTooLarge", "QuotaExceeded", "XMinioStorageFull", "XMinioAdminBucketQuotaExceeded", "InsufficientStorage"}
	return slices.Contains(codes, code(err)) ||
		slices.Contains([]int{http.StatusRequestEntityTooLarge, http.StatusInsufficientStorage}, status(err))
}

// writing classifies what the server says about an object that is written.
func writing(ctx context.Context, key string, err error) error {
	var known *glance.Error
	switch {
	case ctx.Err() != nil:
		return context.Cause(ctx)
	case errors.As(err, &known):
		return err
	case taken(err):
		return store.Duplicate(key)
	case full(err):
		return store.Full(err)
	case status(err) == http.StatusForbidden:
		return store.WriteDenied(err)
	case status(err) == 0:
		return store.Unreachable(err)
	}
	return fmt.Errorf("Failed to add image object to S3. key=%s: %w", key, err)
}
