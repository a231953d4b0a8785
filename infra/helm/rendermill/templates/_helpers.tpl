{{- define "rendermill.fullname" -}}
{{- if contains "rendermill" .Release.Name }}{{ .Release.Name | trunc 50 | trimSuffix "-" }}{{ else }}{{ printf "%s-rendermill" .Release.Name | trunc 50 | trimSuffix "-" }}{{ end }}
{{- end }}

{{- define "rendermill.labels" -}}
app.kubernetes.io/name: rendermill
app.kubernetes.io/instance: {{ .Release.Name }}
app.kubernetes.io/version: {{ .Chart.AppVersion | quote }}
app.kubernetes.io/managed-by: {{ .Release.Service }}
helm.sh/chart: {{ printf "%s-%s" .Chart.Name .Chart.Version }}
{{- end }}

{{/* Takes a list: the root, and the component. */}}
{{- define "rendermill.selector" -}}
app.kubernetes.io/name: rendermill
app.kubernetes.io/instance: {{ (index . 0).Release.Name }}
app.kubernetes.io/component: {{ index . 1 }}
{{- end }}

{{- define "rendermill.serviceAccount" -}}
{{- default (ternary (include "rendermill.fullname" .) "default" .Values.serviceAccount.create) .Values.serviceAccount.name }}
{{- end }}

{{- define "rendermill.image" -}}
{{ .Values.image.repository }}:{{ default .Chart.AppVersion .Values.image.tag }}
{{- end }}

{{- define "rendermill.podSecurity" -}}
runAsNonRoot: true
runAsUser: 1000
runAsGroup: 1000
fsGroup: 1000
fsGroupChangePolicy: OnRootMismatch
seccompProfile:
  type: RuntimeDefault
{{- end }}

{{- define "rendermill.containerSecurity" -}}
allowPrivilegeEscalation: false
readOnlyRootFilesystem: true
capabilities:
  drop: [ALL]
{{- end }}

{{/* What API and workers read alike. */}}
{{- define "rendermill.environment" -}}
- name: RENDERMILL_DATA_DIR
  value: /data
{{- if .Values.config }}
- name: RENDERMILL_CONFIG
  value: /etc/rendermill/config.json
{{- end }}
{{- range $name, $value := .Values.env }}
- name: {{ $name }}
  value: {{ $value | quote }}
{{- end }}
{{- end }}

{{- define "rendermill.configVolume" -}}
- name: config
  configMap:
    name: {{ include "rendermill.fullname" . }}
{{- end }}

{{- define "rendermill.configMount" -}}
- name: config
  mountPath: /etc/rendermill
  readOnly: true
{{- end }}

{{/* A change of the configuration starts the pods anew: it is read once. */}}
{{- define "rendermill.configSum" -}}
checksum/config: {{ toJson .Values.config | sha256sum }}
{{- end }}

{{/* Takes a list: the root, and the component. Spread over machines, softly. */}}
{{- define "rendermill.spread" -}}
- maxSkew: 1
  topologyKey: kubernetes.io/hostname
  whenUnsatisfiable: ScheduleAnyway
  labelSelector:
    matchLabels:
      {{- include "rendermill.selector" . | nindent 6 }}
{{- end }}
