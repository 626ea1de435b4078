// Probe asks a health check over HTTP and ends with 0 when it answers 2xx in time,
// and with 1 otherwise: a HEALTHCHECK for images that have no shell and no curl.
//
//	probe [URL]
//
// Without an argument it asks PROBE_URL; without that, the Collector's
// health_check where it listens by default. PROBE_TIMEOUT bounds all of it (3s).
package main

import (
	"context"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"os"
	"strings"
	"time"
)

const (
	defaultURL     = "http://127.0.0.1:13133/"
	defaultTimeout = 3 * time.Second
	// What is shown of an answer: enough for a component's error.
	shownBytes = 300
)

func main() {
	if err := run(os.Args[1:], os.Getenv); err != nil {
		fmt.Fprintln(os.Stderr, "probe:", err)
		// Docker knows 0 and 1; 2 is reserved.
		os.Exit(1)
	}
}

func run(args []string, env func(string) string) error {
	target, err := targetOf(args, env("PROBE_URL"))
	if err != nil {
		return err
	}
	timeout, err := timeoutOf(env("PROBE_TIMEOUT"))
	if err != nil {
		return err
	}
	ctx, cancel := context.WithTimeout(context.Background(), timeout)
	defer cancel()
	return ask(ctx, target)
}

func targetOf(args []string, named string) (string, error) {
	target := defaultURL
	switch {
	case len(args) > 1:
		return "", fmt.Errorf("one URL at most, not %d", len(args))
	case len(args) == 1:
		target = args[0]
	case named != "":
		target = named
	}
	parsed, err := url.Parse(target)
	if err != nil || parsed.Scheme != "http" || parsed.Host == "" {
		return "", fmt.Errorf("%q is no URL: want one like %s", target, defaultURL)
	}
	return target, nil
}

func timeoutOf(text string) (time.Duration, error) {
	if text == "" {
		return defaultTimeout, nil
	}
	timeout, err := time.ParseDuration(text)
	if err != nil || timeout <= 0 {
		return 0, fmt.Errorf("PROBE_TIMEOUT=%q is no time: want one like 3s", text)
	}
	return timeout, nil
}

func ask(ctx context.Context, target string) error {
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, target, nil)
	if err != nil {
		return err
	}
	// Neither a proxy nor a redirect: what is asked is on this very host.
	client := http.Client{
		Transport:     &http.Transport{DisableKeepAlives: true},
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}
	response, err := client.Do(request)
	if err != nil {
		return err
	}
	defer response.Body.Close()
	body, err := io.ReadAll(io.LimitReader(response.Body, shownBytes))
	if err != nil {
		return fmt.Errorf("%s: the answer broke off: %w", target, err)
	}
	if response.StatusCode < 200 || response.StatusCode > 299 {
		return fmt.Errorf("%s: %s: %s", target, response.Status, strings.Join(strings.Fields(string(body)), " "))
	}
	return nil
}
