package redactionprocessor

import (
	"context"

	"go.opentelemetry.io/collector/component"
	"go.opentelemetry.io/collector/consumer"
	"go.opentelemetry.io/collector/pdata/pcommon"
	"go.opentelemetry.io/collector/pdata/ptrace"
	"go.opentelemetry.io/collector/processor"
	metricnoop "go.opentelemetry.io/otel/metric/noop"
	tracenoop "go.opentelemetry.io/otel/trace/noop"
)

// What contrib's processor walks past: attributes, and a trace state if there is one.
type place struct {
	attributes pcommon.Map
	state      *pcommon.TraceState
}

// Brings what is hidden to contrib's processor as the attributes of made-up spans,
// and back, so that there is one list of rules.
type hidden struct {
	rules processor.Traces
}

func newHidden(ctx context.Context, set processor.Settings, cfg component.Config) (*hidden, error) {
	// The made-up spans are no items of ours: nobody shall count them.
	set.MeterProvider = metricnoop.NewMeterProvider()
	set.TracerProvider = tracenoop.NewTracerProvider()
	nowhere, err := consumer.NewTraces(func(context.Context, ptrace.Traces) error { return nil })
	if err != nil {
		return nil, err
	}
	rules, err := upstream.CreateTraces(ctx, set, cfg, nowhere)
	return &hidden{rules}, err
}

// The name of a link's trace state among the attributes of a made-up event.
const state = "state"

func (h *hidden) redact(ctx context.Context, places []place) error {
	if len(places) == 0 {
		return nil
	}
	all := ptrace.NewTraces()
	spans := all.ResourceSpans().AppendEmpty().ScopeSpans().AppendEmpty().Spans()
	spans.EnsureCapacity(len(places))
	for _, one := range places {
		span := spans.AppendEmpty()
		one.attributes.MoveTo(span.Attributes())
		if one.state != nil {
			span.Events().AppendEmpty().Attributes().PutStr(state, one.state.AsRaw())
		}
	}
	// It changes what it is given, in place.
	if err := h.rules.ConsumeTraces(ctx, all); err != nil {
		return err
	}
	for i, one := range places {
		span := spans.At(i)
		span.Attributes().MoveTo(one.attributes)
		if one.state == nil {
			continue
		}
		// With a part masked it would be no trace state any more.
		if left, _ := span.Events().At(0).Attributes().Get(state); left.Str() != one.state.AsRaw() {
			one.state.FromRaw("")
		}
	}
	return nil
}
