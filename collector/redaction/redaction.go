// Package redactionprocessor is contrib's redaction processor with the same
// configuration and the same rules, which also looks where that one doesn't (as of
// 0.155.0): at the attributes and trace states of links, and at the attributes of
// exemplars. OTTL has no way to them either, so no configuration can.
package redactionprocessor

import (
	"context"

	contrib "github.com/open-telemetry/opentelemetry-collector-contrib/processor/redactionprocessor"
	"go.opentelemetry.io/collector/component"
	"go.opentelemetry.io/collector/consumer"
	"go.opentelemetry.io/collector/pdata/pmetric"
	"go.opentelemetry.io/collector/pdata/ptrace"
	"go.opentelemetry.io/collector/processor"
)

var upstream = contrib.NewFactory()

// NewFactory makes processors of the type `redaction`, as contrib's does.
func NewFactory() processor.Factory {
	return processor.NewFactory(
		upstream.Type(),
		upstream.CreateDefaultConfig,
		processor.WithTraces(createTraces, upstream.TracesStability()),
		processor.WithMetrics(createMetrics, upstream.MetricsStability()),
		processor.WithLogs(upstream.CreateLogs, upstream.LogsStability()),
	)
}

type traces struct {
	processor.Traces
	hidden *hidden
}

func createTraces(ctx context.Context, set processor.Settings, cfg component.Config, next consumer.Traces) (processor.Traces, error) {
	visible, err := upstream.CreateTraces(ctx, set, cfg, next)
	if err != nil {
		return nil, err
	}
	hidden, err := newHidden(ctx, set, cfg)
	return &traces{visible, hidden}, err
}

func (t *traces) ConsumeTraces(ctx context.Context, all ptrace.Traces) error {
	if err := t.hidden.redact(ctx, linksOf(all)); err != nil {
		return err
	}
	return t.Traces.ConsumeTraces(ctx, all)
}

type metrics struct {
	processor.Metrics
	hidden *hidden
}

func createMetrics(ctx context.Context, set processor.Settings, cfg component.Config, next consumer.Metrics) (processor.Metrics, error) {
	visible, err := upstream.CreateMetrics(ctx, set, cfg, next)
	if err != nil {
		return nil, err
	}
	hidden, err := newHidden(ctx, set, cfg)
	return &metrics{visible, hidden}, err
}

func (m *metrics) ConsumeMetrics(ctx context.Context, all pmetric.Metrics) error {
	if err := m.hidden.redact(ctx, exemplarsOf(all)); err != nil {
		return err
	}
	return m.Metrics.ConsumeMetrics(ctx, all)
}
