#!/bin/bash
# usage: build.sh [kube-proxy | userspace | releases [1.NN...] | api | coredns]
# Builds what is missing or older than its sources into bin/: oracle (the newest
# release), oracle-1.25 ... oracle-1.36, userspace; api: kube-apiserver,
# kube-controller-manager, kube-proxy, stages, kubeletenv, kubeletdns, kubectl if
# there is none on PATH;
# coredns. Without arguments: the first and all releases. Needs Go; module
# downloads go through the usual proxy.
set -euo pipefail
cd "$(dirname "$0")"
mkdir -p bin

build() { # NAME MODULE[:PACKAGE] SOURCES... (the module and what it imports beside it)
  local name=$1 module=${2%%:*} package=.
  [ "$2" = "$module" ] || package=${2#*:}
  shift 2
  if [ -x "bin/$name" ] && [ -z "$(find "$@" -type f -newer "bin/$name" \( -name '*.go' -o -name 'go.*' \))" ]; then
    return
  fi
  local start=$SECONDS
  (cd "$module" && go build -ldflags=-checklinkname=0 -o "$OLDPWD/bin/$name" "$package")
  echo "built $name in $((SECONDS - start)) s" >&2
}

kube_proxy() { build oracle kube-proxy kube-proxy; }
userspace() { build userspace releases/userspace1.25 releases/userspace1.25 releases/common; }
releases() {
  [ $# -gt 0 ] || set -- $(ls -d releases/r1.* | sed 's#releases/r##' | sort -V)
  for v in "$@"; do build "oracle-$v" "releases/r$v" "releases/r$v" releases/common releases/commonipvs; done
}
api() {
  local command
  build stages api api/*.go api/go.mod
  build kubeletenv api:./kubeletenv api/kubeletenv api/go.mod
  build kubeletdns api:./kubeletdns api/kubeletdns api/go.mod
  for command in kube-apiserver kube-controller-manager kube-proxy kubectl; do
    [ $command != kubectl ] || ! command -v kubectl >/dev/null || continue
    build $command "api:k8s.io/kubernetes/cmd/$command" api/go.mod
  done
}
coredns() { build coredns api/coredns api/coredns; }

case ${1:-all} in
  all) kube_proxy && releases ;;
  kube-proxy) kube_proxy ;;
  userspace) userspace ;;
  api) api ;;
  coredns) coredns ;;
  releases) shift && releases "$@" ;;
  *) sed -n '2,8s/^# //p' "$0" >&2 && exit 2 ;;
esac
