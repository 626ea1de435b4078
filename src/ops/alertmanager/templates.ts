/**
 * The texts of messages: how urgent, which service, what it means, since when, what to do,
 * and links. In Go's template language, as Alertmanager 0.25 has it.
 */
export const templateText = `{{/* Texts of messages. Written by telltale ops. */}}

{{ define "telltale.title" -}}
[{{ if eq .Status "firing" }}{{ .CommonLabels.severity | toUpper }}{{ else }}RESOLVED{{ end }}] {{ or .CommonLabels.service .CommonLabels.instance .CommonLabels.team }}: {{ .CommonLabels.alertname }}{{ if gt (len .Alerts) 1 }} ({{ len .Alerts }}){{ end }}
{{- end }}

{{ define "telltale.color" -}}
{{ if ne .Status "firing" }}good{{ else if match "critical|page" .CommonLabels.severity }}danger{{ else if eq .CommonLabels.severity "info" }}#439fe0{{ else }}warning{{ end }}
{{- end }}

{{/* The runbook, or the list of alerts in Alertmanager. */}}
{{ define "telltale.link" -}}
{{ or .CommonAnnotations.runbook_url .ExternalURL }}
{{- end }}

{{/* Opens the form of a silence, for all alerts of the message. */}}
{{ define "telltale.silence" -}}
{{ .ExternalURL }}/#/silences/new?filter=%7B{{ range $index, $label := .GroupLabels.SortedPairs }}{{ if $index }}%2C%20{{ end }}{{ $label.Name }}%3D%22{{ $label.Value | urlquery }}%22{{ end }}%7D
{{- end }}

{{ define "telltale.slack" -}}
{{ range .Alerts -}}
*{{ .Annotations.summary }}*
{{ if .Annotations.description }}{{ .Annotations.description }}
{{ end }}{{ if .Annotations.action }}*What to do:* {{ .Annotations.action }}
{{ end }}Since {{ .StartsAt.UTC.Format "2006-01-02 15:04" }} UTC{{ if eq .Status "resolved" }}, until {{ .EndsAt.UTC.Format "15:04" }} UTC{{ end }}
{{ if .Annotations.runbook_url }}<{{ .Annotations.runbook_url }}|Runbook>  {{ end }}{{ if .Annotations.dashboard_url }}<{{ .Annotations.dashboard_url }}|Dashboard>  {{ end }}{{ if .Annotations.traces_url }}<{{ .Annotations.traces_url }}|Traces>  {{ end }}{{ if .Annotations.logs_url }}<{{ .Annotations.logs_url }}|Log lines>  {{ end }}{{ if .Annotations.errors_url }}<{{ .Annotations.errors_url }}|Errors>  {{ end }}<{{ .GeneratorURL }}|Query>
{{ end -}}
{{ if eq .Status "firing" }}<{{ template "telltale.silence" . }}|Silence>{{ end }}
{{- end }}

{{ define "telltale.text" -}}
{{ range .Alerts -}}
{{ .Annotations.summary }}
{{ if .Annotations.description }}{{ .Annotations.description }}
{{ end }}{{ if .Annotations.action }}What to do: {{ .Annotations.action }}
{{ end }}Since {{ .StartsAt.UTC.Format "2006-01-02 15:04" }} UTC{{ if eq .Status "resolved" }}, until {{ .EndsAt.UTC.Format "15:04" }} UTC{{ end }}
{{ if .Annotations.runbook_url }}Runbook: {{ .Annotations.runbook_url }}
{{ end }}{{ if .Annotations.dashboard_url }}Dashboard: {{ .Annotations.dashboard_url }}
{{ end }}{{ if .Annotations.traces_url }}Traces: {{ .Annotations.traces_url }}
{{ end }}{{ if .Annotations.logs_url }}Log lines: {{ .Annotations.logs_url }}
{{ end }}{{ if .Annotations.errors_url }}Errors: {{ .Annotations.errors_url }}
{{ end }}Query: {{ .GeneratorURL }}

{{ end -}}
{{ if eq .Status "firing" }}Silence: {{ template "telltale.silence" . }}{{ end }}
{{- end }}

{{ define "telltale.html" -}}
<!doctype html>
<html><body style="font-family: sans-serif">
<h2>{{ template "telltale.title" . }}</h2>
{{ range .Alerts -}}
<p><b>{{ .Annotations.summary }}</b><br>
{{ if .Annotations.description }}{{ .Annotations.description }}<br>
{{ end }}{{ if .Annotations.action }}<b>What to do:</b> {{ .Annotations.action }}<br>
{{ end }}Since {{ .StartsAt.UTC.Format "2006-01-02 15:04" }} UTC{{ if eq .Status "resolved" }}, until {{ .EndsAt.UTC.Format "15:04" }} UTC{{ end }}<br>
{{ if .Annotations.runbook_url }}<a href="{{ .Annotations.runbook_url }}">Runbook</a> {{ end }}{{ if .Annotations.dashboard_url }}<a href="{{ .Annotations.dashboard_url }}">Dashboard</a> {{ end }}{{ if .Annotations.traces_url }}<a href="{{ .Annotations.traces_url }}">Traces</a> {{ end }}{{ if .Annotations.logs_url }}<a href="{{ .Annotations.logs_url }}">Log lines</a> {{ end }}{{ if .Annotations.errors_url }}<a href="{{ .Annotations.errors_url }}">Errors</a> {{ end }}<a href="{{ .GeneratorURL }}">Query</a></p>
{{ end -}}
{{ if eq .Status "firing" }}<p><a href="{{ template "telltale.silence" . }}">Silence</a></p>{{ end }}
</body></html>
{{- end }}
`;
