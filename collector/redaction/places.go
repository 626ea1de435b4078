package redactionprocessor

import (
	"go.opentelemetry.io/collector/pdata/pmetric"
	"go.opentelemetry.io/collector/pdata/ptrace"
)

// Of all links that have more than ids.
func linksOf(all ptrace.Traces) []place {
	var places []place
	for _, resource := range all.ResourceSpans().All() {
		for _, scope := range resource.ScopeSpans().All() {
			for _, span := range scope.Spans().All() {
				for _, link := range span.Links().All() {
					one := place{attributes: link.Attributes()}
					if state := link.TraceState(); state.AsRaw() != "" {
						one.state = &state
					}
					if one.state != nil || one.attributes.Len() > 0 {
						places = append(places, one)
					}
				}
			}
		}
	}
	return places
}

// Of all exemplars that have more than ids and a value.
func exemplarsOf(all pmetric.Metrics) []place {
	var places []place
	for _, resource := range all.ResourceMetrics().All() {
		for _, scope := range resource.ScopeMetrics().All() {
			for _, metric := range scope.Metrics().All() {
				places = append(places, exemplarsOfMetric(metric)...)
			}
		}
	}
	return places
}

func exemplarsOfMetric(metric pmetric.Metric) []place {
	var places []place
	add := func(exemplars pmetric.ExemplarSlice) {
		for _, exemplar := range exemplars.All() {
			if exemplar.FilteredAttributes().Len() > 0 {
				places = append(places, place{attributes: exemplar.FilteredAttributes()})
			}
		}
	}
	switch metric.Type() {
	case pmetric.MetricTypeGauge:
		for _, point := range metric.Gauge().DataPoints().All() {
			add(point.Exemplars())
		}
	case pmetric.MetricTypeSum:
		for _, point := range metric.Sum().DataPoints().All() {
			add(point.Exemplars())
		}
	case pmetric.MetricTypeHistogram:
		for _, point := range metric.Histogram().DataPoints().All() {
			add(point.Exemplars())
		}
	case pmetric.MetricTypeExponentialHistogram:
		for _, point := range metric.ExponentialHistogram().DataPoints().All() {
			add(point.Exemplars())
		}
	}
	return places
}
