{{- define "envproxy.selector" -}}
app.kubernetes.io/name: envproxy
app.kubernetes.io/instance: {{ .Release.Name }}
{{- end }}

{{- define "envproxy.labels" -}}
{{ include "envproxy.selector" . }}
app.kubernetes.io/component: workspace-provider
app.kubernetes.io/part-of: coderadmin
app.kubernetes.io/version: {{ .Chart.AppVersion | quote }}
app.kubernetes.io/managed-by: {{ .Release.Service }}
helm.sh/chart: {{ printf "%s-%s" .Chart.Name .Chart.Version | replace "+" "_" }}
{{- end }}

{{/* What developers' environments run as; it has no rights. */}}
{{- define "environments.serviceAccountName" -}}
{{ printf "%s-environments" (.Release.Name | trunc 50 | trimSuffix "-") }}
{{- end }}

{{/* With exactly one /proxy at the end, whether the value has it or not; the port is kept. */}}
{{- define "envproxy.accessURL" -}}
{{- $url := .Values.envproxy.accessURL -}}
{{- if not $url -}}
{{- $host := required "Set envproxy.accessURL, or ingress.host from which it is made." .Values.ingress.host -}}
{{- $url = printf "%s://%s" (ternary "https" "http" .Values.ingress.tls.enable) $host -}}
{{- end -}}
{{ $url | trimSuffix "/" | trimSuffix "/proxy" | trimSuffix "/" }}/proxy
{{- end }}

{{/* An Ingress rule knows no port; envproxy gets the host with it. */}}
{{- define "ingress.hostWithoutPort" -}}
{{ regexReplaceAll ":[0-9]+$" . "" }}
{{- end }}

{{- define "envproxy.secretName" -}}
{{ .Values.envproxy.existingSecret | default "envproxy-token" }}
{{- end }}

{{/*
The token of this release, in base64, or nothing with an existing Secret. An upgrade that says nothing about the token
keeps the one in the cluster; a first installation without any is refused.
*/}}
{{- define "envproxy.tokenBase64" -}}
{{- if and .Values.envproxy.token .Values.envproxy.existingSecret -}}
{{ fail "Set envproxy.token or envproxy.existingSecret, not both." }}
{{- else if .Values.envproxy.token -}}
{{ .Values.envproxy.token | b64enc }}
{{- else if not .Values.envproxy.existingSecret -}}
{{- $kept := lookup "v1" "Secret" .Release.Namespace "envproxy-token" | default dict -}}
{{ required "Set envproxy.token (or envproxy.existingSecret): this namespace has no envproxy-token Secret whose token could be kept." (dig "data" "token" "" $kept) }}
{{- end -}}
{{- end }}
