{{/* What envproxy is told; the token comes from its Secret and stands nowhere else. */}}
{{- define "envproxy.environment" -}}
- name: CEMANAGER_ACCESS_URL
  value: {{ required "Set cemanager.accessURL: where CoderAdmin answers, for example https://coder.example.com" .Values.cemanager.accessURL | trimSuffix "/" | quote }}
- name: CEMANAGER_TOKEN
  valueFrom:
    secretKeyRef:
      name: {{ include "envproxy.secretName" . | quote }}
      key: token
- name: ENVPROXY_ACCESS_URL
  value: {{ include "envproxy.accessURL" . | quote }}
- name: TERMINATION_GRACE_SECONDS
  value: {{ .Values.envproxy.terminationGracePeriodSeconds | quote }}
- name: CLUSTER_ADDRESS
  value: {{ required "Set envproxy.clusterAddress: the Kubernetes API of this cluster, for example https://10.0.0.1:6443" .Values.envproxy.clusterAddress | trimSuffix "/" | quote }}
- name: CLUSTER_DOMAIN_SUFFIX
  value: {{ .Values.clusterDomainSuffix | quote }}
- name: NAMESPACE
  valueFrom:
    fieldRef:
      fieldPath: metadata.namespace
- name: SSH_ENABLED
  value: {{ .Values.ssh.enable | quote }}
- name: STORAGE_CLASS
  value: {{ .Values.storageClassName | quote }}
- name: DEVURL_HOST
  value: {{ .Values.devurls.host | quote }}
- name: ENVIRONMENT_SA_NAME
  value: {{ include "environments.serviceAccountName" . | quote }}
- name: CHART_VERSION
  value: {{ .Chart.Version | quote }}
{{- range $form, $target := .Values.logging }}
- name: LOGGING_{{ upper $form }}
  value: {{ $target | quote }}
{{- end }}
{{- with .Values.certs.secret }}
{{- if .name }}
- name: EXTRA_CA_FILE
  value: {{ printf "/etc/envproxy/certs/%s" (required "Set certs.secret.key: which key of the Secret holds the certificates." .key) | quote }}
{{- end }}
{{- end }}
{{- end }}
