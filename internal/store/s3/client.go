package s3

import (
	"context"
	"errors"
	"net"
	"net/http"
	"regexp"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/aws/retry"
	v4 "github.com/aws/aws-sdk-go-v2/aws/signer/v4"
	"github.com/aws/aws-sdk-go-v2/service/s3"

	"glance/internal/clienttls"
	"glance/internal/store"
)

// How long a server may be silent. A transfer that moves may take as long as it
// likes.
const (
	dialTimeout    = 30 * time.Second
	answerTimeout  = time.Minute
	joinTimeout    = 10 * time.Minute // for the answer to the request that joins the parts
	idleTimeout    = time.Minute      // in the midst of a transfer
	cleanupTimeout = time.Minute      // for all that is done after a failure
)

const (
	attempts   = 3 // of every request whose body can be sent again
	maxBackoff = 5 * time.Second
)

// connection is how requests go out.
type connection struct {
	options s3.Options
	client  *s3.Client // with the keys of the configuration; nil when there is no way to the server
	patient http.RoundTripper
	tls     bool
}

func connect(cfg Config) (connection, error) {
	if cfg.Host == "" {
		return connection{}, bad("Could not find s3_store_host in configuration options.")
	}
	security, err := clienttls.Files{CA: clienttls.File{Option: "s3_store_cacert", Path: cfg.CACert}}.Config()
	if err != nil {
		return connection{}, bad("%v", err)
	}
	transport := &http.Transport{
		Proxy: http.ProxyFromEnvironment, DialContext: dial, TLSClientConfig: security,
		TLSHandshakeTimeout: dialTimeout, ResponseHeaderTimeout: answerTimeout, IdleConnTimeout: 90 * time.Second,
		ExpectContinueTimeout: time.Second, MaxIdleConnsPerHost: 2 * max(cfg.ThreadPools, 1),
		DisableCompression: true, // the bytes of the image are wanted as they lie there
	}
	patient := transport.Clone()
	patient.ResponseHeaderTimeout = joinTimeout

	c := connection{patient: patient, tls: strings.HasPrefix(cfg.Host, "https://")}
	c.options = s3.Options{
		HTTPClient:  &http.Client{Transport: transport},
		Credentials: keys(cfg.AccessKey, cfg.SecretKey),
		Retryer: retry.NewStandard(func(o *retry.StandardOptions) {
			o.MaxAttempts, o.MaxBackoff = attempts, maxBackoff
		}),
		RequestChecksumCalculation: aws.RequestChecksumCalculationWhenRequired,
		ResponseChecksumValidation: aws.ResponseChecksumValidationWhenRequired,

		DisableLogOutputChecksumValidationSkipped: true,
	}
	if cfg.Integrity && cfg.RequestChecksums == "when_supported" {
		c.options.RequestChecksumCalculation = aws.RequestChecksumCalculationWhenSupported
	}
	if cfg.Integrity && cfg.ResponseChecksums == "when_supported" {
		c.options.ResponseChecksumValidation = aws.ResponseChecksumValidationWhenSupported
	}
	if err := c.address(cfg); err != nil {
		return connection{}, err
	}
	c.client = s3.New(c.options)
	return c, nil
}

func keys(access, secret string) aws.CredentialsProvider {
	return aws.CredentialsProviderFunc(func(context.Context) (aws.Credentials, error) {
		return aws.Credentials{AccessKeyID: access, SecretAccessKey: secret}, nil
	})
}

// dial makes connections on which a write that does not move fails.
func dial(ctx context.Context, network, address string) (net.Conn, error) {
	d := net.Dialer{Timeout: dialTimeout}
	conn, err := d.DialContext(ctx, network, address)
	if err != nil {
		return nil, err
	}
	return writeLimited{conn}, nil
}

type writeLimited struct{ net.Conn }

func (c writeLimited) Write(p []byte) (int, error) {
	if err := c.SetWriteDeadline(time.Now().Add(idleTimeout)); err != nil {
		return 0, err
	}
	return c.Conn.Write(p)
}

// regional finds the region in the old names of Amazon's hosts. Source: spec
// stores §5.4.
var regional = regexp.MustCompile(`^s3-([a-z]{2}-[a-z]+-[0-9])\.amazonaws\.com(\.cn)?$`)

// dnsName is what a bucket must be called to stand in a host.
var dnsName = regexp.MustCompile(`^[a-z0-9][a-z0-9-]{1,61}[a-z0-9]$`)

// address sets endpoint, region and the form of requests.
func (c *connection) address(cfg Config) error {
	host, _, _ := strings.Cut(bareHost(cfg.Host), "/")
	host, _, _ = strings.Cut(host, ":")
	c.options.Region = cfg.Region
	if found := regional.FindStringSubmatch(host); found != nil && cfg.Region == "" {
		c.options.Region = found[1] // and the SDK knows where that is
	} else {
		endpoint := cfg.Host
		if !strings.Contains(endpoint, "://") {
			endpoint = "http://" + endpoint
		}
		c.options.BaseEndpoint = aws.String(strings.TrimRight(endpoint, "/"))
	}
	if c.options.Region == "" {
		c.options.Region = defaultRegion
	}
	amazon := strings.HasSuffix(host, ".amazonaws.com") || strings.HasSuffix(host, ".amazonaws.com.cn")
	inHost := dnsName.MatchString(cfg.Bucket)
	switch cfg.URLFormat {
	case "auto", "":
		c.options.UsePathStyle = !amazon || !inHost
	case "path":
		c.options.UsePathStyle = true
	case "virtual":
		if !inHost {
			return bad("the bucket %s cannot stand in a host name: s3_store_bucket_url_format must not be virtual", cfg.Bucket)
		}
	default:
		return bad("s3_store_bucket_url_format must be auto, virtual or path, not %q", cfg.URLFormat)
	}
	return nil
}

// defaultRegion signs requests where nobody names a region; it is also the one
// that a new bucket must not name.
const defaultRegion = "us-east-1"

var errNoWay = errors.New("the configuration of the store names no server that can be asked")

// clientFor gives the client for a URL. Whoever names our bucket gets our keys;
// elsewhere the keys of the URL count when it has any.
func (s *Store) clientFor(l location) (*s3.Client, error) {
	switch {
	case s.conn.client == nil:
		return nil, store.Unreachable(errNoWay)
	case l.access == "" || l.in(s.place) && s.cfg.AccessKey != "":
		return s.conn.client, nil
	}
	return s3.New(s.conn.options, func(o *s3.Options) { o.Credentials = keys(l.access, l.secret) }), nil
}

// find takes a URL apart and gives the client for it.
func (s *Store) find(url string) (location, *s3.Client, error) {
	l, err := parse(url)
	if err != nil {
		return l, nil, err
	}
	client, err := s.clientFor(l)
	return l, client, err
}

// patiently is for the request that joins parts, which some servers answer only
// when all of the data has been copied.
func (s *Store) patiently(o *s3.Options) { o.HTTPClient = &http.Client{Transport: s.conn.patient} }

// unsigned leaves the body out of the signature: TLS guards it already, or it
// cannot be read twice.
func unsigned(o *s3.Options) {
	o.APIOptions = append(o.APIOptions, v4.SwapComputePayloadSHA256ForUnsignedPayloadMiddleware)
}

// once forbids to send a request again.
func once(o *s3.Options) { o.RetryMaxAttempts = 1 }

// carrying are the options of a request with a body that lies in memory.
func (s *Store) carrying(o *s3.Options) {
	if s.conn.tls {
		unsigned(o)
	}
}
